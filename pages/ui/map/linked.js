/** Maps of the same images side by side that share one target: what Compare and Reduce have in common. */

import { LatestImage } from "../decoder/latest_image.js";
import { listen, wheelOncePressed } from "./gestures.js";
import { Lists } from "./lists.js";
import { Overlay } from "./overlay.js";
import { openFigure } from "./plotly_figure.js";
import { Plot } from "./scatter.js";
import { View } from "./viewport.js";

/** One of the maps. */
export class LinkedPlane {
  /** @type {import("./items").Items | null} */ items = null;
  /** @type {import("./items").Items} the same, with what colours them in place of the classes */ coloured;
  /** @type {Plot} */ plot;
  view = new View();
  viewChanged = false; // by the visitor

  /** @param handlers those of `listen` and `resized`, each with this plane as its first argument */
  constructor(element, { resized, ...handlers }) {
    this.element = element;
    this.find = (selector) => element.querySelector(selector);
    this.over = this.find(".la-over");
    this.overlay = new Overlay(this.over);
    const bound = /** @type {any} */ ({}), plot = this.find(".la-plot");
    for (const [name, handler] of Object.entries(handlers)) bound[name] = (...values) => handler(this, ...values);
    wheelOncePressed(plot, this.over);
    listen(this.over, this.view, bound, { panning: false });
    this.resizer = new ResizeObserver(() => { this.resize(); resized(this); });
    this.resizer.observe(plot);
  }

  /** Takes over the size of the plot on the screen. */
  resize() { this.view.measure(this.find(".la-plot")); }

  fit() {
    this.viewChanged = false;
    if (this.items) this.view.fit(this.items.bounds);
  }

  /** Draws the items of another model or layout, all of them in view. */
  async drawItems(Plotly, items, theme, hidden) {
    this.resize();
    this.view.fit(items.bounds);
    this.viewChanged = false;
    this.plot ??= new Plot(this.find(".la-plotly"), Plotly);
    this.plot.hidden = hidden;
    await this.plot.draw(items, this.view, theme);
  }

  /** Draws the marks over the items. @param scene for the overlay   @param moved whether the view has moved */
  draw(theme, scene, moved) {
    if (moved) {
      this.plot.move(this.view);
      this.over.dataset.view = [...this.view.ranges.x, ...this.view.ranges.y].map((v) => v.toFixed(4)).join(",");
    }
    const { items, coloured } = this, named = coloured && !coloured.onScale ? { items: coloured } : { items };
    this.overlay.draw(this.view, theme, { pins: [], near: [], ...named, showNames: true, ...scene, ...(coloured?.onScale && { hidden: new Set() }) });
  }

  destroy() {
    this.resizer.disconnect();
    this.plot?.destroy();
    this.element.remove();
  }
}

/**
 * All of the maps. A subclass has target(plane, point), drag(plane, point), release(plane), pin(plane, point),
 * nudge(plane, dx, dy), keys(plane), showOriginal(picture, item), drawPlanes(moved) and words().
 */
export class LinkedMaps {
  /** @type {any[]} */ planes = [];
  hidden = new Set();
  /** @type {number | null} */ frame = null;
  moved = new Set(); // planes whose view has changed since the last frame

  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    /** @type {any} with what the subclass adds */ this.whole = this;
    this.lists = new Lists(root, { toggleClass: (label) => this.toggleClass(label) });
    this.latestImage = new LatestImage((item) => this.lists.picture(item), (picture, item) => this.whole.showOriginal(picture, item));
    this.find('[data-do="fit"]').onclick = () => this.fit();
    this.find('[data-do="figure"]').onclick = () => {
      const maps = this.ready().map(({ plot, find }) => ({ plot, title: find("h2").textContent }));
      if (maps.length) openFigure(maps);
    };
  }

  /** What the pointer and the keys do on each plane. */
  handlers() {
    const { whole } = this, ready = (handler) => (plane, ...values) => plane.items && handler(plane, ...values);
    return {
      preview: ready((plane, point) => { whole.preview = point && whole.target(plane, point); this.redraw(); }),
      hold: ready((plane, point) => whole.drag(plane, point)), pin: ready((plane, point) => whole.pin(plane, point)),
      release: (plane) => whole.release(plane), nudge: ready((plane, dx, dy) => whole.nudge(plane, dx, dy)),
      moved: (plane) => this.changeView(plane), resized: (plane) => { this.moved.add(plane); this.redraw(); },
      key: (plane, key) => this.key(plane, key),
    };
  }

  /** A copy of a template's element at the end of its home. */
  addCopy(template, home) {
    const element = this.find(template).content.firstElementChild.cloneNode(true);
    this.find(home).append(element);
    return element;
  }

  ready() { return this.planes.filter((plane) => plane.items); }

  /** @returns whether the key means anything */
  key(plane, key) {
    if (!plane.items) return false;
    const zoom = { "+": 1.5, "=": 1.5, "-": 1 / 1.5 }[key], centre = /^[0-9]$/.test(key) && plane.items.centres[Number(key)];
    const action = { f: () => this.fit(), ...this.whole.keys(plane) }[key.length === 1 ? key.toLowerCase() : key];
    if (zoom) { plane.view.zoom(zoom); this.changeView(plane); }
    else if (action) action();
    else if (centre) this.goTo(plane, centre);
    else return false;
    return true;
  }

  goTo(plane, point) { this.whole.pin(plane, point); }

  /** The visitor has moved the view of a plane. */
  changeView(plane) {
    plane.viewChanged = true;
    this.moved.add(plane);
    this.redraw();
  }

  fit() {
    for (const plane of this.planes) plane.fit();
    this.moveAll();
  }

  toggleClass(label) {
    if (!this.hidden.delete(label)) this.hidden.add(label);
    this.lists.showLegend(this.hidden, this.whole.theme);
    for (const plane of this.ready()) plane.plot.setVisible(this.hidden, true);
    this.redraw();
  }

  moveAll() { this.moved = new Set(this.planes); this.redraw(); }

  redraw() {
    this.frame ??= requestAnimationFrame(() => {
      const { moved } = this;
      Object.assign(this, { frame: null, moved: new Set() });
      this.whole.drawPlanes(moved);
    });
  }

  /** Announces the target to screen readers, once it has not changed for a while. */
  say() {
    clearTimeout(this.saying);
    this.saying = setTimeout(() => { this.find(".la-live").textContent = this.whole.words().join("; "); }, 400);
  }

  destroy() {
    for (const plane of this.planes) plane.destroy();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.saying);
  }
}
