/**
 * A decoder in a worker. The first message is `{ program, wasm }`, with the compiled WebAssembly or null; each further one is
 * `{ number, z, context }`, and the answer `{ number, pixels, milliseconds }`. `{ failed }` says why there is none.
 */

import { Decoder } from "./decoder.js";
import { kernels } from "./kernels.js";

/** @type {Decoder | null} */
let decoder = null;

onmessage = ({ data }) => {
  try {
    if (data.program) { decoder = new Decoder(data.program, kernels(data.wasm)); return; }
    const start = performance.now(), pixels = decoder.decode(data.z, data.context).slice();
    postMessage({ number: data.number, pixels, milliseconds: performance.now() - start }, { transfer: [pixels.buffer] });
  } catch (error) {
    postMessage({ failed: error.message });
  }
};
