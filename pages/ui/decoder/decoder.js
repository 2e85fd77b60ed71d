/**
 * Runs a decoder program: the layers and weights of a torch decoder, as vae/export/decoder_program.py writes them.
 *
 * A program is one binary file: uint32 length of the manifest, the manifest (JSON, padded to four
 * bytes), then all weights as float16 or float32. The result equals torch within 1/255 per pixel.
 * It depends on nothing, so it runs in a page, in a worker and in Node.
 *
 * Feature maps are [H, W, C] here (torch: [C, H, W]), so that every convolution is a gather of
 * one contiguous patch followed by the same matrix-vector kernel as a linear layer.
 */

/** y = W x + b for a row-major W [rows, columns]; the inner loop of everything below. */
function affine(weight, bias, x, xAt, y, yAt, rows, columns) {
  let row = 0;
  // Four rows share each load of x.
  for (; row + 3 < rows; row += 4) {
    let a = bias[row], b = bias[row + 1], c = bias[row + 2], d = bias[row + 3];
    let w0 = row * columns, w1 = w0 + columns, w2 = w1 + columns, w3 = w2 + columns;
    for (let i = xAt, end = xAt + columns; i < end; i++) {
      const v = x[i];
      a += weight[w0++] * v; b += weight[w1++] * v; c += weight[w2++] * v; d += weight[w3++] * v;
    }
    y[yAt + row] = a; y[yAt + row + 1] = b; y[yAt + row + 2] = c; y[yAt + row + 3] = d;
  }
  for (; row < rows; row++) {
    let a = bias[row];
    for (let i = 0, w = row * columns; i < columns; i++) a += weight[w++] * x[xAt + i];
    y[yAt + row] = a;
  }
}

/** float16 bits -> Float32Array; number by number where the browser has no Float16Array. */
function halfToFloat(bits) {
  if (typeof Float16Array === "function") {
    return Float32Array.from(new Float16Array(bits.buffer, bits.byteOffset, bits.length));
  }
  const out = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) {
    const h = bits[i], exponent = (h >> 10) & 31, fraction = h & 1023, sign = h & 32768 ? -1 : 1;
    out[i] = exponent === 0 ? sign * fraction * 2 ** -24
      : exponent === 31 ? (fraction ? NaN : sign * Infinity)
      : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  return out;
}

/** Shape of the data between two layers: `size` numbers, as `[height, width, channels]` once reshaped. */
const flat = (size) => ({ size, map: null });
const grid = (height, width, channels) => ({ size: height * width * channels, map: [height, width, channels] });

