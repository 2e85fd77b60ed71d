/**
 * Convolutions along one axis. Output pixels fall into phases; all pixels of a phase see the input through the same window,
 * and neighbours of a phase see it through windows `stride` apart:
 *
 *   pixel start + n * step, n = 0 ... count - 1, sees input pixels first + n * stride ... + taps.length - 1,
 *   and the kernel's positions taps[w] meet the input pixel w of the window.
 *
 * @typedef {{ start: number, step: number, count: number, stride: number, first: number, taps: number[][] }} Phase
 * @typedef {{ size: number, phases: Phase[], before: number, after: number }} Axis `size` output pixels; zeros that the
 *   windows need `before` and `after` the input
 */

/** @returns {Axis} */
export function axisOfConvolution({ kernel, stride, padding }, input) {
  const size = Math.floor((input + 2 * padding - kernel) / stride) + 1;
  return axis(size, input, 1, () => Array.from({ length: kernel }, (_, k) => [k - padding, k]), stride);
}

/** Transposed: output pixel o = s i - p + k meets input pixel i at the kernel's position k; the phases are the remainders of o by s. */
export function axisOfTransposed({ kernel, stride: s, padding: p, output_padding: extra }, input) {
  const size = (input - 1) * s - 2 * p + kernel + extra;
  const meetings = (start) => Array.from({ length: kernel }, (_, k) => [(start + p - k) / s, k]).filter(([i]) => Number.isInteger(i));
  return axis(size, input, s, meetings);
}

/**
 * A convolution of stride 1 over an input enlarged `factor` times (nearest neighbour), without enlarging it: positions of
 * the kernel that meet copies of one input pixel meet that pixel together, so a 3 x 3 kernel costs 4 products, not 9.
 */
export const axisOfEnlarged = (factor) => ({ kernel, padding }, input) => axis(
  factor * input + 2 * padding - kernel + 1, input, factor,
  (start) => Array.from({ length: kernel }, (_, k) => [Math.floor((start + k - padding) / factor), k]),
);

/** @param {(start: number) => number[][]} meetings pairs [input pixel, position in the kernel] of the output pixel `start` */
function axis(size, input, step, meetings, stride = 1) {
  const phases = [];
  for (let start = 0; start < Math.min(step, size); start++) {
    const met = meetings(start), pixels = met.map(([i]) => i), first = met.length ? Math.min(...pixels) : 0;
    const taps = Array.from({ length: met.length ? Math.max(...pixels) - first + 1 : 1 }, () => /** @type {number[]} */ ([]));
    for (const [i, k] of met) taps[i - first].push(k);
    phases.push({ start, step, count: Math.ceil((size - start) / step), stride, first, taps });
  }
  const last = phases.map(({ first, count, stride: by, taps }) => first + (count - 1) * by + taps.length);
  return { size, phases, before: Math.max(0, ...phases.map(({ first }) => -first)), after: Math.max(0, ...last.map((end) => end - input)) };
}
