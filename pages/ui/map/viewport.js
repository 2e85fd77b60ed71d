/** The part of the plane that is shown, and the transform between codes and pixels. */

import { sharpContext } from "../component/canvas.js";

export const MARGIN = { l: 38, r: 8, t: 8, b: 24 };
const SPAN = [1e-3, 1e3];

export class View {
  /** Whether it stays as it is. */ fixed = false;

  constructor() {
    this.centre = [0, 0];
    this.span = 8; // units of z along the shorter side, so that a link shows the same on any screen
    this.width = this.height = 1;
  }

  resize(width, height) { [this.width, this.height] = [width, height]; }
  /** Takes over the size of an element on the screen. */
  measure({ clientWidth, clientHeight }) { this.resize(clientWidth, clientHeight); }

  get plotWidth() { return Math.max(1, this.width - MARGIN.l - MARGIN.r); }
  get plotHeight() { return Math.max(1, this.height - MARGIN.t - MARGIN.b); }
  /** Units of z per pixel, equal on both axes, so that the prior is drawn round. */
  get unit() { return this.span / Math.min(this.plotWidth, this.plotHeight); }

  get ranges() {
    const [x, y] = this.centre, w = this.plotWidth * this.unit / 2, h = this.plotHeight * this.unit / 2;
    return { x: [x - w, x + w], y: [y - h, y + h] };
  }

  toPixel(z1, z2) {
    const { x, y } = this.ranges;
    return [MARGIN.l + (z1 - x[0]) / this.unit, MARGIN.t + (y[1] - z2) / this.unit];
  }

  /** The point of the plane at a pixel. @returns {import("../component/types").Point} */
  toPlane(px, py) {
    const { x, y } = this.ranges;
    return [x[0] + (px - MARGIN.l) * this.unit, y[1] - (py - MARGIN.t) * this.unit];
  }

  /** Shows a whole rectangle [z1 min, z1 max, z2 min, z2 max]. */
  fit([x0, x1, y0, y1]) {
    if (this.fixed) return;
    this.centre = [(x0 + x1) / 2, (y0 + y1) / 2];
    const unit = Math.max((x1 - x0) / this.plotWidth, (y1 - y0) / this.plotHeight);
    this.span = unit * Math.min(this.plotWidth, this.plotHeight);
  }

  pan(dx, dy) { if (!this.fixed) this.centre = [this.centre[0] - dx * this.unit, this.centre[1] + dy * this.unit]; }

  /** Zooms by `factor` (above 1: in) around a pixel. */
  zoom(factor, px = this.width / 2, py = this.height / 2) {
    if (this.fixed) return;
    const before = this.toPlane(px, py);
    this.span = Math.min(SPAN[1], Math.max(SPAN[0], this.span / factor));
    const after = this.toPlane(px, py);
    this.centre = this.centre.map((c, i) => c + before[i] - after[i]);
  }

  /** Moves as little as needed to show a code; returns whether the view moved. */
  reveal(z1, z2) {
    if (this.fixed) return false;
    const { x, y } = this.ranges, inset = 24 * this.unit;
    const shift = (v, /** @type {number[]} */ [low, high]) => (v < low + inset ? v - low - inset : v > high - inset ? v - high + inset : 0);
    const dx = shift(z1, x), dy = shift(z2, y);
    this.centre = [this.centre[0] + dx, this.centre[1] + dy];
    return dx !== 0 || dy !== 0;
  }

  /** [centre z1, centre z2, span], short enough for the address bar. */
  toArray() { return [...this.centre, this.span].map((v) => Number(v.toPrecision(5))); }

  fromArray([x, y, span]) { this.centre = [x, y]; this.span = span; }
}

/** Clears a canvas to the view's size at the screen's resolution; drawing is clipped to the axes. */
export function openCanvas(canvas, view) {
  const ctx = sharpContext(canvas, view.width, view.height);
  ctx.beginPath();
  ctx.rect(MARGIN.l, MARGIN.t, view.plotWidth, view.plotHeight);
  ctx.clip();
  return ctx;
}

/** Codes are rounded to four digits, so that map, fields, link and server use the same number. */
export const round = (z) => Array.from(z, (v) => Math.round(v * 1e4) / 1e4 || 0);
