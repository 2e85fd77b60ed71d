/**
 * One compiler per layer of a decoder program. A compiler lays out the layer's output, its weights and what it needs, and
 * adds the steps that compute the output to `program.steps`.
 *
 * The data between two layers is `{ block, map }`: its numbers, which are an image [height, width, channels] where `map` is
 * not null.
 */

import { ACTIVATIONS } from "./activations.js";
import { axisOfConvolution, axisOfEnlarged, axisOfTransposed } from "./convolution_axis.js";

/**
 * @typedef {{ block: import("./blocks").Block, map: [number, number, number] | null }} Data
 * @typedef {{
 *   kernels: import("./plain_kernels").PlainKernels, steps: (() => void)[], multiplyAdds: number,
 *   tensor: (offset: number, size: number) => Float32Array,
 * }} Program
 */

export function expect(condition, message) {
  if (!condition) throw new Error(`decoder program: ${message}`);
}

/** Compiles layers one after the other. @param {any[]} specs   @param {Program} program   @param {Data} x   @returns {Data} */
export function chain(specs, program, x) {
  for (let i = 0; i < specs.length; i++) {
    const spec = specs[i], next = specs[i + 1];
    expect(LAYERS[spec.op], `unknown layer "${spec.op}": this decoder program is newer than the page, reload it`);
    if (spec.op === "upsample" && next?.op === "conv" && next.stride === 1) {
      x = convolution(next, program, x, axisOfEnlarged(spec.scale));
      i++;
    } else x = LAYERS[spec.op](spec, program, x);
  }
  return x;
}

const NEGLIGIBLE = 25; // exemplars are left out whose weight is e^-this of the largest

