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
  return Float32Array.from(bits, (h) => {
    const exponent = (h >> 10) & 31, fraction = h & 1023, sign = h & 32768 ? -1 : 1;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}

/** Shape of the data between two layers: `size` numbers, as `[height, width, channels]` once reshaped. */
const flat = (size) => ({ size, map: null });
const grid = (height, width, channels) => ({ size: height * width * channels, map: [height, width, channels] });

/** A layer that writes numbers of the given shape: `write(x, y)` fills y, which is allocated once. */
function layer(shape, write) {
  const y = new Float32Array(shape.size);
  return { shape, run(x) { write(x, y); return y; } };
}

/** A layer that applies a function to each number. */
const elementwise = (shape, f) => layer(shape, (x, y) => { for (let i = 0; i < y.length; i++) y[i] = f(x[i]); });

/** One compiler per layer type: (spec, tensor, shape) -> { shape, run(x) -> y }. */
const COMPILERS = {
  linear(spec, tensor, shape) {
    expect(shape.size === spec.in, `linear expects ${spec.in} numbers, got ${shape.size}`);
    const weight = tensor(spec.weight, spec.out * spec.in), bias = tensor(spec.bias, spec.out);
    return layer(flat(spec.out), (x, y) => affine(weight, bias, x, 0, y, 0, spec.out, spec.in));
  },

  silu: (spec, tensor, shape) => elementwise(shape, (v) => v / (1 + Math.exp(-v))),
  relu: (spec, tensor, shape) => elementwise(shape, (v) => (v > 0 ? v : 0)),
  sigmoid: (spec, tensor, shape) => elementwise(shape, (v) => 1 / (1 + Math.exp(-v))),

  layer_norm(spec, tensor, shape) {
    const weight = tensor(spec.weight, shape.size), bias = tensor(spec.bias, shape.size), n = shape.size;
    return layer(shape, (x, y) => {
      let mean = 0, square = 0;
      for (let i = 0; i < n; i++) mean += x[i];
      mean /= n;
      for (let i = 0; i < n; i++) square += (x[i] - mean) ** 2;
      const scale = 1 / Math.sqrt(square / n + spec.eps);
      for (let i = 0; i < n; i++) y[i] = (x[i] - mean) * scale * weight[i] + bias[i];
    });
  },

  /** x + f(x). */
  residual(spec, tensor, shape) {
    const inner = chain(spec.layers, tensor, shape);
    expect(inner.shape.size === shape.size, "a residual branch must keep its size");
    return layer(inner.shape, (x, y) => {
      const f = inner.run(x);
      for (let i = 0; i < y.length; i++) y[i] = x[i] + f[i];
    });
  },

  chain: (spec, tensor, shape) => chain(spec.layers, tensor, shape),

  /** [z | e] -> [z, sin(z B^T), cos(z B^T) | e] with B [features, in] and `extra` numbers e. */
  fourier(spec, tensor, shape) {
    const { in: n, features, extra } = spec, b = tensor(spec.weight, features * n);
    expect(shape.size === n + extra, `fourier expects ${n} + ${extra} numbers, got ${shape.size}`);
    return layer(flat(n + 2 * features + extra), (x, y) => {
      copy(x, 0, y, 0, n);
      for (let f = 0; f < features; f++) {
        let phase = 0;
        for (let i = 0; i < n; i++) phase += b[f * n + i] * x[i];
        y[n + f] = Math.sin(phase);
        y[n + features + f] = Math.cos(phase);
      }
      copy(x, n, y, n + 2 * features, extra);
    });
  },

  /** [h | e] -> [f(h) | e]: f reads the first `width` numbers, the context after them passes through. */
  beside(spec, tensor, shape) {
    const { width } = spec, rest = shape.size - width, inner = chain(spec.layers, tensor, flat(width));
    return layer(flat(inner.shape.size + rest), (x, y) => {
      y.set(inner.run(x));
      copy(x, width, y, inner.shape.size, rest);
    });
  },

  /** [h | e] -> [h, e_1 h, ..., e_E h]. */
  outer(spec, tensor, shape) {
    const { width, extra } = spec;
    expect(shape.size === width + extra, `outer expects ${width} and ${extra} numbers, got ${shape.size}`);
    return layer(flat(width * (1 + extra)), (x, y) => {
      copy(x, 0, y, 0, width);
      for (let e = 0, at = width; e < extra; e++) for (let i = 0; i < width; i++) y[at++] = x[width + e] * x[i];
    });
  },

  /** [h | e] -> [h + U z + u | rest of e], z = mean(h) + std(h) * (the first `size` numbers of e). */
  draw(spec, tensor, shape) {
    const { width, size, log_std: [low, high], prior, into } = spec, rest = shape.size - width - size;
    expect(rest >= 0, `a stochastic layer of ${size} + ${width} numbers got only ${shape.size}`);
    const weight = tensor(prior.weight, 2 * size * width), bias = tensor(prior.bias, 2 * size);
    const up = tensor(into.weight, width * size), shift = tensor(into.bias, width);
    const gaussian = new Float32Array(2 * size), z = new Float32Array(size);
    return layer(flat(width + rest), (x, y) => {
      affine(weight, bias, x, 0, gaussian, 0, 2 * size, width);
      for (let i = 0; i < size; i++) {
        z[i] = gaussian[i] + Math.exp(Math.min(high, Math.max(low, gaussian[size + i]))) * x[width + i];
      }
      affine(up, shift, z, 0, y, 0, width, size);
      for (let i = 0; i < width; i++) y[i] += x[i];
      copy(x, width + size, y, width, rest);
    });
  },

  /** Flat numbers in torch's [C, H, W] order -> a [H, W, C] map. */
  reshape(spec, tensor, shape) {
    const [channels, height, width] = spec.shape, area = height * width;
    expect(channels * area === shape.size, `cannot reshape ${shape.size} numbers to ${spec.shape}`);
    return layer(grid(height, width, channels), (x, y) => {
      for (let c = 0, i = 0; c < channels; c++) for (let p = 0; p < area; p++) y[p * channels + c] = x[i++];
    });
  },

  /** Nearest-neighbour enlargement by a whole factor. */
  upsample(spec, tensor, shape) {
    const [height, width, channels] = shape.map, s = spec.scale;
    return layer(grid(height * s, width * s, channels), (x, y) => {
      for (let r = 0, at = 0; r < height * s; r++) {
        for (let c = 0; c < width * s; c++) {
          const from = (((r / s) | 0) * width + ((c / s) | 0)) * channels;
          for (let k = 0; k < channels; k++) y[at++] = x[from + k];
        }
      }
    });
  },

  /** 2-D convolution; weight [out, in, k, k] as torch has it. */
  conv(spec, tensor, shape) {
    const { in: cin, kernel: k, stride, padding: p } = spec, [height, width] = shape.map, taps = [];
    const rows = Math.floor((height + 2 * p - k) / stride) + 1, columns = Math.floor((width + 2 * p - k) / stride) + 1;
    for (let tap = 0; tap < k * k; tap++) taps.push([Math.floor(tap / k) - p, tap % k - p, tap]);
    const phase = { taps, row: 0, column: 0, step: 1 };
    return convolution(spec, tensor, shape, { rows, columns, stride, phases: [phase], kernel: (o, i) => o * cin + i });
  },

  /**
   * Transposed convolution; weight [in, out, k, k] as torch has it. Output pixels fall into
   * stride x stride phases; within one phase it is an ordinary convolution with fixed taps.
   */
  conv_transpose(spec, tensor, shape) {
    const { out: cout, kernel: k, stride: s, padding: p, output_padding: extra } = spec, phases = [];
    for (let row = 0; row < s; row++) {
      for (let column = 0; column < s; column++) {
        const taps = [];
        for (let ky = (row + p) % s; ky < k; ky += s) {
          for (let kx = (column + p) % s; kx < k; kx += s) taps.push([(row + p - ky) / s, (column + p - kx) / s, ky * k + kx]);
        }
        phases.push({ taps, row, column, step: s });
      }
    }
    const [rows, columns] = shape.map.slice(0, 2).map((side) => (side - 1) * s - 2 * p + k + extra);
    return convolution(spec, tensor, shape, { rows, columns, stride: 1, phases, kernel: (o, i) => i * cout + o });
  },
};

/**
 * Gathers, for every output pixel of every phase, one patch [taps, channels] and applies the kernel. A tap is
 * [rows down, columns right, position in a k x k kernel]; `kernel(o, i)` is the place of a kernel in torch's weight.
 */
function convolution(spec, tensor, shape, { rows, columns, stride, phases, kernel }) {
  const { in: cin, out: cout, kernel: k } = spec, [height, width, channels] = shape.map;
  expect(channels === cin, `a convolution expects ${cin} channels, got ${channels}`);
  const source = tensor(spec.weight, cin * cout * k * k), bias = tensor(spec.bias, cout);
  const weights = phases.map(({ taps }) => {
    const weight = new Float32Array(cout * taps.length * cin);
    for (let o = 0, at = 0; o < cout; o++) {
      for (const [, , tap] of taps) for (let i = 0; i < cin; i++) weight[at++] = source[kernel(o, i) * k * k + tap];
    }
    return weight;
  });
  const patch = new Float32Array(Math.max(...phases.map(({ taps }) => taps.length)) * cin);
  return layer(grid(rows, columns, cout), (x, y) => phases.forEach(({ taps, row, column, step }, phase) => {
    for (let oy = row; oy < rows; oy += step) {
      const top = ((oy - row) / step) * stride;
      for (let ox = column; ox < columns; ox += step) {
        const left = ((ox - column) / step) * stride;
        let at = 0;
        for (const [dy, dx] of taps) {
          const iy = top + dy, ix = left + dx;
          if (iy < 0 || ix < 0 || iy >= height || ix >= width) patch.fill(0, at, at + cin);
          else copy(x, (iy * width + ix) * cin, patch, at, cin);
          at += cin;
        }
        affine(weights[phase], bias, patch, 0, y, (oy * columns + ox) * cout, cout, taps.length * cin);
      }
    }
  }));
}

function copy(x, xAt, y, yAt, count) {
  for (let i = 0; i < count; i++) y[yAt + i] = x[xAt + i];
}

function chain(specs, tensor, shape) {
  const layers = [];
  for (const spec of specs) {
    const compile = COMPILERS[spec.op];
    expect(compile, `unknown layer "${spec.op}": this decoder program is newer than the page, reload it`);
    layers.push(compile(spec, tensor, shape));
    ({ shape } = layers.at(-1));
  }
  return { shape, run: (x) => layers.reduce((y, { run }) => run(y), x) };
}

function expect(condition, message) {
  if (!condition) throw new Error(`decoder program: ${message}`);
}

export class Decoder {
  /** Of the manifest: D, E and the image [C, H, W]. */
  latentSize; contextSize; channels; height; width; input;

  /** @param {ArrayBuffer} buffer one program, as served by the app or embedded in a page */
  constructor(buffer) {
    const length = new DataView(buffer).getUint32(0, true), start = 4 + length;
    const manifest = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    const { dtype, numbers, latent: latentSize, extra: contextSize, image, layers } = manifest, [channels, height, width] = image;
    const weights = dtype === "float16"
      ? halfToFloat(new Uint16Array(buffer, start, numbers)) : new Float32Array(buffer, start, numbers);
    const tensor = (offset, size) => weights.subarray(offset, offset + size);
    const network = chain(layers, tensor, flat(latentSize + contextSize)), { size, map } = network.shape;
    expect(size === channels * height * width, `it ends with ${size} numbers, the image has ${image.join(" x ")}`);
    const arrange = map ? null : COMPILERS.reshape({ shape: image }, tensor, network.shape);
    this.run = arrange ? (x) => arrange.run(network.run(x)) : network.run;
    Object.assign(this, { latentSize, contextSize, channels, height, width, input: new Float32Array(latentSize + contextSize) });
  }

  /**
   * @param {ArrayLike<number>} z code [D]
   * @param {ArrayLike<number>} [context] what follows the code [E]: the label, one-hot, or the
   *   noise of the lower levels; zeros, an unknown label or no noise, where it is left out
   * @returns {Float32Array} pixel means [H, W, C] in [0, 1]; overwritten by the next call
   */
  decode(z, context) {
    this.input.set(z);
    if (context) this.input.set(context, this.latentSize);
    else this.input.fill(0, this.latentSize);
    return this.run(this.input);
  }
}