/** One compiler per layer type: (spec, tensor, shape) -> { shape, run(x) -> y }. Buffers are allocated once. */
const COMPILERS = {
  linear(spec, tensor, shape) {
    expect(shape.size === spec.in, `linear expects ${spec.in} numbers, got ${shape.size}`);
    const weight = tensor(spec.weight, spec.out * spec.in), bias = tensor(spec.bias, spec.out);
    const y = new Float32Array(spec.out);
    return { shape: flat(spec.out), run: (x) => (affine(weight, bias, x, 0, y, 0, spec.out, spec.in), y) };
  },

  silu: (spec, tensor, shape) => elementwise(shape, (v) => v / (1 + Math.exp(-v))),
  relu: (spec, tensor, shape) => elementwise(shape, (v) => (v > 0 ? v : 0)),
  sigmoid: (spec, tensor, shape) => elementwise(shape, (v) => 1 / (1 + Math.exp(-v))),

  layer_norm(spec, tensor, shape) {
    const weight = tensor(spec.weight, shape.size), bias = tensor(spec.bias, shape.size), n = shape.size;
    const y = new Float32Array(n);
    return { shape, run(x) {
      let mean = 0, square = 0;
      for (let i = 0; i < n; i++) mean += x[i];
      mean /= n;
      for (let i = 0; i < n; i++) square += (x[i] - mean) ** 2;
      const scale = 1 / Math.sqrt(square / n + spec.eps);
      for (let i = 0; i < n; i++) y[i] = (x[i] - mean) * scale * weight[i] + bias[i];
      return y;
    } };
  },

  /** x + f(x). */
  residual(spec, tensor, shape) {
    const inner = chain(spec.layers, tensor, shape), y = new Float32Array(shape.size);
    expect(inner.shape.size === shape.size, "a residual branch must keep its size");
    return { shape: inner.shape, run(x) {
      const f = inner.run(x);
      for (let i = 0; i < y.length; i++) y[i] = x[i] + f[i];
      return y;
    } };
  },

  chain: (spec, tensor, shape) => chain(spec.layers, tensor, shape),

  /** [z | e] -> [z, sin(z B^T), cos(z B^T) | e] with B [features, in] and `extra` numbers e. */
  fourier(spec, tensor, shape) {
    const { in: n, features, extra } = spec, b = tensor(spec.weight, features * n);
    expect(shape.size === n + extra, `fourier expects ${n} + ${extra} numbers, got ${shape.size}`);
    const y = new Float32Array(n + 2 * features + extra);
    return { shape: flat(y.length), run(x) {
      for (let i = 0; i < n; i++) y[i] = x[i];
      for (let f = 0; f < features; f++) {
        let phase = 0;
        for (let i = 0; i < n; i++) phase += b[f * n + i] * x[i];
        y[n + f] = Math.sin(phase); y[n + features + f] = Math.cos(phase);
      }
      copy(x, n, y, n + 2 * features, extra);
      return y;
    } };
  },

  /** [h | e] -> [f(h) | e]: f reads the first `width` numbers, the context after them passes through. */
  beside(spec, tensor, shape) {
    const { width } = spec, rest = shape.size - width, inner = chain(spec.layers, tensor, flat(width));
    const y = new Float32Array(inner.shape.size + rest);
    return { shape: flat(y.length), run(x) {
      y.set(inner.run(x));
      copy(x, width, y, inner.shape.size, rest);
      return y;
    } };
  },

  /** [h | e] -> [h, e_1 h, ..., e_E h]. */
  outer(spec, tensor, shape) {
    const { width, extra } = spec, y = new Float32Array(width * (1 + extra));
    expect(shape.size === width + extra, `outer expects ${width} and ${extra} numbers, got ${shape.size}`);
    return { shape: flat(y.length), run(x) {
      copy(x, 0, y, 0, width);
      for (let e = 0, at = width; e < extra; e++) for (let i = 0; i < width; i++) y[at++] = x[width + e] * x[i];
      return y;
    } };
  },

  /** [h | e] -> [h + U z + u | rest of e], z = mean(h) + std(h) * (the first `size` numbers of e). */
  draw(spec, tensor, shape) {
    const { width, size, log_std: [low, high], prior, into } = spec, rest = shape.size - width - size;
    expect(rest >= 0, `a stochastic layer of ${size} + ${width} numbers got only ${shape.size}`);
    const weight = tensor(prior.weight, 2 * size * width), bias = tensor(prior.bias, 2 * size);
    const up = tensor(into.weight, width * size), shift = tensor(into.bias, width);
    const gaussian = new Float32Array(2 * size), z = new Float32Array(size), y = new Float32Array(width + rest);
    return { shape: flat(y.length), run(x) {
      affine(weight, bias, x, 0, gaussian, 0, 2 * size, width);
      for (let i = 0; i < size; i++) {
        z[i] = gaussian[i] + Math.exp(Math.min(high, Math.max(low, gaussian[size + i]))) * x[width + i];
      }
      affine(up, shift, z, 0, y, 0, width, size);
      for (let i = 0; i < width; i++) y[i] += x[i];
      copy(x, width + size, y, width, rest);
      return y;
    } };
  },

  /** Flat numbers in torch's [C, H, W] order -> a [H, W, C] map. */
  reshape(spec, tensor, shape) {
    const [channels, height, width] = spec.shape, y = new Float32Array(shape.size);
    expect(channels * height * width === shape.size, `cannot reshape ${shape.size} numbers to ${spec.shape}`);
    return { shape: grid(height, width, channels), run(x) {
      for (let c = 0, i = 0; c < channels; c++) {
        for (let p = 0; p < height * width; p++, i++) y[p * channels + c] = x[i];
      }
      return y;
    } };
  },

  /** Nearest-neighbour enlargement by a whole factor. */
  upsample(spec, tensor, shape) {
    const [height, width, channels] = shape.map, s = spec.scale;
    const y = new Float32Array(height * s * width * s * channels);
    return { shape: grid(height * s, width * s, channels), run(x) {
      for (let r = 0, at = 0; r < height * s; r++) {
        for (let c = 0; c < width * s; c++) {
          const from = (((r / s) | 0) * width + ((c / s) | 0)) * channels;
          for (let k = 0; k < channels; k++) y[at++] = x[from + k];
        }
      }
      return y;
    } };
  },

  /** 2-D convolution; weight [out, in, k, k] as torch has it. */
  conv(spec, tensor, shape) {
    const { in: cin, out: cout, kernel: k, stride: s, padding: p } = spec;
    const source = tensor(spec.weight, cout * cin * k * k), weight = new Float32Array(source.length);
    for (let o = 0, at = 0; o < cout; o++) {
      for (let tap = 0; tap < k * k; tap++) {
        for (let i = 0; i < cin; i++) weight[at++] = source[(o * cin + i) * k * k + tap];
      }
    }
    const [height, width] = shape.map;
    const rows = Math.floor((height + 2 * p - k) / s) + 1, columns = Math.floor((width + 2 * p - k) / s) + 1;
    const taps = [];
    for (let dy = 0; dy < k; dy++) for (let dx = 0; dx < k; dx++) taps.push([dy - p, dx - p]);
    const phase = { weight, taps, row: 0, column: 0, step: 1 };
    return convolution(shape, cin, cout, rows, columns, s, [phase], tensor(spec.bias, cout));
  },

  /**
   * Transposed convolution; weight [in, out, k, k] as torch has it. Output pixels fall into
   * stride x stride phases; within one phase it is an ordinary convolution with fixed taps.
   */
  conv_transpose(spec, tensor, shape) {
    const { in: cin, out: cout, kernel: k, stride: s, padding: p, output_padding: extra } = spec;
    const source = tensor(spec.weight, cin * cout * k * k), phases = [];
    for (let row = 0; row < s; row++) {
      for (let column = 0; column < s; column++) {
        const taps = [], kernels = [];
        for (let ky = (row + p) % s; ky < k; ky += s) {
          for (let kx = (column + p) % s; kx < k; kx += s) {
            taps.push([(row + p - ky) / s, (column + p - kx) / s]);
            kernels.push(ky * k + kx);
          }
        }
        const weight = new Float32Array(cout * kernels.length * cin);
        for (let o = 0, at = 0; o < cout; o++) {
          for (const tap of kernels) {
            for (let i = 0; i < cin; i++) weight[at++] = source[(i * cout + o) * k * k + tap];
          }
        }
        phases.push({ weight, taps, row, column, step: s });
      }
    }
    const [height, width] = shape.map;
    const rows = (height - 1) * s - 2 * p + k + extra, columns = (width - 1) * s - 2 * p + k + extra;
    return convolution(shape, cin, cout, rows, columns, 1, phases, tensor(spec.bias, cout));
  },
};

