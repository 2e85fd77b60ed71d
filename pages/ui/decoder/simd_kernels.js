/**
 * The arithmetic of a decoder program with WebAssembly SIMD: kernels.wasm, built from kernels.c. Each function does what
 * that of the same name in plain_kernels.js says.
 */

import { Blocks } from "./blocks.js";

const PAGE = 65536; // bytes; WebAssembly's unit of memory
const PANEL = 8; // channels that one pass over a window computes

export class SimdKernels {
  simd = true;

  /** @param {WebAssembly.Module} module the compiled kernels.wasm */
  constructor(module) {
    this.pages = new WebAssembly.Memory({ initial: 1 });
    this.code = /** @type {Record<string, any>} */ (new WebAssembly.Instance(module, { env: { memory: this.pages } }).exports);
    this.memory = new Blocks(this.code.__heap_base.value);
  }

  start() {
    this.pages.grow(Math.ceil(this.memory.end / PAGE));
    this.memory.bind(this.pages.buffer);
  }

  /** In panels of 8 rows, [columns, 8], and a last one of 4 for what is left of 4 rows or fewer; rows that fill a panel up are 0. */
  matrix(rows, columns, value) {
    const left = rows % PANEL, padded = rows - left + (left > PANEL / 2 ? PANEL : left && PANEL / 2);
    return this.memory.block(padded * columns, (array) => {
      for (let first = 0, at = 0; first < rows; first += PANEL) {
        const end = Math.min(first + PANEL, padded);
        for (let column = 0; column < columns; column++) {
          for (let row = first; row < end; row++, at++) if (row < rows) array[at] = value(row, column);
        }
      }
    });
  }

  convolution(x, w, b, y, { xAt, yAt, rows, columns, xDown, xRight, yDown, yRight, height, run, xRow, channels }) {
    this.code.convolution(
      x.at + 4 * xAt, w.at, b.at, y.at + 4 * yAt, rows, columns, xDown, xRight, yDown, yRight, height, run, xRow, channels,
    );
  }

  copyRows(x, y, { xAt, yAt, rows, count, xRow, yRow }) {
    this.code.copy_rows(x.at + 4 * xAt, y.at + 4 * yAt, rows, count, xRow, yRow);
  }

  relu(x, y) { this.code.relu(x.at, y.at, y.size); }
  sigmoid(x, y) { this.code.sigmoid(x.at, y.at, y.size); }
  silu(x, y) { this.code.silu(x.at, y.at, y.size); }
  add(x, f, y) { this.code.add(x.at, f.at, y.at, y.size); }
  layerNorm(x, weight, bias, y, eps) { this.code.layer_norm(x.at, weight.at, bias.at, y.at, y.size, eps); }

  groupNorm(x, weight, bias, y, { channels, groups, eps, moments: [mean, scale] }) {
    this.code.group_norm(x.at, weight.at, bias.at, y.at, mean.at, scale.at, y.size / channels, channels, groups, eps);
  }

  upsample(x, y, { height, width, channels, factor }) { this.code.upsample(x.at, y.at, height, width, channels, factor); }

  pixelShuffle(x, y, { height, width, channels, factor }) {
    this.code.pixel_shuffle(x.at, y.at, height, width, channels, factor);
  }

  transpose(x, y, { channels, area }) { this.code.transpose(x.at, y.at, channels, area); }
}
