/**
 * The axes while the view moves. Plotly takes 20 ms and more to draw them, and draws them when the view has come to
 * rest; until then the same ticks, lines and labels stand behind the items, on their canvas.
 */

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

/**
 * Draws the axes behind what a canvas has.
 * @param {HTMLCanvasElement} canvas   @param {import("./viewport").View} view   @param {import("../component/types").Theme} theme
 */
export function drawAxes(canvas, view, theme) {
  const ctx = canvas.getContext("2d"), ratio = devicePixelRatio || 1, { l, t } = MARGIN, { plotWidth, plotHeight, ranges } = view;
  // Whole pixels of the screen, as Plotly's crisp lines: those whose middle is within the line's width.
  const lineAt = (at, width) => { const first = Math.ceil((at - width / 2) * ratio - 0.5); return [first / ratio, Math.ceil((at + width / 2) * ratio - 0.5) / ratio - first / ratio]; };
  ctx.save();
  ctx.globalCompositeOperation = "destination-over";
  ctx.font = `${FONT}px ${theme.mono}`;
  ctx.fillStyle = theme.grid;
  ctx.fillRect(l - 1, t, 1, plotHeight + 1);
  ctx.fillRect(l, t + plotHeight, plotWidth, 1);
  const columns = ticksOf(ranges.x).map((value) => ({ value, at: view.toPixel(value, 0)[0] }));
  const rows = ticksOf(ranges.y).map((value) => ({ value, at: view.toPixel(0, value)[1] }));
  for (const { value, at } of columns) { const [left, width] = lineAt(at, value ? 1 : 2); ctx.fillRect(left, t, width, plotHeight); }
  for (const { value, at } of rows) { const [top, height] = lineAt(at, value ? 1 : 2); ctx.fillRect(l, top, plotWidth, height); }
  ctx.fillStyle = theme.text;
  ctx.textAlign = "center";
  for (const { value, at } of columns) ctx.fillText(labelOf(value), at, t + plotHeight + BELOW);
  ctx.textAlign = "right";
  for (const { value, at } of rows) ctx.fillText(labelOf(value), l - BESIDE, at + BASELINE);
  ctx.restore();
}
