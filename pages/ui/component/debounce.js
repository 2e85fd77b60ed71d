/** A message that waits for a moment of rest, so that dragging and typing do not flood Python. */
export class Debouncer {
  /** @param send sends what there is to say by then */
  constructor(send) { this.send = send; }

  /** Sends after a delay in milliseconds; at once for 0. What was asked for before is said with it. */
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