/** Gathers, for every output pixel of every phase, one patch [taps, channels] and applies the kernel. */
function convolution(shape, cin, cout, rows, columns, stride, phases, bias) {
  const [height, width, channels] = shape.map;
  expect(channels === cin, `a convolution expects ${cin} channels, got ${channels}`);
  const y = new Float32Array(rows * columns * cout);
  const patch = new Float32Array(Math.max(...phases.map((f) => f.taps.length)) * cin);
  return { shape: grid(rows, columns, cout), run(x) {
    for (const { weight, taps, row, column, step } of phases) {
      const size = taps.length * cin;
      for (let oy = row; oy < rows; oy += step) {
        const top = ((oy - row) / step) * stride;
        for (let ox = column; ox < columns; ox += step) {
          const left = ((ox - column) / step) * stride;
          let at = 0;
          for (const [dy, dx] of taps) {
            const iy = top + dy, ix = left + dx;
            if (iy < 0 || ix < 0 || iy >= height || ix >= width) patch.fill(0, at, at + cin);
            else for (let c = 0, from = (iy * width + ix) * cin; c < cin; c++) patch[at + c] = x[from + c];
            at += cin;
          }
          affine(weight, bias, patch, 0, y, (oy * columns + ox) * cout, cout, size);
        }
      }
    }
    return y;
  } };
}

