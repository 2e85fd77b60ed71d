/**
 * Activations that only the decoders of adopted models have, as functions of one number: too rare, and too cheap beside
 * convolutions, for WebAssembly. Each is made from the layer of a decoder program.
 */

const gelu = (cumulative) => (v) => 0.5 * v * (1 + cumulative(v));

/** erf by the rational approximation of Abramowitz and Stegun 7.1.26, to 1.5e-7. */
function erf(v) {
  const t = 1 / (1 + 0.3275911 * Math.abs(v));
  const tail = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return Math.sign(v) * (1 - tail * Math.exp(-v * v));
}

/** @type {Record<string, (spec: any) => (v: number) => number>} */
export const ACTIVATIONS = {
  clip: ({ low, high }) => (v) => Math.min(high, Math.max(low, v)),
  elu: ({ alpha }) => (v) => (v > 0 ? v : alpha * Math.expm1(v)),
  gelu: () => gelu((v) => erf(v * Math.SQRT1_2)),
  gelu_tanh: () => gelu((v) => Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3))),
  leaky_relu: ({ slope }) => (v) => (v > 0 ? v : slope * v),
  logit: ({ epsilon }) => (v) => {
    const p = Math.min(1 - epsilon, Math.max(epsilon, v));
    return Math.log(p / (1 - p));
  },
  softplus: () => (v) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v))),
  tanh: () => Math.tanh,
};
