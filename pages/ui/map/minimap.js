/** A small map without pan and zoom: items, class names, and the marks of a subclass. */

import { press } from "../component/element.js";
import { Items } from "./items.js";
import { Overlay } from "./overlay.js";
import { loadPlotly, Plot } from "./scatter.js";
import { View } from "./viewport.js";

export class SmallMap {
  /** @type {Items | null} */ items = null;
  /** @type {Plot} */ plot;
  view = new View();
  thumbnails = false;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.find = (selector) => element.querySelector(selector);
    this.over = this.find(".la-over");
    this.overlay = new Overlay(this.over);
    this.resizer = new ResizeObserver(() => this.fit());
    this.resizer.observe(element);
  }

  async open({ urls, facts, plotly }, theme) {
    this.items = null;
    const [Plotly, items] = await Promise.all([loadPlotly(plotly), Items.load(urls, facts)]).catch((error) => {
      this.find(".la-plotly").textContent = `The map did not load (${error.message}). Reload the page.`;
      return [];
    });
    if (!items || !this.element.isConnected) return; // not loaded, or the page was left meanwhile
    this.plot ??= new Plot(this.find(".la-plotly"), Plotly);
    this.plot.showThumbnails(this.thumbnails);
    this.theme = theme;
    this.view.measure(this.element);
    this.view.fit(items.bounds);
    await this.plot.draw(items, this.view, theme);
    this.items = items; // the plot can be moved from here on
    this.fit();
  }

  /** Shows or hides the items' pictures, by a button that may be pressed before the map is open. */
  wireThumbnails(button) {
    button.onclick = () => {
      this.thumbnails = !this.thumbnails;
      press(button, this.thumbnails);
      this.plot?.showThumbnails(this.thumbnails);
    };
  }

  async setTheme(theme) {
    this.theme = theme;
    if (this.items) { await this.plot.setTheme(theme, this.view); this.draw(); }
  }

  /** The part of the plane that is shown. @returns {import("../component/types").Rectangle} */
  window() { return this.items.bounds; }

  fit() {
    if (!this.items || !this.element.clientWidth) return;
    this.view.measure(this.element);
    this.view.fit(this.window());
    this.plot.move(this.view);
    this.draw();
  }

  /** What a subclass draws over the items. @param {CanvasRenderingContext2D} ctx */
  mark(ctx) { void ctx; }

  draw() {
    if (this.items && this.view.width) this.mark(this.over.getContext("2d"));
  }

  /** Clears the overlay and draws the cross at z and the class names. */
  drawCross(z) {
    this.overlay.draw(this.view, this.theme, { z, items: this.items, hidden: new Set(), showNames: true });
  }

  destroy() { this.resizer.disconnect(); this.plot?.destroy(); }
}