const LAYERS = {
  linear(spec, program, x) {
    expect(x.block.size === spec.in, `linear expects ${spec.in} numbers, got ${x.block.size}`);
    const y = flat(program, spec.out);
    affine(spec, program, x.block, y.block);
    return y;
  },

  silu: elementwise("silu"),
  relu: elementwise("relu"),
  sigmoid: elementwise("sigmoid"),

  /** w x + b, with one w and one b for each channel. */
  affine(spec, program, x) {
    const y = like(program, x), channels = x.map ? x.map[2] : x.block.size;
    const weight = constants(program, spec.weight, channels), bias = constants(program, spec.bias, channels);
    return computed(program, y, () => {
      const { array: w } = weight, { array: b } = bias;
      for (let i = 0, c = 0; i < y.block.size; i++, c = c + 1 === channels ? 0 : c + 1) y.block.array[i] = x.block.array[i] * w[c] + b[c];
    });
  },

  layer_norm(spec, program, x) {
    const y = like(program, x), weight = constants(program, spec.weight, x.block.size), bias = constants(program, spec.bias, x.block.size);
    return computed(program, y, (kernels) => kernels.layerNorm(x.block, weight, bias, y.block, spec.eps));
  },

  group_norm(spec, program, x) {
    expect(x.map, "a group normalisation needs an image");
    const y = like(program, x), channels = x.map[2], weight = constants(program, spec.weight, channels);
    const bias = constants(program, spec.bias, channels), moments = [0, 1].map(() => program.kernels.memory.block(channels));
    return computed(program, y, (kernels) => {
      kernels.groupNorm(x.block, weight, bias, y.block, { channels, groups: spec.groups, eps: spec.eps, moments });
    });
  },

  /** x + f(x). */
  residual(spec, program, x) {
    const f = chain(spec.layers, program, x), y = like(program, x);
    expect(f.block.size === x.block.size, "a residual branch must keep its size");
    return computed(program, y, (kernels) => kernels.add(x.block, f.block, y.block));
  },

  chain: (spec, program, x) => chain(spec.layers, program, x),

  /** [z | e] -> [z, sin(z B^T), cos(z B^T) | e] with B [features, in] and `extra` numbers e. */
  fourier(spec, program, { block: x }) {
    const { in: n, features, extra } = spec, y = flat(program, n + 2 * features + extra), b = program.tensor(spec.weight, features * n);
    expect(x.size === n + extra, `fourier expects ${n} + ${extra} numbers, got ${x.size}`);
    return computed(program, y, () => {
      const z = x.array, out = y.block.array;
      copy(z, 0, out, 0, n);
      for (let f = 0; f < features; f++) {
        let phase = 0;
        for (let i = 0; i < n; i++) phase += b[f * n + i] * z[i];
        out[n + f] = Math.sin(phase);
        out[n + features + f] = Math.cos(phase);
      }
      copy(z, n, out, n + 2 * features, extra);
    });
  },

  /**
   * [z | u] -> the detail of real items near the place z + jitter d u, blended: the mean of their codes under a narrow
   * kernel, whose deviation from that under a `wide` one gets its variance back. d is the distance to the `nearest`-th
   * nearest item.
   */
  exemplars(spec, program, { block: x }) {
    const { in: n, size, count, nearest, bandwidth, wide, restore, jitter, epsilon, order } = spec, y = flat(program, size);
    expect(x.size === 2 * n + 1, `exemplars expect ${2 * n + 1} numbers, got ${x.size}`);
    const places = program.tensor(spec.place, count * n), codes = program.tensor(spec.code, count * size);
    const z = new Float32Array(n), squares = new Float32Array(count), narrow = new Float64Array(size), centre = new Float64Array(size);
    return computed(program, y, () => {
      z.set(x.array.subarray(0, n));
      const u = order.map((k) => x.array[n + k]);
      let lowest = nearestSquares(places, z, squares, nearest);
      if (u.some(Boolean)) {
        const distance = jitter * Math.sqrt(lowest.at(-1) - lowest[0]);
        for (let k = 0; k < n; k++) z[k] += distance * u[k];
        lowest = nearestSquares(places, z, squares, nearest);
      }
      const width = bandwidth * 2 ** x.array[2 * n] * (lowest.at(-1) - lowest[0]);
      const blend = (mean, scale) => blendNear(codes, squares, lowest[0], scale + epsilon, mean);
      const gain = blend(narrow, width) ** (-restore / 2);
      blend(centre, wide * width);
      for (let k = 0; k < size; k++) y.block.array[k] = centre[k] + gain * (narrow[k] - centre[k]);
    });
  },

  /** [h | e] -> [f(h) | e]: f reads the first `width` numbers, the context after them passes through. */
  beside(spec, program, { block: x }) {
    const { width } = spec, rest = x.size - width, first = flat(program, width);
    computed(program, first, () => copy(x.array, 0, first.block.array, 0, width));
    const inner = chain(spec.layers, program, first).block, y = flat(program, inner.size + rest);
    return computed(program, y, () => {
      copy(inner.array, 0, y.block.array, 0, inner.size);
      copy(x.array, width, y.block.array, inner.size, rest);
    });
  },

  /** [h | e] -> [h, e_1 h, ..., e_E h]. */
  outer(spec, program, { block: x }) {
    const { width, extra } = spec, y = flat(program, width * (1 + extra));
    expect(x.size === width + extra, `outer expects ${width} and ${extra} numbers, got ${x.size}`);
    return computed(program, y, () => {
      copy(x.array, 0, y.block.array, 0, width);
      for (let e = 0, at = width; e < extra; e++) for (let i = 0; i < width; i++) y.block.array[at++] = x.array[width + e] * x.array[i];
    });
  },

  /** [h | e] -> [h + U z + u | rest of e], z = mean(h) + std(h) * (the first `size` numbers of e). */
  draw(spec, program, { block: x }) {
    const { width, size, log_std: [low, high], prior, into } = spec, rest = x.size - width - size;
    expect(rest >= 0, `a stochastic layer of ${size} + ${width} numbers got only ${x.size}`);
    const [gaussian, z, shift] = [2 * size, size, width].map((count) => program.kernels.memory.block(count)), y = flat(program, width + rest);
    affine(prior, program, x, gaussian);
    program.steps.push(() => {
      for (let i = 0; i < size; i++) {
        z.array[i] = gaussian.array[i] + Math.exp(Math.min(high, Math.max(low, gaussian.array[size + i]))) * x.array[width + i];
      }
    });
    affine(into, program, z, shift);
    return computed(program, y, () => {
      for (let i = 0; i < width; i++) y.block.array[i] = x.array[i] + shift.array[i];
      copy(x.array, width + size, y.block.array, width, rest);
    });
  },

  /** Flat numbers in torch's [C, H, W] order -> a [H, W, C] image. */
  reshape(spec, program, x) {
    const [channels, height, width] = spec.shape, area = height * width, y = image(program, height, width, channels);
    expect(channels * area === x.block.size, `cannot reshape ${x.block.size} numbers to ${spec.shape}`);
    return computed(program, y, (kernels) => kernels.transpose(x.block, y.block, { channels, area }));
  },

  /** A [H, W, C] image -> flat numbers in torch's [C, H, W] order. */
  flatten(spec, program, x) {
    if (!x.map) return x;
    const [height, width, channels] = x.map, y = flat(program, x.block.size);
    return computed(program, y, (kernels) => kernels.transpose(x.block, y.block, { channels: height * width, area: channels }));
  },

  /** Nearest-neighbour enlargement by a whole factor. */
  upsample(spec, program, x) {
    const [height, width, channels] = x.map, factor = spec.scale, y = image(program, height * factor, width * factor, channels);
    return computed(program, y, (kernels) => kernels.upsample(x.block, y.block, { height, width, channels, factor }));
  },

  pixel_shuffle(spec, program, x) {
    const [height, width, all] = x.map, factor = spec.scale, channels = all / factor ** 2;
    const y = image(program, height * factor, width * factor, channels);
    return computed(program, y, (kernels) => kernels.pixelShuffle(x.block, y.block, { height, width, channels, factor }));
  },

  /** 2-D convolution; weight [out, in, k, k] as torch has it. */
  conv: (spec, program, x) => convolution(spec, program, x, axisOfConvolution),

  /** Transposed convolution; weight [in, out, k, k] as torch has it. */
  conv_transpose: (spec, program, x) => convolution(spec, program, x, axisOfTransposed),
};

