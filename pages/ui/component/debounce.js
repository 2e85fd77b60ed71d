/** A message that waits for a pause, so that dragging and typing do not flood Python. */
export class Debouncer {
  timer = null;

  /** @param {() => void} send builds the message when it is called and sends it */
  constructor(send) { this.send = send; }

  /** Sends after a delay in milliseconds; at once for 0. A message that still waits is replaced. */
  schedule(delay) {
    this.cancel();
    if (delay === 0) this.send();
    else this.timer = setTimeout(() => { this.timer = null; this.send(); }, delay);
  }

  /** Sends now what still waits. */
  flush() { if (this.timer) this.schedule(0); }

  cancel() {
    clearTimeout(this.timer);
    this.timer = null;
  }
}
