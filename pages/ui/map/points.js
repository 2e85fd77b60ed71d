/**
 * The items of a map as marks on a 2-D canvas, without WebGL, which many machines lack: marks are blended into the
 * pixels of one image, which takes about 1 ms for 10,000 items and is several times as fast as drawImage.
 */

import { sharpContext } from "../component/canvas.js";
import { element } from "../component/element.js";
import { Grid } from "./items.js";
import { MARGIN } from "./viewport.js";

/** @typedef {{ shape: string, colour: string, opacity: number, hollow?: boolean }} Mark an SVG path in a box of 12, a CSS colour, whether only its outline is drawn */

const BOX = 1.2; // of a mark's outline, in its size
export class PointLayer {
  covers = new Map(); // alphas of a shape by its outline and side

  constructor(canvas) { this.canvas = canvas; }

  /**
   * The items are drawn row by row of a grid, which is fast, and in random order within a cell, so that no class lies on top.
   * @param {import("./items").Items} items
   */
  setItems(items) {
    const { codes, labels, latentSize: d, count, classes } = items;
    const mixed = shuffled(count), plane = new Float32Array(2 * count);
    mixed.forEach((i, at) => { plane[2 * at] = codes[d * i]; plane[2 * at + 1] = codes[d * i + 1]; });
    this.order = new Grid(plane, count).points.map((at) => mixed[at]);
    this.x = Float32Array.from(this.order, (i) => codes[d * i]);
    this.y = Float32Array.from(this.order, (i) => codes[d * i + 1]);
    // The kinds of marks: a class of held-out items, after all of these the same of those that were trained on.
    this.labels = Uint16Array.from(this.order, (i) => labels[i] + (items.isHeldOut(i) ? 0 : classes.length));
    this.setMask(null);
  }

  /** @param {Uint8Array | null} mask 1 for an item that is drawn over the others */
  setMask(mask) { this.mask = mask && Uint8Array.from(this.order, (i) => mask[i]); }

  /**
   * @param {import("./viewport").View} view
   * @param {number} size of a mark in CSS pixels
   * @param {(label: number, within: number) => Mark | null} markOf a class, inside or outside the mask; null: not drawn
   * @param {number} classes
   */
  draw(view, size, markOf, classes) {
    const ctx = sharpContext(this.canvas, view.width, view.height), ratio = devicePixelRatio || 1, side = Math.ceil(BOX * size * ratio);
    const left = Math.round(MARGIN.l * ratio), top = Math.round(MARGIN.t * ratio);
    const right = Math.round((MARGIN.l + view.plotWidth) * ratio), bottom = Math.round((MARGIN.t + view.plotHeight) * ratio);
    const width = right - left + 2 * side, height = bottom - top + 2 * side; // with a border for marks that are partly inside
    if (this.image?.width !== width || this.image.height !== height) {
      this.image = ctx.createImageData(width, height);
      this.pixels = new Int32Array(this.image.data.buffer);
      this.last = new Uint16Array(this.pixels.length);
    } else this.pixels.fill(0);
    const { x: [x0], y: [, y1] } = view.ranges, scale = ratio / view.unit, { x, y, labels, mask, pixels, last } = this;
    const dx = side / 2 - x0 * scale + 0.5, dy = side / 2 + y1 * scale + 0.5; // half a pixel, to round by floor
    let drawn = 0;
    for (const within of mask ? [0, 1] : [1]) {
      const marks = Array.from({ length: classes }, (_, label) => markOf(label, within));
      const stamps = [...marks, ...marks.map((mark) => mark && { ...mark, hollow: true })].map((mark) => this.stamp(mark, side, width));
      const opaque = stamps.every((stamp) => !stamp?.kept);
      if (opaque) last.fill(0);
      for (let i = 0; i < x.length; i++) {
        const stamp = stamps[labels[i]];
        if (!stamp || (mask && mask[i] !== within)) continue;
        const column = Math.floor(x[i] * scale + dx), row = Math.floor(dy - y[i] * scale);
        if (column < 0 || row < 0 || column > width - side || row > height - side) continue;
        const at = row * width + column;
        if (opaque) last[at] = labels[i] + 1; else blend(pixels, at, stamp);
        drawn += within;
      }
      // Of opaque marks at the same pixel only the last is seen, which saves most of the work for a million items.
      if (opaque) for (let at = 0; at < last.length; at++) if (last[at]) blend(pixels, at, stamps[last[at] - 1]);
    }
    divide(pixels);
    ctx.putImageData(this.image, left - side, top - side, side, side, right - left, bottom - top);
    this.canvas.dataset.drawn = drawn; // marks that are not grey
  }

