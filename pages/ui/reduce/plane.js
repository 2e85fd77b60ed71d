/** One layout of the shown images: its plane, and the picture a place of it leads back to. */

import { loadBuffer, loadFloats } from "../component/load.js";
import { drawLasso, inside, Lasso } from "../map/lasso.js";
import { Items } from "../map/items.js";
import { listen, wheelOncePressed } from "../map/gestures.js";
import { Overlay } from "../map/overlay.js";
import { Plot, release } from "../map/scatter.js";
import { View } from "../map/viewport.js";
import { Decoded, Straight } from "./inverse.js";

const REACH = 9; // pixels within which the pointer means an image and not the place beside it

export class ReducePlane {
  /** @param handlers intentions of `listen`, each with this plane as its first argument, and ask(plane, word) */
  constructor(element, handlers) {
    Object.assign(this, { element, handlers, view: new View(), lasso: new Lasso() });
    this.find = (selector) => element.querySelector(selector);
    this.over = this.find(".la-over");
    this.overlay = new Overlay(this.over);
    this.canvas = this.find(".rm-foot canvas");
    this.button = this.find(".rm-status button");
    const { ask, resized, ...moves } = handlers;
    this.turned = false; // whether the view is the visitor's own
    const mine = Object.fromEntries(Object.entries(moves).map(([name, f]) => [name, (...values) => f(this, ...values)]));
    this.button.onclick = () => ask(this, this.button.dataset.word);
    wheelOncePressed(this.find(".la-plot"), this.over);
    listen(this.over, this.view, mine, { panning: false });
    this.resizer = new ResizeObserver(() => { this.measure(); if (!this.turned) this.fit(); resized(this); });
    this.resizer.observe(this.find(".la-plot"));
  }

  /** Says what Python said of it: { method, title, line, back, state, message, done, word }. */
  tell(plane) {
    this.method = this.element.dataset.method = plane.method;
    this.title = plane.title;
    this.find(".rm-title").textContent = plane.title;
    this.find(".rm-line").textContent = plane.line;
    this.why = plane.back;
    this.over.setAttribute("aria-label", `${plane.title}, ${plane.line}. Arrow keys move, S chooses the hundred nearest images, Esc none, F shows everything.`);
    if (plane.urls) return;
    this.items = this.way = this.url = null;
    this.canvas.hidden = true;
    this.element.dataset.state = plane.state;
    this.find(".rm-status p").textContent = plane.message;
    const bar = this.find("progress");
    bar.hidden = plane.done === null;
    if (plane.done !== null) bar.value = plane.done;
    bar.setAttribute("aria-label", plane.message);
    Object.assign(this.button, { hidden: !plane.word, textContent: plane.word ?? "" });
    this.button.dataset.word = plane.word ?? "";
    this.find(".rm-back").textContent = "";
  }

  /** Loads a layout that is there. @param chosen set of items, or null */
  async open({ facts, urls }, Plotly, theme, hidden, chosen) {
    const url = this.url = `${urls.points} ${urls.frame}`;
    this.items = null;
    if (this.element.dataset.state === "ready") this.element.dataset.state = "opening"; // the old one stays in sight
    try {
      const [items, frame, program] = await Promise.all([Items.load(urls, facts), loadFloats(urls.frame), loadBuffer(urls.program)]);
      if (this.url !== url) return; // the plane has gone meanwhile
      const parts = { facts, urls, frame, program };
      this.way = !frame ? null : urls.decode ? new Decoded(this.canvas, parts) : new Straight(this.canvas, parts);
      this.canvas.hidden = !this.way;
      this.shown = undefined;
      this.measure();
      this.view.fit(items.bounds);
      this.turned = false;
      this.plot ??= new Plot(this.find(".la-plotly"), Plotly);
      this.plot.hidden = hidden;
      const before = this.screens();
      await this.plot.draw(items, this.view, theme);
      before.filter((canvas) => !canvas.isConnected).forEach(release);
      if (this.url !== url) return;
      this.items = items;
      if (chosen) await this.plot.select(chosen);
      this.element.dataset.state = "ready";
    } catch (error) {
      if (this.url !== url) return;
      this.url = null;
      this.element.dataset.state = "failed";
      this.find(".rm-status p").textContent = `This plane did not load (${error.message}). Reload the page.`;
    }
  }

  fit() {
    this.turned = false;
    if (this.items) this.view.fit(this.items.bounds);
  }

  /** The image that the pointer means at a place of the plane, or null where it means the place. */
  hit([x, y], hidden) {
    const { codes, latentSize: d, count, labels } = this.items;
    let best = null, least = (REACH * this.view.unit) ** 2;
    for (let i = 0; i < count; i++) {
      const square = (codes[i * d] - x) ** 2 + (codes[i * d + 1] - y) ** 2;
      if (square < least && !hidden.has(labels[i])) { least = square; best = i; }
    }
    return best;
  }

  /** The images in a polygon, or the `most` nearest to a place, of the classes that are shown. */
  within(polygon, hidden) { return this.visibleItems(hidden).filter((i) => inside(...this.place(i), polygon)); }

  nearest([x, y], most, hidden) {
    const far = (i) => { const [a, b] = this.place(i); return (a - x) ** 2 + (b - y) ** 2; };
    return this.visibleItems(hidden).map((i) => [far(i), i]).sort((a, b) => a[0] - b[0]).slice(0, most).map(([, i]) => i);
  }

  visibleItems(hidden) { return Array.from({ length: this.items.count }, (_, i) => i).filter((i) => !hidden.has(this.items.labels[i])); }

  place(i) { const { codes, latentSize } = this.items; return [codes[i * latentSize], codes[i * latentSize + 1]]; }

  /** @param y coordinates to lead back from, or null   @param own whether they are an image's own */
  show(y, own) {
    const key = `${y?.join(",")}/${own}`;
    if (key === this.shown) return;
    this.shown = key;
    const said = this.find(".rm-back");
    if (!this.way) { said.textContent = this.why; return; }
    this.canvas.dataset.shown = y ? "yes" : "no";
    if (!y) { this.canvas.dataset.z = ""; said.textContent = this.why; return; }
    said.textContent = this.way.say(y, own);
    this.canvas.setAttribute("aria-label", `${this.title}. ${said.textContent}`);
    this.way.draw(y);
  }

  /** @param scene { z: the cursor or null, item, hidden }   @param moved whether the view has */
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

  screens() { return [...this.find(".la-plotly").querySelectorAll("canvas")]; }

  destroy() {
    this.url = null;
    this.resizer.disconnect();
    const before = this.screens();
    this.plot?.destroy();
    before.forEach(release);
    this.element.remove();
  }
}