for (const [name, make] of Object.entries(ACTIVATIONS)) {
  LAYERS[name] = (spec, program, x) => {
    const y = like(program, x), f = make(spec);
    return computed(program, y, () => {
      const from = x.block.array, to = y.block.array;
      for (let i = 0; i < to.length; i++) to[i] = f(from[i]);
    });
  };
}

/** @param {"silu" | "relu" | "sigmoid"} name */
function elementwise(name) {
  return (spec, program, x) => {
    const y = like(program, x);
    return computed(program, y, (kernels) => kernels[name](x.block, y.block));
  };
}

/** A linear layer from the first numbers of a block to another block. */
function affine({ in: columns, out: rows, weight, bias }, program, x, y) {
  const { kernels, tensor } = program, w = tensor(weight, rows * columns), b = constants(program, bias, rows);
  const packed = kernels.matrix(rows, columns, (row, column) => w[row * columns + column]);
  const sizes = { xAt: 0, yAt: 0, rows: 1, columns: 1, xDown: 0, xRight: 0, yDown: 0, yRight: 0, height: 1, run: columns, xRow: 0, channels: rows };
  program.steps.push(() => kernels.convolution(x, packed, b, y, sizes));
  program.multiplyAdds += rows * columns;
}

/**
 * Any convolution: along each axis, output pixels fall into phases with a window of their own (convolution_axis.js). Where
 * a window leaves the image, the image is copied into a larger one of zeros first.
 */
