/**
 * The latent map: a plane of encoded items on which every position decodes under the cursor.
 *
 * `state.z` is the position that drags, clicks, sliders and keys set; `preview` follows a hovering
 * pointer and ends when it leaves. With a label or a noise seed, a code is a latent { z, label, seed },
 * which determines an image. The state is committed to Python; hovering sends nothing.
 */

import { press } from "../component/element.js";
import { loadBuffer, loadFloats } from "../component/load.js";
import { Debouncer } from "../component/debounce.js";
import { Items } from "../map/items.js";
import { Conditioning } from "./conditioning.js";
import { listen } from "../map/gestures.js";
import { History } from "./history.js";
import { keyPressed, wireTools } from "./keyboard.js";
import { Layers } from "../map/layers.js";
import { Lists } from "../map/lists.js";
import { Overlay } from "../map/overlay.js";
import { Panel } from "./panel.js";
import { loadPlotly, Plot } from "../map/scatter.js";
import { Region } from "./region.js";
import { keyOf, ImageSource } from "../decoder/image_source.js";
import { round, View } from "../map/viewport.js";

const COMMIT_DELAY = 250; // milliseconds of rest before the state is committed

export default class LatentMap {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.over = this.find(".la-over");
    this.view = new View();
    this.state = {
      z: [0, 0], label: null, seed: 0, layers: new Set(["points", "names"]), pins: [], item: null, hidden: new Set(), region: null,
    };
    this.mode = { panning: false };
    this.debouncer = new Debouncer(() => this.sendState());
    this.stats = this.over.stats = { frames: 0, decodes: [], served: 0 };
    const handlers = this.actions();
    this.layers = new Layers(this.find(".la-under"));
    this.layers.onGrown = () => this.redraw("under");
    this.overlay = new Overlay(this.over);
    this.panel = new Panel(root, handlers);
    this.lists = new Lists(root, handlers);
    const { panel } = this;
    this.source = new ImageSource(
      (pixels, latent) => panel.showPixels(pixels, latent), (bytes, latent) => panel.showBytes(bytes, latent), this.stats);
    this.conditioning = new Conditioning(root, handlers, this.source);
    this.history = new History(this);
    this.region = new Region(this);
    listen(this.over, this.view, this.region.over(handlers), this.mode);
    wireTools(this);
    this.resizer = new ResizeObserver(() => this.resize());
    this.resizer.observe(this.find(".la-plot"));
  }

  actions() {
    return {
      preview: (place) => this.setPreview(place),
      held: () => this.state.z,
      hold: (place) => this.hold(place.length > 2 ? place : this.complete(place)),
      release: () => { this.announce(); this.commit(); },
      pin: (place) => this.pin(this.complete(place)),
      moved: () => { this.redraw("view"); this.commit(); },
      nudge: (dx, dy) => {
        const z = [...this.state.z];
        z[0] += dx; z[1] += dy;
        this.goTo({ z });
      },
      key: (key) => keyPressed(this, key),
      goTo: (latent) => this.goTo(latent),
      setCondition: (condition) => this.setCondition(condition),
      removePin: (i) => this.history.change({ pins: this.state.pins.filter((_, j) => j !== i) }),
      toggleClass: (label) => { flip(this.state.hidden, label); this.showLayers(); this.commit(); },
      chooseItem: (item) => { this.state.item = item; this.showNear(); this.redraw(); this.commit(); },
    };
  }

  /** Called with every message from Python: loads a new model, shows answers to pins. */
  async update({ data, setStateValue }, theme) {
    this.send = setStateValue;
    this.link = data.link;
    this.onAnswer?.();
    const changed = theme !== this.theme;
    this.theme = theme;
    if (data.facts.digest !== this.digest) { await this.open(data); return; }
    if (!this.items) return;
    this.source.accept(data.pins);
    this.history.show();
    if (changed) {
      this.layers.setTheme(theme);
      this.region.show();
      await this.plot.setTheme(theme, this.view);
      this.redraw("view");
    }
  }

  /** Loads a model's decoder and items, and restores the state that Python remembers for it. */
  async open({ facts, urls, location, plotly, pins }) {
    this.digest = null;
    this.debouncer.cancel(); // what still waits belongs to the previous model
    this.root.dataset.state = "loading";
    const [Plotly, items, buffer, noise] = await Promise.all([
      loadPlotly(plotly), Items.load(urls, facts), loadBuffer(urls.program), loadFloats(urls.noise)]);
    this.source.open(buffer, urls.decode, facts, noise);
    this.source.accept(pins);
    this.items = items;
    this.digest = facts.digest;
    this.restore(location);
    this.panel.setModel(items);
    this.lists.setModel(items, this.source, urls.items);
    this.conditioning.setModel(items);
    this.layers.setTheme(this.theme);
    this.layers.setModel(items, this.source.remote ? null : this.source);
    this.plot ??= new Plot(this.find(".la-plotly"), Plotly);
    Object.assign(this.plot, { hidden: this.state.hidden, shown: this.state.layers.has("points") });
    await this.plot.draw(items, this.view, this.theme);
    this.showLayers();
    this.history.show();
    this.redraw("view");
    this.root.dataset.state = "ready";
  }

  restore(location) {
    this.state = {
      z: round(location.z), label: location.label, seed: location.seed, layers: new Set(location.layers), pins: location.pins,
      item: location.item !== null && location.item < this.items.count ? location.item : null, hidden: new Set(location.hidden),
      region: location.region,
    };
    this.preview = this.shown = this.nearOf = null;
    this.history.clear();
    this.measure();
    if (location.view) this.view.fromArray(location.view);
    else this.view.fit(this.items.bounds);
  }

  // --- input -----------------------------------------------------------------------------------

  latentAt(z) { return { z, label: this.state.label, seed: this.state.seed }; }

  /** A point of the plane with the other dimensions of the current code. */
  complete([z1, z2]) { return round([z1, z2, ...this.state.z.slice(2)]); }

  setPreview(place) {
    if (!this.items) return;
    this.preview = place && this.complete(place);
    this.redraw();
  }

  hold(z) {
    if (!this.items) return;
    this.state.z = round(z);
    this.preview = null;
    this.redraw();
  }

  goTo({ z, label = this.state.label, seed = this.state.seed }) {
    this.hold(z);
    this.setCondition({ label, seed });
    if (this.view.reveal(z[0], z[1])) this.redraw("view");
  }

  /** Sets the label or the noise seed with which everything is decoded. */
  setCondition(condition) {
    const before = keyOf(this.state);
    Object.assign(this.state, condition);
    this.redraw(keyOf(this.state) === before ? "over" : "under");
    this.announce();
    this.commit();
  }

  pin(z) {
    if (!this.items) return;
    this.hold(z);
    this.history.pin(this.latentAt(this.state.z));
    this.announce();
  }

  zoom(factor) { this.view.zoom(factor); this.redraw("view"); this.commit(); }

  fit() { this.view.fit(this.items.bounds); this.redraw("view"); this.commit(); }

  /** Sets whether a plain drag moves the map. */
  pan(on) {
    this.mode.panning = on;
    if (on && this.region.drawing) this.region.toggle(false);
    press(this.find('[data-do="pan"]'), on);
  }

  toggleLayer(name) { flip(this.state.layers, name); this.showLayers(); this.commit(); }

  // --- output ----------------------------------------------------------------------------------

  measure() {
    const { clientWidth, clientHeight } = this.find(".la-plot");
    this.view.resize(clientWidth, clientHeight);
  }

  resize() {
    this.measure();
    if (this.items) this.redraw("view");
  }

  /** Draws in the next frame. @param what "over", "under", "marks" or, for all of it, "view" */
  redraw(what = "over") {
    (this.dirty ??= new Set()).add(what);
    this.frame ??= requestAnimationFrame(() => {
      const { dirty } = this;
      this.frame = this.dirty = null;
      if (!this.items || !this.view.width) return;
      const { x, y } = this.view.ranges;
      if (dirty.has("view")) {
        this.plot.move(this.view);
        this.over.dataset.view = [...x, ...y].map((v) => v.toFixed(4)).join(",");
      }
      if (dirty.has("view") || dirty.has("marks")) this.region.drawItems();
      if (dirty.has("view") || dirty.has("under")) this.layers.draw(this.view, this.latentAt(this.state.z));
      this.drawCursor();
      this.stats.frames++;
    });
  }

  drawCursor() {
    const { items, state, theme, view } = this, z = this.preview ?? state.z, latent = this.latentAt(z), key = keyOf(latent);
    if (key !== this.shown) {
      this.shown = key;
      this.source.draw(latent);
      this.conditioning.show(latent);
      this.panel.showPosition(z, items.survey(z), theme);
      const words = [...z, items.conditionName(latent)].filter((part) => part !== "").join(", ");
      this.panel.canvas.setAttribute("aria-label", `Decoded image at ${words}`);
    }
    if (this.nearOf !== state.z.join(",")) this.showNear();
    this.overlay.draw(view, theme, {
      z, held: state.z, preview: this.preview !== null, pins: state.pins, near: this.near, item: state.item,
      items, hidden: state.hidden, showNames: state.layers.has("names"),
    });
    this.region.draw();
  }

  showNear() {
    const { z, item } = this.state;
    this.nearOf = z.join(",");
    this.near = this.items.nearest(z, 8);
    this.lists.showNear(this.near, z.slice(0, 2).map((v) => v.toFixed(2)).join(", "), item);
    this.lists.showItem(item);
  }

  showLayers() {
    const { layers, hidden } = this.state;
    for (const button of this.root.querySelectorAll("[data-layer]")) press(button, layers.has(button.dataset.layer));
    this.layers.on = layers;
    this.plot.setVisible(hidden, layers.has("points"));
    this.region.show();
    this.redraw("under");
  }

  /** Announces the position to screen readers once it has come to rest. */
  announce() {
    this.say(() => {
      const { items, state } = this, condition = items.conditionName(state), { mix, level, near } = items.survey(state.z);
      const position = [...state.z.map((v) => v.toFixed(2)), ...(condition ? [condition] : [])].join(", ");
      const classes = mix.map(({ label, count }) => `${count} of the ${near.length} nearest: ${items.classes[label]}`);
      return `${position}: local density ${level}; ${classes.join(", ")}`;
    });
  }

  /** @param words or a function that returns them; the last within a moment are announced */
  say(words) {
    clearTimeout(this.speech);
    this.speech = setTimeout(() => { this.find(".la-live").textContent = typeof words === "string" ? words : words(); }, 400);
  }

  /** Sends the state to Python, which answers with images and the new link. */
  commit(delay = COMMIT_DELAY) { this.debouncer.schedule(delay); }

  sendState() {
    const { z, label, seed, layers, pins, item, hidden, region } = this.state;
    this.send?.("location", {
      digest: this.digest, turn: this.turn = (this.turn ?? 0) + 1, z, label, seed, view: this.view.toArray(),
      layers: [...layers], pins, item, hidden: [...hidden], region,
    });
  }

  destroy() {
    this.resizer.disconnect();
    this.layers.destroy();
    this.conditioning.destroy();
    cancelAnimationFrame(this.frame);
    this.debouncer.cancel();
    clearTimeout(this.speech);
    this.plot?.destroy();
  }
}

function flip(set, value) { if (!set.delete(value)) set.add(value); }
