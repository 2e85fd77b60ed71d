/**
 * The arithmetic of a decoder program in plain JavaScript: for browsers without WebAssembly SIMD, and to check
 * simd_kernels.js, which has the same functions.
 *
 * Numbers are passed as blocks (blocks.js). Feature maps are [H, W, C] (torch: [C, H, W]), so that every convolution
 * reads a few runs of neighbouring numbers per output pixel and is then the same product as a linear layer.
 */

import { Blocks } from "./blocks.js";

export class PlainKernels {
  memory = new Blocks();
  simd = false;

  /** Makes the memory, once all blocks are laid out. */
  start() { this.memory.bind(new ArrayBuffer(this.memory.end)); }

  /**
   * A matrix [rows, columns] as `convolution` reads it: row after row.
   * @param {(row: number, column: number) => number} value
   */
  matrix(rows, columns, value) {
    return this.memory.block(rows * columns, (array) => {
      for (let row = 0, at = 0; row < rows; row++) for (let column = 0; column < columns; column++) array[at++] = value(row, column);
    });
  }

  /**
   * For rows x columns output pixels: y = W window + b. The window of a pixel is `height` runs of `run` numbers, `xRow`
   * apart, from xAt + row * xDown + column * xRight; its `channels` results go to yAt + row * yDown + column * yRight.
   * W [channels, height * run] is stored as `matrix` says.
   */
  convolution(x, w, b, y, { xAt, yAt, rows, columns, xDown, xRight, yDown, yRight, height, run, xRow, channels }) {
    const patch = this.#patch(height * run);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        let from = xAt + row * xDown + column * xRight;
        for (let h = 0, at = 0; h < height; h++, from += xRow) for (let i = 0; i < run; i++) patch[at++] = x.array[from + i];
        affine(w.array, b.array, patch, y.array, yAt + row * yDown + column * yRight, channels, height * run);
      }
    }
  }

  #window = new Float32Array(0);
  #patch(size) {
    if (this.#window.length < size) this.#window = new Float32Array(size);
    return this.#window;
  }

  /** `rows` rows of `count` numbers each, `xRow` and `yRow` apart. */
  copyRows(x, y, { xAt, yAt, rows, count, xRow, yRow }) {
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < count; i++) y.array[yAt + row * yRow + i] = x.array[xAt + row * xRow + i];
    }
  }

  relu(x, y) { elementwise(x, y, (v) => (v > 0 ? v : 0)); }
  sigmoid(x, y) { elementwise(x, y, (v) => 1 / (1 + Math.exp(-v))); }
  silu(x, y) { elementwise(x, y, (v) => v / (1 + Math.exp(-v))); }

  /** y = x + f */
  add({ array: x }, { array: f }, { array: y }) { for (let i = 0; i < y.length; i++) y[i] = x[i] + f[i]; }

  /** Mean 0 and variance 1 over all numbers, then a weight and a bias for each. */
  layerNorm({ array: x }, { array: weight }, { array: bias }, { array: y }, eps) {
    const [mean, scale] = moments(x, eps, 0, x.length, x.length);
    for (let i = 0; i < y.length; i++) y[i] = (x[i] - mean) * scale * weight[i] + bias[i];
  }

  /** Mean 0 and variance 1 over each group of neighbouring channels, then a weight and a bias per channel. */
  groupNorm({ array: x }, { array: weight }, { array: bias }, { array: y }, { channels, groups, eps }) {
    const width = channels / groups;
    for (let first = 0; first < channels; first += width) {
      const [mean, scale] = moments(x, eps, first, width, channels);
      for (let p = 0; p < x.length; p += channels) {
        for (let c = first; c < first + width; c++) y[p + c] = (x[p + c] - mean) * scale * weight[c] + bias[c];
      }
    }
  }

  /** Nearest-neighbour enlargement of [height, width, channels] by a whole factor. */
  upsample({ array: x }, { array: y }, { height, width, channels, factor }) {
    eachPixel(height * factor, width * factor, (row, column, pixel) => {
      const from = (Math.floor(row / factor) * width + Math.floor(column / factor)) * channels;
      for (let c = 0; c < channels; c++) y[pixel * channels + c] = x[from + c];
    });
  }

  /** [height, width, channels * factor^2] -> [height * factor, width * factor, channels]; the numbers of one channel are neighbours. */
  pixelShuffle({ array: x }, { array: y }, { height, width, channels, factor }) {
    eachPixel(height * factor, width * factor, (row, column, pixel) => {
      const from = (Math.floor(row / factor) * width + Math.floor(column / factor)) * channels * factor ** 2;
      const place = from + (row % factor) * factor + (column % factor);
      for (let c = 0; c < channels; c++) y[pixel * channels + c] = x[place + c * factor ** 2];
    });
  }

  /** [channels, area] -> [area, channels] */
  transpose({ array: x }, { array: y }, { channels, area }) {
    for (let c = 0, i = 0; c < channels; c++) for (let p = 0; p < area; p++) y[p * channels + c] = x[i++];
  }
}

/** y = W x + b for a row-major W [rows, columns]; the inner loop of everything above. */
function affine(weight, bias, x, y, yAt, rows, columns) {
  let row = 0;
  // Four rows share each load of x.
  for (; row + 3 < rows; row += 4) {
    let a = bias[row], b = bias[row + 1], c = bias[row + 2], d = bias[row + 3];
    let w0 = row * columns, w1 = w0 + columns, w2 = w1 + columns, w3 = w2 + columns;
    for (let i = 0; i < columns; i++) {
      const v = x[i];
      a += weight[w0++] * v; b += weight[w1++] * v; c += weight[w2++] * v; d += weight[w3++] * v;
    }
    y[yAt + row] = a; y[yAt + row + 1] = b; y[yAt + row + 2] = c; y[yAt + row + 3] = d;
  }
  for (; row < rows; row++) {
    let a = bias[row];
    for (let i = 0, w = row * columns; i < columns; i++) a += weight[w++] * x[i];
    y[yAt + row] = a;
  }
}

function elementwise({ array: x }, { array: y }, f) { for (let i = 0; i < y.length; i++) y[i] = f(x[i]); }

function eachPixel(rows, columns, visit) {
  for (let row = 0, pixel = 0; row < rows; row++) for (let column = 0; column < columns; column++) visit(row, column, pixel++);
}

/** The mean, and 1 / the standard deviation, of `width` of every `step` numbers, from `first` on. */
function moments(x, eps, first, width, step) {
  const count = width * x.length / step;
  let sum = 0, square = 0;
  for (let p = first; p < x.length; p += step) for (let i = p; i < p + width; i++) sum += x[i];
  const mean = sum / count;
  for (let p = first; p < x.length; p += step) for (let i = p; i < p + width; i++) square += (x[i] - mean) ** 2;
  return [mean, 1 / Math.sqrt(square / count + eps)];
}
