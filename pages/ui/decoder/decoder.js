/**
 * Runs a decoder program: the layers and weights of a torch decoder, as vae/export/decoder_program.py writes them.
 *
 * A program is one binary file: uint32 length of the manifest, the manifest (JSON, padded to four
 * bytes), then all weights as float16 or float32. The result equals torch within 1/255 per pixel.
 * It runs in a page, in a worker and in Node.
 */

import { chain, expect } from "./layers.js";
import { PlainKernels } from "./plain_kernels.js";

/** float16 bits -> Float32Array; number by number where the browser has no Float16Array. */
function halfToFloat(bits) {
  if (typeof Float16Array === "function") {
    return Float32Array.from(new Float16Array(bits.buffer, bits.byteOffset, bits.length));
  }
  return Float32Array.from(bits, (h) => {
    const exponent = (h >> 10) & 31, fraction = h & 1023, sign = h & 32768 ? -1 : 1;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}

/** Lays a program out in the memory of kernels. @param {ArrayBuffer} buffer   @param {PlainKernels} kernels */
function compile(buffer, kernels) {
  const length = new DataView(buffer).getUint32(0, true), start = 4 + length;
  const manifest = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const { dtype, numbers, latent: latentSize, extra: contextSize, image, layers } = manifest, [channels, height, width] = image;
  const weights = dtype === "float16"
    ? halfToFloat(new Uint16Array(buffer, start, numbers)) : new Float32Array(buffer, start, numbers);
  const tensor = (offset, size) => weights.subarray(offset, offset + size);
  const program = { kernels, tensor, steps: [], multiplyAdds: 0 }, input = kernels.memory.block(latentSize + contextSize);
  let y = chain(layers, program, { block: input, map: null });
  const { size } = y.block;
  expect(size === channels * height * width, `it ends with ${size} numbers, the image has ${image.join(" x ")}`);
  if (!y.map) y = chain([{ op: "reshape", shape: image }], program, y);
  const { steps, multiplyAdds: cost } = program;
  return { latentSize, contextSize, channels, height, width, input, steps, output: y.block, multiplyAdds: cost };
}

/** Of one image of a program. @param {ArrayBuffer} buffer */
export const multiplyAdds = (buffer) => compile(buffer, new PlainKernels()).multiplyAdds;

export class Decoder {
  /** Of the manifest: D, E and the image [C, H, W]. */
  latentSize; contextSize; channels; height; width;

  /**
   * @param {ArrayBuffer} buffer one program, as served by the app or embedded in a page
   * @param {PlainKernels} [kernels] new ones, whose memory is this decoder's alone
   */
  constructor(buffer, kernels = new PlainKernels()) {
    Object.assign(this, compile(buffer, kernels));
    kernels.start();
  }

  /**
   * @param {ArrayLike<number>} z code [D]
   * @param {ArrayLike<number>} [context] what follows the code [E]: the label, one-hot, or the
   *   noise of the lower levels; zeros, an unknown label or no noise, where it is left out
   * @returns {Float32Array} pixel means [H, W, C] in [0, 1]; overwritten by the next call
   */
  decode(z, context) {
    const { array } = this.input;
    array.set(z);
    if (context) array.set(context, this.latentSize);
    else array.fill(0, this.latentSize);
    for (const step of this.steps) step();
    return this.output.array;
  }
}
