/**
 * A decoder in a worker. The first message is its program; each further one is `{ number, z, context }`, and the answer
 * `{ number, pixels, milliseconds }`. `{ failed }` says why there is none.
 */

import { Decoder } from "./decoder.js";
import { kernels, ready } from "./kernels.js";

/** @type {Promise<Decoder> | null} */
let opened = null;

onmessage = async ({ data }) => {
  try {
    opened ??= ready.then(() => new Decoder(data, kernels()));
    const decoder = await opened;
    if (data instanceof ArrayBuffer) return;
    const start = performance.now(), pixels = decoder.decode(data.z, data.context).slice();
    postMessage({ number: data.number, pixels, milliseconds: performance.now() - start }, { transfer: [pixels.buffer] });
  } catch (error) {
    postMessage({ failed: error.message });
  }
};
