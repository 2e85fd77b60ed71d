/** The memory of a decoder: blocks of float32 numbers in one buffer, laid out before the buffer exists. */

/** A run of numbers. @typedef {{ at: number, size: number, array: Float32Array }} Block `at`: its first byte */

export class Blocks {
  /** @type {(Block & { fill: ((array: Float32Array) => void) | null })[]} */ blocks = [];

  /** @param {number} start the first free byte */
  constructor(start = 0) { this.end = start + (-start & 15); }

  /**
   * A block of `size` numbers, 0 where `fill` does not write. It starts at a multiple of 16 bytes and has room for a
   * whole number of vectors.
   * @param {number} size   @param {((array: Float32Array) => void) | null} [fill]
   */
  block(size, fill = null) {
    const block = { at: this.end, size, array: null, fill };
    this.blocks.push(block);
    this.end += 16 * Math.ceil(size / 4);
    return block;
  }

  /** Gives every block its numbers. @param {ArrayBuffer} buffer at least `end` bytes, all 0 */
  bind(buffer) {
    for (const block of this.blocks) {
      block.array = new Float32Array(buffer, block.at, block.size);
      block.fill?.(block.array);
      block.fill = null; // what it was filled from may go
    }
  }
}