  /** The pixels of a mark in an image of some width, or null. */
  stamp(mark, side, width) {
    if (!mark) return null;
    const key = `${side} ${mark.shape} ${mark.hollow}`;
    if (!this.covers.has(key)) this.covers.set(key, sketch(side, (ctx) => {
      const path = new Path2D(mark.shape);
      ctx.scale(side / 12, side / 12);
      if (!mark.hollow) { ctx.fill(path); return; }
      ctx.clip(path);
      ctx.lineWidth = 5; // of which the inner half is seen
      ctx.stroke(path);
    }));
    return stampOf(this.covers.get(key), rgb(mark.colour), mark.opacity, side, width);
  }
}

/**
 * The pixels of a mark in an image of some width: their offsets, what they add (0xAABBGGRR, premultiplied by alpha) and
 * the share in 128 that they leave of what is under them; null for an opaque mark, which has hard edges.
 * @param {Uint8ClampedArray} cover RGBA of side x side pixels   @param {number[]} colour red, green, blue
 */
export function stampOf(cover, colour, opacity, side, width) {
  const share = (k) => (opacity === 1 ? 128 * Math.round(cover[4 * k + 3] / 255) : Math.round(128 * opacity * cover[4 * k + 3] / 255));
  const inside = Array.from({ length: side * side }, (_, k) => k).filter(share);
  return {
    offsets: Int32Array.from(inside, (k) => Math.floor(k / side) * width + k % side),
    added: Int32Array.from(inside, (k) => [...colour, 255].reduce((all, value, byte) => all | Math.floor(value * share(k) / 128) << 8 * byte, 0)),
    kept: opacity === 1 ? null : Uint8Array.from(inside, (k) => 128 - share(k)),
  };
}

/**
 * Blends a mark over premultiplied pixels, two channels in one multiplication. All numbers stay below 2 ** 31, where
 * engines calculate with whole numbers.
 * @param {Int32Array} pixels
 */
export function blend(pixels, at, { offsets, added, kept }) {
  if (!kept) { for (let k = 0; k < offsets.length; k++) pixels[at + offsets[k]] = added[k]; return; }
  for (let k = 0; k < offsets.length; k++) {
    const p = at + offsets[k], under = pixels[p];
    pixels[p] = under === 0 ? added[k] : added[k]
      + ((((under & 0xff00ff) * kept[k] + 0x400040) >> 7) & 0xff00ff)
      + (((((under >>> 8) & 0xff00ff) * kept[k] + 0x400040) >> 7 & 0xff00ff) << 8);
  }
}

const INVERSE = Float64Array.from({ length: 256 }, (_, alpha) => 255 / alpha);

/** Divides premultiplied pixels by their alpha, as ImageData expects them. @param {Int32Array} pixels */
export function divide(pixels) {
  for (let p = 0; p < pixels.length; p++) {
    const pixel = pixels[p], alpha = pixel >>> 24;
    if (alpha === 0 || alpha === 255) continue;
    const by = INVERSE[alpha];
    pixels[p] = alpha << 24 | Math.min(255, (pixel >> 16 & 255) * by) << 16 | Math.min(255, (pixel >> 8 & 255) * by) << 8 | Math.min(255, (pixel & 255) * by);
  }
}

/** The numbers below n in an order that is random but always the same. */
export function shuffled(n) {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1, random = 1; i > 0; i--) {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    const j = Math.floor(random / 2 ** 32 * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** RGBA of side x side pixels of a small drawing. */
function sketch(side, draw) {
  const ctx = element("canvas", { width: side, height: side }).getContext("2d", { willReadFrequently: true });
  draw(ctx);
  return ctx.getImageData(0, 0, side, side).data;
}

const colours = new Map();

/** Red, green and blue of a CSS colour. */
function rgb(css) {
  if (!colours.has(css)) colours.set(css, Array.from(sketch(1, (ctx) => { ctx.fillStyle = css; ctx.fillRect(0, 0, 1, 1); }).subarray(0, 3)));
  return colours.get(css);
}
