/** A layer of a map: items as their small pictures, as many as fit, in frames of their classes' colours. */

import { element } from "../../component/element.js";
import { MARGIN } from "../viewport.js";
import { shuffled } from "../points.js";
import { Atlas } from "./atlas.js";
import { pictureSize, Selection } from "./selection.js";

const FRAME = 2, GAP = 1; // CSS pixels
const AROUND = 0.25; // of the axes' sides: so far around them pictures are loaded before they are in view
const GATHER = 60; // milliseconds in which wanted pictures are gathered for one request
const MOST_SHOWN = 1500;
const FADED = 0.35; // opacity of a picture whose item is not selected

export class Thumbnails {
  /** @type {import("../items").Items} */ items;
  /** @type {Atlas} */ atlas;
  /** @type {Selection | null} */ selection = null;
  /** @type {HTMLCanvasElement} */ canvas;
  /** @type {() => void} */ repaint;
  /** @type {string} which classes the selection is of */ key;
  /** @type {Uint32Array | null} all items, the most important first */ order = null;
  on = false;

  /** @param {HTMLCanvasElement} canvas that the items are drawn on   @param {() => void} repaint called when pictures have come */
  constructor(canvas, repaint) {
    this.canvas = canvas;
    this.repaint = repaint;
    this.note = element("p", { className: "la-scales", role: "status", hidden: true });
    canvas.after(this.note);
  }

  /** @param {import("../items").Items} items */
  setItems(items) {
    const same = this.atlas && items.pictures === this.items.pictures;
    Object.assign(this, { items, selection: null, order: null });
    if (!same) this.atlas = new Atlas(`${items.pictures}/sheet`, this.repaint);
  }

  /** Shows or hides the layer; what did not load is tried again. */
  show(on) {
    if (on && !this.on && this.atlas) this.atlas.error = "";
    this.on = on;
  }

  /**
   * Draws the pictures over the marks of their items.
   * @param {import("../viewport").View} view
   * @param {(label: number, within: number) => import("../points").Mark | null} markOf as for `PointLayer.draw`
   * @param {Uint8Array | null} mask 1 for an item that is not faded
   * @param {string} ground colour
   */
  draw(view, markOf, mask, ground) {
    this.note.hidden = !this.on || !this.atlas.error;
    this.canvas.dataset.thumbnails = "0";
    if (!this.on) return;
    const { items, atlas } = this, [, height, width] = items.image, ratio = devicePixelRatio || 1;
    const size = pictureSize(view, items), aspect = width / height, spacing = (size + 2 * FRAME + GAP) * view.unit;
    const marks = [0, 1].map((within) => items.classes.map((_, label) => markOf(label, within)));
    const near = this.near(view, this.selectionOf(marks[1], aspect), spacing);
    const ctx = this.canvas.getContext("2d");
    const w = Math.round(size * Math.sqrt(aspect) * ratio), h = Math.round(size / Math.sqrt(aspect) * ratio), f = Math.round(FRAME * ratio);
    const edge = (v) => Math.round(v * ratio), scale = ratio / view.unit, { x: [x0], y: [, y1] } = view.ranges;
    const dx = Math.round(MARGIN.l * ratio - x0 * scale - w / 2), dy = Math.round(MARGIN.t * ratio + y1 * scale - h / 2);
    ctx.save();
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.beginPath();
    ctx.rect(edge(MARGIN.l), edge(MARGIN.t), edge(view.plotWidth), edge(view.plotHeight));
    ctx.clip();
    ctx.imageSmoothingEnabled = w < 2 * atlas.width; // pixels stay sharp, as in other pictures of items
    ctx.imageSmoothingQuality = w < atlas.width ? "medium" : "low";
    let shown = 0;
    for (const item of near.shown) {
      const number = items.itemNumber(item);
      if (!atlas.has(number)) continue;
      const within = mask && !mask[item] ? 0 : 1, mark = marks[within][items.labels[item]];
      // All pictures are moved by the same whole pixels: they keep their distances while the map is panned.
      const x = Math.round(items.codes[items.latentSize * item] * scale) + dx, y = Math.round(-items.codes[items.latentSize * item + 1] * scale) + dy;
      this.drawFrame(ctx, x - f, y - f, w + 2 * f, h + 2 * f, mark.colour, ground, number >= items.heldOut);
      if (!within || mark.opacity < FADED) {
        ctx.fillStyle = ground;
        ctx.fillRect(x, y, w, h);
        ctx.globalAlpha = FADED;
      }
      atlas.draw(ctx, number, x, y, w, h);
      ctx.globalAlpha = 1;
      shown++;
    }
    ctx.restore();
    this.canvas.dataset.thumbnails = String(shown);
    this.load(near);
  }

  /** A frame around a picture: closed for an item that was held out, corners for one that was trained on. */
  drawFrame(ctx, x, y, width, height, colour, ground, trainedOn) {
    ctx.fillStyle = colour;
    ctx.fillRect(x, y, width, height);
    if (!trainedOn) return;
    const a = Math.round(width / 3), b = Math.round(height / 3);
    ctx.fillStyle = ground;
    ctx.fillRect(x + a, y, width - 2 * a, height);
    ctx.fillRect(x, y + b, width, height - 2 * b);
  }

  /** The selection among the classes that have a mark. */
  selectionOf(marks, aspect) {
    const key = marks.map(Boolean).join(), { items } = this;
    if (!this.selection || key !== this.key) {
      this.order ??= shuffled(items.count);
      const order = marks.every(Boolean) ? this.order : this.order.filter((i) => marks[items.labels[i]]);
      Object.assign(this, { key, selection: new Selection(items, order, aspect) });
    }
    return this.selection;
  }

  /** The selected items in view, and those around it. */
  near({ ranges }, selection, spacing) {
    const { x: [x0, x1], y: [y0, y1] } = ranges, { codes, latentSize: d } = this.items, count = selection.count(spacing), shown = [], around = [];
    const u = AROUND * (x1 - x0), v = AROUND * (y1 - y0), edge = spacing * Math.max(selection.stretch, 1 / selection.stretch) / 2;
    for (let k = 0; k < count; k++) {
      const item = selection.item(k), x = codes[d * item], y = codes[d * item + 1];
      if (x < x0 - u || x > x1 + u || y < y0 - v || y > y1 + v) continue;
      const inside = x > x0 - edge && x < x1 + edge && y > y0 - edge && y < y1 + edge;
      if (inside && shown.length < MOST_SHOWN) shown.push(item); else if (around.length < MOST_SHOWN / 4) around.push(item);
    }
    return { shown, around };
  }

  /** Asks for the pictures that are missing, those in view first. */
  load({ shown, around }) {
    this.wanted = [...shown, ...around].map((item) => this.items.itemNumber(item));
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.atlas.request(this.wanted);
    }, GATHER);
    this.note.textContent = this.atlas.error && `The thumbnails did not load (${this.atlas.error}). Switch the layer off and on to try again.`;
  }

  destroy() { clearTimeout(this.timer); this.note.remove(); }
}
