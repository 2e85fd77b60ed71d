/** A decoder that runs in a worker, so that the page never waits for it. */

import { host } from "../component/host.js";

export class WorkerDecoder {
  /** @type {Map<number, (pixels: Float32Array | null) => void>} */ waiting = new Map();
  /** @type {number[]} milliseconds per image, of the last ones */ times = [];
  count = 0;

  /** @param {{ program: ArrayBuffer, wasm: WebAssembly.Module | null }} code   @param {() => void} failed called once if there is no worker, or none that can run the program */
  constructor(code, failed) {
    this.failed = failed;
    try {
      this.worker = host.worker(new URL("./decode_worker.js", import.meta.url).href);
      this.worker.onmessage = ({ data }) => this.take(data);
      this.worker.onerror = () => this.fail();
      this.worker.postMessage(code);
    } catch {
      queueMicrotask(() => this.fail());
    }
  }

  take({ number, pixels, milliseconds, failed }) {
    if (failed) { this.fail(); return; }
    this.times = [...this.times.slice(-15), milliseconds];
    this.waiting.get(number)?.(pixels);
    this.waiting.delete(number);
  }

  /** Pixel means [H, W, C]; null once the worker has ended. @param {number[]} z   @param {Float32Array} [context] */
  decode(z, context) {
    if (!this.worker) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.waiting.set(++this.count, resolve);
      this.worker.postMessage({ number: this.count, z, context });
    });
  }

  fail() {
    if (!this.failed) return;
    const { failed } = this;
    this.close();
    failed();
  }

  close() {
    this.failed = null;
    this.worker?.terminate();
    this.worker = null;
    for (const resolve of this.waiting.values()) resolve(null);
    this.waiting.clear();
  }
}
