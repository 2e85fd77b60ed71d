/** Small maps without pan and zoom: items, names, and the marks of a subclass. */

import { press } from "../component/element.js";
import { Items } from "./items.js";
import { Lists } from "./lists.js";
import { Overlay } from "./overlay.js";
import { loadPlotly, Plot } from "./scatter.js";
import { View } from "./viewport.js";

export class SmallMap {
  /** @type {Items | null} */ items = null;
  /** @type {Items} the same, with what colours them in place of the classes */ coloured;
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

  async open({ urls, facts, plotly, items: { colour = "" } = {} }, theme) {
    this.items = null;
    const [Plotly, items, coloured] = await Promise.all([loadPlotly(plotly), Items.load(urls, facts)]).then(async ([library, loaded]) => (
      [library, loaded, await loaded.colouredBy(colour)])).catch((error) => {
      this.find(".la-plotly").textContent = `The map did not load (${error.message}). Reload the page.`;
      return [];
    });
    if (!items || !this.element.isConnected) return; // not loaded, or the page was left meanwhile
    this.coloured = coloured;
    this.plot ??= new Plot(this.find(".la-plotly"), Plotly);
    this.plot.showThumbnails(this.thumbnails);
    this.theme = theme;
    this.view.measure(this.element);
    this.view.fit(items.bounds);
    await this.plot.draw(coloured, this.view, theme);
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

/** A small map with a legend, whose items may be coloured by a column, and of which some may be shown. */
export class ColouredMap extends SmallMap {
  hidden = new Set(); // kinds of what colours the items
  /** @type {any} controls/item_choices.js */ choices;
  /** @type {(() => void) | undefined} called when other colours are drawn */ onColours;
  /** @type {Promise<void>} done when the last message of `take` is */ taken = Promise.resolve();

  /** @param {HTMLElement} element   @param root of the component, with a .la-legend */
  constructor(element, root) {
    super(element);
    this.legend = root.querySelector(".la-legend");
    this.lists = new Lists(root, { toggleClass: (kind) => this.toggleClass(kind) });
  }

  /** Opens the map of another model, or loads other items of the same one, after what was taken before. */
  take(data, theme) {
    this.taken = this.taken.then(async () => {
      if (data.facts.digest !== this.digest) await this.open(data, theme);
      else if (this.items && data.facts.shown !== this.items.shown) await this.openItems(data);
      if (this.items) this.choices.follow(data.items);
    }).catch((error) => this.choices.display(`The items did not load (${error.message}).`));
    return this.taken;
  }

  async open(data, theme) {
    this.digest = data.facts.digest;
    await super.open(data, theme);
    if (!this.items) return;
    this.hidden = new Set();
    this.choices.setModel(this.items, data.items);
    this.listItems(data);
    this.showColours(this.coloured);
  }

  async openItems(data) {
    const items = await Items.load(data.urls, data.facts), coloured = await items.colouredBy(this.choices.colour);
    if (!this.element.isConnected) return;
    this.items = items;
    this.choices.display();
    this.listItems(data);
    this.showColours(coloured);
  }

  listItems({ urls }) { this.lists.setModel(this.items, null, urls.items); }

  /** Draws the items with the kinds that colour them. The names of classes are on the map, those of a column in the legend. */
  showColours(coloured) {
    this.coloured = this.lists.coloured = coloured;
    this.plot.hidden = this.hidden;
    this.plot.setItems(coloured);
    this.showLegend();
    this.draw();
    this.onColours?.();
  }

  showLegend() {
    this.legend.hidden = !this.coloured.column;
    if (!this.legend.hidden) this.lists.showLegend(this.hidden, this.theme);
  }

  toggleClass(kind) {
    if (!this.hidden.delete(kind)) this.hidden.add(kind);
    this.plot.setVisible(this.hidden, true);
    this.showLegend();
    this.draw();
  }

  async setTheme(theme) {
    await super.setTheme(theme);
    if (this.items) this.showLegend();
  }

  drawCross(z) {
    const { coloured, items, hidden } = this, names = coloured.onScale ? { items, hidden: new Set() } : { items: coloured, hidden };
    this.overlay.draw(this.view, this.theme, { z, ...names, showNames: true });
  }
}
