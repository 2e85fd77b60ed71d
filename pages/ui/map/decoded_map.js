/** A map on which every position decodes to an image: what the maps of Explore and Interpolate share. */

import { onButtons, press } from "../component/element.js";
import { loadFloats } from "../component/load.js";
import { Debouncer } from "../component/debounce.js";
import { keyOf, ImageSource } from "../decoder/image_source.js";
import { Picture } from "../decoder/pixels.js";
import { Items } from "./items.js";
import { Layers } from "./layers.js";
import { Overlay } from "./overlay.js";
import { openFigure } from "./plotly_figure.js";
import { loadPlotly, Plot } from "./scatter.js";
import { View } from "./viewport.js";

/** Adds a value to a set, or removes it. */
const flip = (set, value) => { if (!set.delete(value)) set.add(value); };

export class DecodedMap {
  /** @type {any} with at least label, seed and the set of layers */ state;
  /** @type {import("../component/types").Theme} */ theme;
  /** @type {Items} */ items;
  /** @type {Items} the same, with what colours them in place of the classes */ coloured;
  /** @type {Plot} */ plot;
  /** @type {number[] | null} where a hovering pointer is */ preview = null;
  hidden = new Set();
  /** @type {import("./lists").Lists} */ lists;
  /** @type {any} controls/item_choices.js */ choices;
  mode = { panning: false };
  view = new View();

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.all = (selector) => root.querySelectorAll(selector);
    this.over = this.find(".la-over");
    this.stats = this.over.stats = { decodes: [], served: 0 };
    this.picture = new Picture(this.find('[data-testid="decoded-image"]'));
    this.source = ImageSource.onto(this.picture, this.stats);
    this.debouncer = new Debouncer(() => this.sendState());
    this.layers = new Layers(this.find(".la-under"));
    this.layers.onGrown = () => this.redraw("under");
    this.overlay = new Overlay(this.over);
    this.resizer = new ResizeObserver(() => { this.measure(); if (this.items) this.redraw("view"); });
    this.resizer.observe(this.find(".la-plot"));
  }

  /** Connects the buttons around the map; `data-do` names one of the tools. */
  wire(tools) {
    const figure = () => { if (this.plot) openFigure([{ plot: this.plot }]); };
    const all = { figure, "zoom-in": () => this.zoom(1.5), "zoom-out": () => this.zoom(1 / 1.5), fit: () => this.fit(), ...tools };
    onButtons(this.root, "do", (name) => all[name]());
    onButtons(this.root, "layer", (layer) => {
      if (!this.items) return;
      flip(this.state.layers, layer);
      this.showLayers();
      this.commit();
    });
  }

  /** Carries out a key that both maps have or that `actions` names in lower case; returns whether there is one. */
  keyPressed(key, actions) {
    const zoom = { "+": () => this.zoom(1.5), "=": () => this.zoom(1.5), "-": () => this.zoom(1 / 1.5), f: () => this.fit() };
    const action = { ...zoom, ...actions }[key.length === 1 ? key.toLowerCase() : key];
    action?.();
    return Boolean(action);
  }

  /** The centre of the class whose digit was pressed, if there is one. */
  centreOf(key) { return /^[0-9]$/.test(key) && this.items.centres[Number(key)]; }

  /** Called with every message from Python: another model, an answer. */
  async update({ data, setStateValue }, theme) {
    const repaint = theme !== this.theme;
    Object.assign(this, { send: setStateValue, link: data.link, theme });
    if (data.facts.digest !== this.digest) { await this.open(data); return; }
    if (!this.items) return;
    if (data.facts.shown !== this.items.shown) await this.openItems(data);
    if (repaint) {
      this.layers.setTheme(theme);
      this.showLegend();
      await this.plot.setTheme(theme, this.view);
      this.redraw("view");
    }
    this.take(data);
  }

  /** Loads a model's items, and then its decoder: the largest part of a map, without which the server decodes. */
  async open(data) {
    const { facts, urls, plotly } = data;
    this.digest = null;
    this.debouncer.cancel(); // what still waits belongs to the previous model
    this.root.dataset.state = "loading";
    this.root.dataset.decoder = "";
    const [Plotly, items, noise] = await Promise.all([loadPlotly(plotly), Items.load(urls, facts), loadFloats(urls.noise)]);
    const coloured = await items.colouredBy(data.items.colour);
    if (!this.root.isConnected) return; // the page was left meanwhile
    this.source.open(null, urls.decode, facts, noise);
    this.source.local = Boolean(urls.program);
    Object.assign(this, { items, coloured, digest: facts.digest, preview: null, shown: null });
    this.picture.resize(items.image);
    this.measure();
    this.view.fit(items.bounds);
    this.restore(data);
    this.layers.setTheme(this.theme);
    this.layers.setModel(items, null);
    this.plot ??= new Plot(this.find(".la-plotly"), Plotly);
    Object.assign(this.plot, { hidden: this.hidden, shown: this.state.layers.has("points") });
    await this.plot.draw(coloured, this.view, this.theme);
    this.root.dataset.state = "ready";
    this.showLayers();
    this.take({ ...data, turn: null });
    this.redraw("view");
    await this.openDecoder(data);
  }

  async openDecoder({ facts: { digest }, urls }) {
    const program = await ImageSource.load(urls.program).catch(() => null);
    if (digest !== this.digest || !this.root.isConnected) return; // another model meanwhile
    this.source.start(program);
    this.showDecoder();
    this.shown = null;
    this.root.dataset.decoder = "ready";
    this.redraw("view");
  }

  /** Shows what the browser's decoder draws. */
  showDecoder() { this.layers.setModel(this.items, this.source.local ? this.source : null); }

  /** Loads other items of the same model. */
  async openItems({ facts, urls }) {
    const items = await Items.load(urls, facts), coloured = await items.colouredBy(this.choices.colour);
    if (!this.root.isConnected) return;
    items.speed = this.items.speed;
    this.items = items;
    this.layers.setModel(items, this.source.program && this.source.local ? this.source : null);
    this.lists.setModel(items, this.source, urls.items);
    this.choices.display();
    this.showColours(coloured);
  }

  /** Draws the items with the kinds that colour them. */
  showColours(coloured) {
    Object.assign(this, { coloured, shown: null });
    this.lists.coloured = coloured;
    this.plot.setItems(coloured);
    this.showLayers();
    this.redraw("view");
  }

  latentAt(z) { return { z, label: this.state.label, seed: this.state.seed }; }

  zoom(factor) { this.view.zoom(factor); this.moved(); }
  fit() { this.view.fit(this.items.bounds); this.moved(); }

  /** The view has changed. */
  moved() { this.redraw("view"); }

  toggleClass(label) { flip(this.hidden, label); this.showLayers(); }

  showLayers() {
    const { layers } = this.state;
    for (const button of this.all("[data-layer]")) press(button, layers.has(button.dataset.layer));
    this.layers.on = layers;
    this.plot.setVisible(this.hidden, layers.has("points"));
    this.plot.showThumbnails(layers.has("thumbnails"));
    this.showLegend();
    this.redraw("under");
  }

  measure() { this.view.measure(this.find(".la-plot")); }

  /** Draws in the next frame. @param what "over", "under" or, for all of it, "view" */
  redraw(what = "over") {
    (this.dirty ??= new Set()).add(what);
    this.frame ??= requestAnimationFrame(() => {
      const { dirty } = this;
      this.frame = this.dirty = null;
      if (!this.items || !this.view.width || this.root.dataset.state !== "ready") return;
      if (dirty.has("view")) {
        this.plot.move(this.view);
        this.over.dataset.view = [...this.view.ranges.x, ...this.view.ranges.y].map((v) => v.toFixed(4)).join(",");
      }
      if (dirty.has("view") || dirty.has("under")) this.layers.draw(this.view, this.latentAt(this.held));
      const z = this.preview ?? this.held, latent = this.latentAt(z), key = keyOf(latent);
      if (key !== this.shown) {
        this.shown = key;
        this.source.draw(latent);
        this.showPosition(z, latent);
      }
      this.drawMarks(z, dirty);
    });
  }

  // What a page's map says and does:

  /** The code under the cursor. @returns {number[]} */
  get held() { return []; }
  /** Takes over the state of another model. */
  restore(data) { void data; }
  /** Takes Python's answer. */
  take(data) { void data; }
  showLegend() {}
  showPosition(z, latent) { void [z, latent]; }
  drawMarks(z, dirty) { void [z, dirty]; }
  commit() {}
  sendState() {}

  destroy() {
    this.resizer.disconnect();
    this.layers.destroy();
    this.source.close();
    cancelAnimationFrame(this.frame);
    this.debouncer.cancel();
    this.plot?.destroy();
  }
}
