/**
 * The items while a region is selected: those inside in their colours, over the others in grey.
 * Plotly takes hundreds of milliseconds to recolour single items, because it uploads all of them again,
 * so its items are hidden meanwhile. Writing pixels is several times as fast as 10,000 calls of drawImage.
 */

import { sharpContext } from "../component/canvas.js";
import { element } from "../component/element.js";
import { shapeOf } from "./scatter.js";
import { MARGIN } from "./viewport.js";

const GREY = 0.32; // opacity of the text colour in the grey; overlapping marks do not get darker

export class HighlightLayer {
  /** Of the cached markers. */
  key = "";
  sets = [];

  constructor(canvas) { this.canvas = canvas; }

  /**
   * @param {import("./viewport").View} view
   * @param {import("../component/types").Theme} theme
   * @param {{ items: import("./items").Items, mask: Uint8Array, hidden: Set<number>, shown: boolean }} scene where `mask`
   *   is 1 for an item inside
   * @param {number} size of a marker in pixels
   */
  draw(view, theme, { items, mask, hidden, shown }, size) {
    const ctx = sharpContext(this.canvas, view.width, view.height), { width, height } = this.canvas;
    const image = ctx.createImageData(width, height), ratio = devicePixelRatio || 1;
    const { codes, labels, latentSize, count } = items, { x: [x0], y: [, y1] } = view.ranges, scale = ratio / view.unit;
    const left = MARGIN.l * ratio, top = MARGIN.t * ratio, right = left + view.plotWidth * ratio, bottom = top + view.plotHeight * ratio;
    const side = Math.ceil(1.2 * size * ratio), half = side / 2, area = { data: image.data, width, left, top, right, bottom };
    for (const within of shown ? [0, 1] : []) {
      const stamps = this.stamps(theme, items.classes.length, side, within, count > 20_000 ? 0.6 : 0.85);
      for (let i = 0, at = 0; i < count; i++, at += latentSize) {
        if (mask[i] !== within || hidden.has(labels[i])) continue;
        const x = Math.round(left + (codes[at] - x0) * scale - half), y = Math.round(top + (y1 - codes[at + 1]) * scale - half);
        if (x > left - side && x < right && y > top - side && y < bottom) blend(stamps[labels[i]], side, x, y, area);
      }
    }
    ctx.putImageData(image, 0, 0);
  }

  /** The markers of all classes, in their colours or in grey; cached until size or theme change. */
  stamps(theme, classes, side, within, opacity) {
    const key = `${theme.ground} ${side} ${opacity} ${classes}`;
    if (this.key !== key) Object.assign(this, { key, sets: [] });
    this.sets[within] ??= Array.from({ length: classes }, (_, k) => ({
      colour: within ? mixed(theme.classes[k % theme.classes.length]) : mixed(theme.ground, theme.text),
      cover: cover(shapeOf(k)[1], side, opacity),
    }));
    return this.sets[within];
  }

  clear() { if (this.canvas.width > 1) Object.assign(this.canvas, { width: 1, height: 1 }); }
}

/** Blends a marker over pixels that are not premultiplied, within the axes. */
function blend({ colour: [r, g, b], cover }, side, x, y, { data, width, left, top, right, bottom }) {
  for (let v = 0, k = 0; v < side; v++) {
    for (let u = 0; u < side; u++, k++) {
      const over = cover[k];
      if (over === 0 || x + u < left || x + u >= right || y + v < top || y + v >= bottom) continue;
      const p = 4 * ((y + v) * width + x + u), under = data[p + 3] / 255 * (1 - over), all = over + under;
      data[p] = (r * over + data[p] * under) / all;
      data[p + 1] = (g * over + data[p + 1] * under) / all;
      data[p + 2] = (b * over + data[p + 2] * under) / all;
      data[p + 3] = 255 * all;
    }
  }
}

const pad = (side) => element("canvas", { width: side, height: side }).getContext("2d", { willReadFrequently: true });

/** Coverage of side x side pixels by a shape, 0 to `opacity`. */
function cover(shape, side, opacity) {
  const ctx = pad(side);
  ctx.scale(side / 12, side / 12);
  ctx.fill(new Path2D(shape));
  const { data } = ctx.getImageData(0, 0, side, side);
  return Float32Array.from({ length: side * side }, (_, i) => opacity * data[4 * i + 3] / 255);
}

/** Red, green and blue of a CSS colour, optionally with ink over it. */
function mixed(colour, ink) {
  const ctx = pad(1);
  ctx.fillStyle = colour;
  ctx.fillRect(0, 0, 1, 1);
  if (ink) { ctx.globalAlpha = GREY; ctx.fillStyle = ink; ctx.fillRect(0, 0, 1, 1); }
  return ctx.getImageData(0, 0, 1, 1).data;
}
