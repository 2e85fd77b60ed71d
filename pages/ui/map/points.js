/**
 * The items of a map as marks on a 2-D canvas, without WebGL, which many machines lack: marks are blended into the
 * pixels of one image, which takes about 1 ms for 10,000 items and is several times as fast as drawImage.
 */

import { sharpContext } from "../component/canvas.js";
import { element } from "../component/element.js";
import { MARGIN } from "./viewport.js";

/** @typedef {{ shape: string, colour: string, opacity: number }} Mark an SVG path in a box of 12, a CSS colour */

const BOX = 1.2; // of a mark's outline, in its size
// "a over b" on pixels that are not premultiplied, for all pairs of alphas: their alpha, and the weight of a in 256.
const ALPHA = new Uint8Array(65536), WEIGHT = new Uint16Array(65536);
for (let a = 0; a < 256; a++) {
  for (let b = 0; b < 256; b++) {
    const both = a + b - a * b / 255;
    ALPHA[a << 8 | b] = Math.round(both);
    WEIGHT[a << 8 | b] = both && Math.round(256 * a / both);
  }
}

export class PointLayer {
  covers = new Map(); // alphas of a shape by its outline and side

  constructor(canvas) { this.canvas = canvas; }

  /** @param {import("./items").Items} items   drawn in random order, so that no class lies on top of the others */
  setItems({ codes, labels, latentSize, count }) {
    const order = this.order = shuffled(count);
    this.x = Float32Array.from(order, (i) => codes[i * latentSize]);
    this.y = Float32Array.from(order, (i) => codes[i * latentSize + 1]);
    this.labels = Uint8Array.from(order, (i) => labels[i]);
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
      this.pixels = new Uint32Array(this.image.data.buffer);
    } else this.pixels.fill(0);
    const { x: [x0], y: [, y1] } = view.ranges, scale = ratio / view.unit, { x, y, labels, mask, pixels } = this;
    const dx = side / 2 - x0 * scale, dy = side / 2 + y1 * scale;
    for (const within of mask ? [0, 1] : [1]) {
      const stamps = Array.from({ length: classes }, (_, label) => this.stamp(markOf(label, within), side, width));
      for (let i = 0; i < x.length; i++) {
        const stamp = stamps[labels[i]];
        if (!stamp || (mask && mask[i] !== within)) continue;
        const column = Math.round(x[i] * scale + dx), row = Math.round(dy - y[i] * scale);
        if (column >= 0 && row >= 0 && column <= width - side && row <= height - side) blend(pixels, row * width + column, stamp);
      }
    }
    ctx.putImageData(this.image, left - side, top - side, side, side, right - left, bottom - top);
  }

  /** The pixels of a mark in an image of some width, or null. */
  stamp(mark, side, width) {
    if (!mark) return null;
    const key = `${side} ${mark.shape}`;
    if (!this.covers.has(key)) this.covers.set(key, drawn(side, (ctx) => { ctx.scale(side / 12, side / 12); ctx.fill(new Path2D(mark.shape)); }));
    return stampOf(this.covers.get(key), rgb(mark.colour), mark.opacity, side, width);
  }
}

/** Colour (0xBBGGRR), offsets and alphas of a mark's pixels. @param {Uint8ClampedArray} cover RGBA of side x side pixels */
export function stampOf(cover, colour, opacity, side, width) {
  const inside = Array.from({ length: side * side }, (_, k) => k).filter((k) => Math.round(opacity * cover[4 * k + 3]));
  return {
    colour, offsets: Int32Array.from(inside, (k) => Math.floor(k / side) * width + k % side),
    alphas: Uint8Array.from(inside, (k) => Math.round(opacity * cover[4 * k + 3])),
  };
}

/** Blends a mark over pixels 0xAABBGGRR, red with blue in one multiplication. */
export function blend(pixels, at, { colour, offsets, alphas }) {
  const redBlue = colour & 0xff00ff, green = colour & 0xff00;
  for (let k = 0; k < offsets.length; k++) {
    const p = at + offsets[k], under = pixels[p], pair = alphas[k] << 8 | under >>> 24, w = WEIGHT[pair];
    pixels[p] = (ALPHA[pair] << 24
      | ((redBlue * w + (under & 0xff00ff) * (256 - w)) >>> 8) & 0xff00ff
      | ((green * w + (under & 0xff00) * (256 - w)) >>> 8) & 0xff00) >>> 0;
  }
}

/** The numbers below n in an order that is random but always the same. */
function shuffled(n) {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1, random = 1; i > 0; i--) {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    const j = Math.floor(random / 2 ** 32 * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** RGBA of side x side pixels of a small drawing. */
function drawn(side, draw) {
  const ctx = element("canvas", { width: side, height: side }).getContext("2d", { willReadFrequently: true });
  draw(ctx);
  return ctx.getImageData(0, 0, side, side).data;
}

const colours = new Map();

/** 0xBBGGRR of a CSS colour. */
function rgb(css) {
  if (!colours.has(css)) {
    const [r, g, b] = drawn(1, (ctx) => { ctx.fillStyle = css; ctx.fillRect(0, 0, 1, 1); });
    colours.set(css, b << 16 | g << 8 | r);
  }
  return colours.get(css);
}