function convolution(spec, program, x, axisOf) {
  const { in: channels, out, kernel: k } = spec, { kernels, tensor } = program, [height, width] = x.map;
  expect(x.map[2] === channels, `a convolution expects ${channels} channels, got ${x.map[2]}`);
  const vertical = axisOf(spec, height), horizontal = axisOf(spec, width);
  const source = tensor(spec.weight, channels * out * k * k), bias = constants(program, spec.bias, out);
  const place = spec.op === "conv" ? (o, i) => o * channels + i : (o, i) => i * out + o;
  const padded = enlarged(program, x, vertical, horizontal), row = padded.map[1] * channels;
  const y = image(program, vertical.size, horizontal.size, out), yRow = horizontal.size * out;
  for (const down of vertical.phases) {
    for (const across of horizontal.phases) {
      const run = across.taps.length * channels, w = kernels.matrix(out, down.taps.length * run, (o, j) => {
        const i = j % channels, taps = across.taps[Math.floor(j / channels) % across.taps.length];
        let sum = 0; // of the weights that meet the same input number
        for (const ky of down.taps[Math.floor(j / run)]) for (const kx of taps) sum += source[(place(o, i) * k + ky) * k + kx];
        return sum;
      });
      const sizes = {
        xAt: (down.first + vertical.before) * row + (across.first + horizontal.before) * channels,
        xDown: down.stride * row, xRight: across.stride * channels, rows: down.count, columns: across.count,
        yAt: down.start * yRow + across.start * out, yDown: down.step * yRow, yRight: across.step * out,
        height: down.taps.length, run, xRow: row, channels: out,
      };
      program.steps.push(() => kernels.convolution(padded.block, w, bias, y.block, sizes));
      program.multiplyAdds += sizes.rows * sizes.columns * sizes.height * run * out;
    }
  }
  return y;
}

/** An image in a larger one of zeros, as two axes need it. */
function enlarged(program, x, { before: top, after: bottom }, { before: left, after: right }) {
  if (!(top || bottom || left || right)) return x;
  const [height, width, channels] = x.map, y = image(program, top + height + bottom, left + width + right, channels), count = width * channels;
  const sizes = { xAt: 0, yAt: (top * y.map[1] + left) * channels, rows: height, count, xRow: count, yRow: y.map[1] * channels };
  return computed(program, y, (kernels) => kernels.copyRows(x.block, y.block, sizes));
}

const flat = (program, size) => ({ block: program.kernels.memory.block(size), map: null });
const image = (program, height, width, channels) => ({ ...flat(program, height * width * channels), map: [height, width, channels] });
const like = (program, { block, map }) => ({ ...flat(program, block.size), map });

/** The output y, with the step that computes it. */
function computed(program, y, step) {
  const { kernels, steps } = program;
  steps.push(() => step(kernels));
  return y;
}

/** Weights as they are stored. */
function constants({ kernels, tensor }, offset, size) {
  const numbers = tensor(offset, size);
  return kernels.memory.block(size, (array) => array.set(numbers));
}

/** Squared distances of places [count, D] from z, and in ascending order the lowest of them. */
function nearestSquares(places, z, squares, nearest) {
  const lowest = new Array(Math.min(nearest, squares.length)).fill(Infinity), last = lowest.length - 1;
  for (let i = 0, at = 0; i < squares.length; i++) {
    let square = 0;
    for (let k = 0; k < z.length; k++) square += (z[k] - places[at++]) ** 2;
    squares[i] = square;
    if (square >= lowest[last]) continue;
    let k = last;
    for (; k > 0 && lowest[k - 1] > square; k--) lowest[k] = lowest[k - 1];
    lowest[k] = square;
  }
  return lowest;
}

/** The mean of codes [count, size] under weights softmax(-squares / width); returns the sum of the squared weights. */
function blendNear(codes, squares, lowest, width, mean) {
  const size = mean.length, end = lowest + NEGLIGIBLE * width;
  let sum = 0, square = 0;
  mean.fill(0);
  for (let i = 0; i < squares.length; i++) {
    if (squares[i] > end) continue;
    const weight = Math.exp((lowest - squares[i]) / width), at = i * size;
    for (let k = 0; k < size; k++) mean[k] += weight * codes[at + k];
    sum += weight;
    square += weight ** 2;
  }
  for (let k = 0; k < size; k++) mean[k] /= sum;
  return square / sum ** 2;
}

function copy(x, xAt, y, yAt, count) {
  for (let i = 0; i < count; i++) y[yAt + i] = x[xAt + i];
}
