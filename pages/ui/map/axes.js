/**
 * The axes while the view moves. Plotly takes 20 ms and more to draw them, and draws them when the view has come to
 * rest; until then this canvas has the same ticks, lines and labels at the same places.
 */

import { sharpContext } from "../component/canvas.js";
import { MARGIN } from "./viewport.js";

const MOST_TICKS = 9, FONT = 11; // CSS pixels
const BASELINE = 0.35 * FONT; // of a text around its middle
const BELOW = 14.2, BESIDE = 3.2; // of the labels, from the axes

/** The multiples of 2, 5 or 10 times a power of ten in a range, at most nine. @param {number[]} range */
export function ticksOf([low, high]) {
  const wanted = (high - low) / MOST_TICKS, power = 10 ** Math.floor(Math.log10(wanted));
  const step = power * [2, 5, 10].find((times) => times * power > wanted);
  const first = Math.ceil(low / step), count = Math.floor(high / step) - first + 1;
  return Array.from({ length: count }, (_, k) => Number(((first + k) * step).toPrecision(12)));
}

export const labelOf = (value) => String(value || 0).replace("-", "−");

export class Axes {
  constructor(canvas) { this.canvas = canvas; }

  /** @param {import("./viewport").View} view   @param {import("../component/types").Theme} theme */
  draw(view, theme) {
    const ctx = sharpContext(this.canvas, view.width, view.height), ratio = devicePixelRatio || 1;
    const { l, t } = MARGIN, { plotWidth, plotHeight, ranges } = view, bottom = t + plotHeight;
    // Whole pixels of the screen, as Plotly's crisp lines: those whose middle is within the line's width.
    const span = (at, width) => { const first = Math.ceil((at - width / 2) * ratio - 0.5); return [first / ratio, Math.ceil((at + width / 2) * ratio - 0.5) / ratio - first / ratio]; };
    ctx.font = `${FONT}px ${theme.mono}`;
    ctx.fillStyle = theme.grid;
    ctx.fillRect(l - 1, t, 1, plotHeight + 1);
    ctx.fillRect(l, bottom, plotWidth, 1);
    for (const value of ticksOf(ranges.x)) {
      const [x] = view.toPixel(value, 0), [left, width] = span(x, value ? 1 : 2);
      ctx.fillStyle = theme.grid; ctx.fillRect(left, t, width, plotHeight);
      ctx.fillStyle = theme.text; ctx.textAlign = "center"; ctx.fillText(labelOf(value), x, bottom + BELOW);
    }
    for (const value of ticksOf(ranges.y)) {
      const [, y] = view.toPixel(0, value), [top, height] = span(y, value ? 1 : 2);
      ctx.fillStyle = theme.grid; ctx.fillRect(l, top, plotWidth, height);
      ctx.fillStyle = theme.text; ctx.textAlign = "right"; ctx.fillText(labelOf(value), l - BESIDE, y + BASELINE);
    }
  }
}
