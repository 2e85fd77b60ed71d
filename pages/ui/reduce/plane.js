/** One layout of the shown images: its plane, and the image that the inverse gives at a point. */

import { loadBuffer, loadFloats } from "../component/load.js";
import { drawLasso, inside, Lasso } from "../map/lasso.js";
import { Items } from "../map/items.js";
import { listen, wheelOncePressed } from "../map/gestures.js";
import { Overlay } from "../map/overlay.js";
import { Plot, release } from "../map/scatter.js";
import { View } from "../map/viewport.js";
import { Decoded, Linear } from "./inverse.js";

const REACH = 9; // pixels between the pointer and the image that it selects

export class ReducePlane {
  /** @param handlers those of `listen`, each with this plane as its first argument, and command(plane, word) */
  constructor(element, handlers) {
    Object.assign(this, { element, handlers, view: new View(), lasso: new Lasso() });
    this.find = (selector) => element.querySelector(selector);
    this.over = this.find(".la-over");
    this.overlay = new Overlay(this.over);
    this.canvas = this.find(".rm-foot canvas");
    this.button = this.find(".rm-status button");
    const { command, resized, ...moves } = handlers;
    this.viewChanged = false; // by the visitor
    const bound = Object.fromEntries(Object.entries(moves).map(([name, f]) => [name, (...values) => f(this, ...values)]));
    this.button.onclick = () => command(this, this.button.dataset.word);
    wheelOncePressed(this.find(".la-plot"), this.over);
    listen(this.over, this.view, bound, { panning: false });
    this.resizer = new ResizeObserver(() => { this.measure(); if (!this.viewChanged) this.fit(); resized(this); });
    this.resizer.observe(this.find(".la-plot"));
  }

  /** Shows Python's message: { method, title, description, inverse, state, message, done, word }. */
  setMessage(plane) {
    this.method = this.element.dataset.method = plane.method;
    this.title = plane.title;
    this.find(".rm-title").textContent = plane.title;
    this.find(".rm-description").textContent = plane.description;
    this.inverseNote = plane.inverse;
    this.over.setAttribute("aria-label", `${plane.title}, ${plane.description}. Arrow keys move, S selects the hundred nearest images, Esc none, F shows everything.`);
    if (plane.urls) return;
    this.items = this.inverse = this.url = null;
    this.canvas.hidden = true;
    this.element.dataset.state = plane.state;
    this.find(".rm-status p").textContent = plane.message;
    const bar = this.find("progress");
    bar.hidden = plane.done === null;
    if (plane.done !== null) bar.value = plane.done;
    bar.setAttribute("aria-label", plane.message);
    Object.assign(this.button, { hidden: !plane.word, textContent: plane.word ?? "" });
    this.button.dataset.word = plane.word ?? "";
    this.find(".rm-inverse").textContent = "";
  }

  /** Loads a finished layout. @param selected set of items, or null */
  async open({ facts, urls }, Plotly, theme, hidden, selected) {
    const url = this.url = `${urls.points} ${urls.frame}`;
    this.items = null;
    if (this.element.dataset.state === "ready") this.element.dataset.state = "opening"; // the previous layout remains visible
    try {
      const [items, frame, program] = await Promise.all([Items.load(urls, facts), loadFloats(urls.frame), loadBuffer(urls.program)]);
      if (this.url !== url) return; // the layout has changed meanwhile
      const parts = { facts, urls, frame, program };
      this.inverse = !frame ? null : urls.decode ? new Decoded(this.canvas, parts) : new Linear(this.canvas, parts);
      this.canvas.hidden = !this.inverse;
      this.shown = undefined;
      this.measure();
      this.view.fit(items.bounds);
      this.viewChanged = false;
      this.plot ??= new Plot(this.find(".la-plotly"), Plotly);
      this.plot.hidden = hidden;
      const before = this.canvases();
      await this.plot.draw(items, this.view, theme);
      before.filter((canvas) => !canvas.isConnected).forEach(release);
      if (this.url !== url) return;
      this.items = items;
      if (selected) await this.plot.select(selected);
      this.element.dataset.state = "ready";
    } catch (error) {
      if (this.url !== url) return;
      this.url = null;
      this.element.dataset.state = "failed";
      this.find(".rm-status p").textContent = `This plane did not load (${error.message}). Reload the page.`;
    }
  }

  fit() {
    this.viewChanged = false;
    if (this.items) this.view.fit(this.items.bounds);
  }

  /** The image at a point of the plane, or null where there is none. */
  hit([x, y], hidden) {
    const { codes, latentSize: d, count, labels } = this.items;
    let best = null, nearest = (REACH * this.view.unit) ** 2;
    for (let i = 0; i < count; i++) {
      const square = (codes[i * d] - x) ** 2 + (codes[i * d + 1] - y) ** 2;
      if (square < nearest && !hidden.has(labels[i])) { nearest = square; best = i; }
    }
    return best;
  }

  /** The images of visible classes in a polygon. */
  within(polygon, hidden) { return this.visibleItems(hidden).filter((i) => inside(...this.point(i), polygon)); }

  /** The `count` images of visible classes nearest to a point. */
  nearest([x, y], count, hidden) {
    const distance = (i) => { const [a, b] = this.point(i); return (a - x) ** 2 + (b - y) ** 2; };
    return this.visibleItems(hidden).map((i) => [distance(i), i]).sort((a, b) => a[0] - b[0]).slice(0, count).map(([, i]) => i);
  }

  visibleItems(hidden) { return Array.from({ length: this.items.count }, (_, i) => i).filter((i) => !hidden.has(this.items.labels[i])); }

  point(i) { const { codes, latentSize } = this.items; return [codes[i * latentSize], codes[i * latentSize + 1]]; }

  /** Shows the inverse at coordinates `y`, or none for null. @param own whether they are those of an image */
  show(y, own) {
    const key = `${y?.join(",")}/${own}`;
    if (key === this.shown) return;
    this.shown = key;
    const note = this.find(".rm-inverse");
    if (!this.inverse) { note.textContent = this.inverseNote; return; }
    this.canvas.dataset.shown = y ? "yes" : "no";
    if (!y) { this.canvas.dataset.z = ""; note.textContent = this.inverseNote; return; }
    note.textContent = this.inverse.describe(y, own);
    this.canvas.setAttribute("aria-label", `${this.title}. ${note.textContent}`);
    this.inverse.draw(y);
  }

  /** @param scene { z: the cursor or null, item, hidden }   @param moved whether the view has moved */
  draw(theme, scene, moved) {
    if (!this.view.width || !this.items) return;
    if (moved) {
      this.plot.move(this.view);
      this.over.dataset.view = [...this.view.ranges.x, ...this.view.ranges.y].map((v) => v.toFixed(4)).join(",");
    }
    this.overlay.draw(this.view, theme, { pins: [], near: [], items: this.items, showNames: true, preview: false, ...scene });
    if (this.lasso.stroke) drawLasso(this.over.getContext("2d"), this.view, theme, this.lasso.stroke);
  }

  measure() {
    const { clientWidth, clientHeight } = this.find(".la-plot");
    this.view.resize(clientWidth, clientHeight);
  }

  canvases() { return [...this.find(".la-plotly").querySelectorAll("canvas")]; }

  destroy() {
    this.url = null;
    this.resizer.disconnect();
    const before = this.canvases();
    this.plot?.destroy();
    before.forEach(release);
    this.element.remove();
  }
}
