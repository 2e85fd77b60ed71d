/** A scale of colours for numbers: viridis, which colour-blind people can read and whose lightness rises evenly. */

const VIRIDIS = ["440154", "482878", "3e4989", "31688e", "26828e", "1f9e89", "35b779", "6ece58", "b5de2b", "fde725"]
  .map((hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)));
const LIGHTEST = 0.86, DARKEST = 0.2; // of the scale, where it still stands out on light and on dark ground

/** The colour at a share of the scale, 0 to 1, without the end that is as light or as dark as the theme's ground. */
export function scaleColour(share, { ink }) {
  const dark = ink[0] + ink[1] + ink[2] > 384; // light text
  const at = (dark ? DARKEST + share * (1 - DARKEST) : share * LIGHTEST) * (VIRIDIS.length - 1);
  const low = Math.min(VIRIDIS.length - 2, Math.floor(at));
  return `rgb(${VIRIDIS[low].map((v, k) => Math.round(v + (at - low) * (VIRIDIS[low + 1][k] - v))).join(", ")})`;
}

/** The whole scale as a CSS gradient. */
export const scaleGradient = (theme) => `linear-gradient(90deg, ${VIRIDIS.map((_, k, all) => scaleColour(k / (all.length - 1), theme)).join(", ")})`;