function copy(x, xAt, y, yAt, count) {
  for (let i = 0; i < count; i++) y[yAt + i] = x[xAt + i];
}

function elementwise(shape, f) {
  const y = new Float32Array(shape.size);
  return { shape, run(x) {
    for (let i = 0; i < y.length; i++) y[i] = f(x[i]);
    return y;
  } };
}

function chain(specs, tensor, shape) {
  const layers = [];
  for (const spec of specs) {
    const compile = COMPILERS[spec.op];
    expect(compile, `unknown layer "${spec.op}": this decoder program is newer than the page, reload it`);
    const layer = compile(spec, tensor, shape);
    layers.push(layer.run);
    shape = layer.shape;
  }
  return { shape, run(x) {
    for (const run of layers) x = run(x);
    return x;
  } };
}

function expect(condition, message) {
  if (!condition) throw new Error(`decoder program: ${message}`);
}

export class Decoder {
  /** Of the manifest: D, E and the image [C, H, W]. */
  latentSize; contextSize; channels; height; width;

  /** @param {ArrayBuffer} buffer one program, as served by the app or embedded in a page */
  constructor(buffer) {
    const length = new DataView(buffer).getUint32(0, true);
    this.manifest = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    const start = 4 + length, { dtype, numbers, latent: latentSize, extra: contextSize, image, layers } = this.manifest;
    const weights = dtype === "float16"
      ? halfToFloat(new Uint16Array(buffer, start, numbers)) : new Float32Array(buffer, start, numbers);
    const tensor = (offset, size) => weights.subarray(offset, offset + size);
    Object.assign(this, { latentSize, contextSize });
    [this.channels, this.height, this.width] = image;
    this.input = new Float32Array(latentSize + contextSize);
    this.network = chain(layers, tensor, flat(latentSize + contextSize));
    expect(this.network.shape.size === this.channels * this.height * this.width,
      `it ends with ${this.network.shape.size} numbers, the image has ${image.join(" x ")}`);
    this.pixels = new Float32Array(this.network.shape.size);
  }

  /**
   * @param {ArrayLike<number>} z code [D]
   * @param {ArrayLike<number>} [context] what follows the code [E]: the label, one-hot, or the
   *   noise of the lower levels; zeros, an unknown label or no noise, where it is left out
   * @returns {Float32Array} pixel means [H, W, C] in [0, 1]; overwritten by the next call
   */
  decode(z, context) {
    const { input, latentSize } = this;
    input.set(z);
    if (context) input.set(context, latentSize);
    else input.fill(0, latentSize);
    const y = this.network.run(input), { channels, pixels } = this, map = this.network.shape.map;
    if (map || channels === 1) { pixels.set(y); return pixels; }
    const area = pixels.length / channels;
    for (let c = 0, i = 0; c < channels; c++) for (let p = 0; p < area; p++) pixels[p * channels + c] = y[i++];
    return pixels;
  }
}
