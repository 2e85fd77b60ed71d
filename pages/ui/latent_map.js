/**
 * The latent map: a plane of encoded items on which every place decodes under the cursor.
 *
 * Three kinds of position keep hover free and sharing exact: `held` is the one that counts (drag,
 * click, slider, key), `preview` follows a hovering pointer and is forgotten when it leaves, and a
 * pin is kept. Beside them stands what the decoder is told, a label or a detail seed: with a code it
 * makes a spot { z, label, seed }, which decides about a picture. Only held places, pins and settings are committed to Python; hovering sends nothing.
 */

import { Atlas } from "./map_atlas.js";
import { Extras } from "./map_extras.js";
import { listen } from "./map_input.js";
import { Layers } from "./map_layers.js";
import { Lists } from "./map_lists.js";
import { Overlay } from "./map_overlay.js";
import { Panel } from "./map_panel.js";
import { loadPlotly, Plot } from "./map_plot.js";
import { keyOf, PictureSource } from "./map_source.js";
import { View } from "./map_view.js";

const COMMIT_DELAY = 250; // milliseconds of rest before view, place and layers are committed
const UNDO_DEPTH = 100;

/** Places are rounded once, here, so that map, fields, link and server mean the same number. */
const round = (z) => Array.from(z, (v) => Math.round(v * 1e4) / 1e4 || 0);

export class LatentMap {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.over = this.find(".la-over");
    this.view = new View();
    this.state = { z: [0, 0], label: null, seed: 0, layers: new Set(["points", "names"]), pins: [], item: null, hidden: new Set() };
    this.history = [];
    this.mode = { panning: false };
    this.stats = this.over.stats = { frames: 0, decodes: [], served: 0 };
    const act = this.actions();
    this.layers = new Layers(this.find(".la-under"));
    this.layers.onGrown = () => this.redraw("under");
    this.overlay = new Overlay(this.over);
    this.panel = new Panel(root, act);
    this.lists = new Lists(root, act);
    const { panel } = this;
    this.source = new PictureSource((pixels, spot) => panel.showPixels(pixels, spot), (bytes, spot) => panel.showBytes(bytes, spot), this.stats);
    this.extras = new Extras(root, act, this.source);
    listen(this.over, this.view, act, this.mode);
    this.wireTools();
    this.resizer = new ResizeObserver(() => this.resize());
    this.resizer.observe(this.find(".la-plot"));
  }

  actions() {
    return {
      preview: (place) => this.setPreview(place),
      hold: (place) => this.hold(place.length > 2 ? place : this.complete(place)),
      release: () => { this.announce(); this.commit(); },
      pin: (place) => this.pin(this.complete(place)),
      moved: () => { this.redraw("view"); this.commit(); },
      nudge: (dx, dy) => {
        const z = [...this.state.z];
        z[0] += dx; z[1] += dy;
        this.goTo({ z });
      },
      key: (key) => this.key(key),
      goTo: (spot) => this.goTo(spot),
      tell: (told) => this.tell(told),
      removePin: (i) => this.setPins(this.state.pins.filter((_, j) => j !== i)),
      toggleClass: (label) => { flip(this.state.hidden, label); this.showClasses(); this.commit(); },
      chooseItem: (item) => { this.state.item = item; this.showNear(); this.redraw(); this.commit(); },
    };
  }

  wireTools() {
    const tools = {
      pan: () => { this.mode.panning = !this.mode.panning; press(this.find('[data-do="pan"]'), this.mode.panning); },
      "zoom-in": () => this.zoom(1.5), "zoom-out": () => this.zoom(1 / 1.5), fit: () => this.fit(),
      undo: () => this.undo(), clear: () => this.setPins([]), copy: () => this.copyLink(),
      keys: () => this.find(".la-keys").showModal(), "close-keys": () => this.find(".la-keys").close(),
    };
    for (const button of this.root.querySelectorAll("[data-do]")) button.onclick = tools[button.dataset.do];
    for (const button of this.root.querySelectorAll("[data-layer]")) {
      button.onclick = () => { flip(this.state.layers, button.dataset.layer); this.showLayers(); this.commit(); };
    }
  }

  /** Called with every message of Python: a new model is loaded, answers to pins are shown. */
  async update({ data, setStateValue }, theme) {
    this.send = setStateValue;
    this.link = data.link;
    this.onAnswer?.();
    const changed = JSON.stringify(theme) !== JSON.stringify(this.theme);
    this.theme = theme;
    if (data.facts.digest !== this.digest) { await this.open(data); return; }
    if (!this.atlas) return;
    this.source.accept(data.pins);
    this.showAnswers();
    if (changed) {
      this.layers.setTheme(theme);
      this.lists.showLegend(this.state.hidden, theme);
      await this.plot.setTheme(theme, this.view);
      this.redraw("view");
    }
  }

  /** Loads a model's decoder and items, and takes over the place that Python remembers for it. */
  async open({ facts, urls, place, plotly, pins }) {
    this.digest = facts.digest;
    clearTimeout(this.committing); // what is still waiting belongs to the model before
    this.root.dataset.state = "loading";
    try {
      const program = urls.program && fetch(new URL(urls.program, document.baseURI)).then((r) => r.arrayBuffer());
      const details = urls.details && fetch(new URL(urls.details, document.baseURI)).then(async (r) => new Float32Array(await r.arrayBuffer()));
      const [Plotly, atlas, buffer, noise] = await Promise.all([loadPlotly(new URL(plotly, document.baseURI)), Atlas.load(urls, facts), program, details]);
      if (this.digest !== facts.digest) return; // another model was chosen meanwhile
      this.source.open(buffer, urls.decode, facts, noise);
      this.source.accept(pins);
      this.atlas = atlas;
      this.adopt(place);
      this.panel.setModel(atlas);
      this.lists.setModel(atlas, this.source, urls.items);
      this.extras.setModel(atlas);
      this.layers.setTheme(this.theme);
      this.layers.setModel(atlas, this.source.remote ? null : this.source);
      this.plot ??= new Plot(this.find(".la-plotly"), Plotly);
      Object.assign(this.plot, { hidden: this.state.hidden, shown: this.state.layers.has("points") });
      await this.plot.draw(atlas, this.view, this.theme);
      this.lists.showLegend(this.state.hidden, this.theme);
      this.showLayers();
      this.showAnswers();
      this.redraw("view");
      this.root.dataset.state = "ready";
    } catch (error) {
      this.digest = null;
      this.root.dataset.state = "failed";
      this.find(".la-veil").textContent = `The map did not load (${error.message}). Reload the page; if that does not help, restart the server.`;
    }
  }

  adopt(place) {
    this.state = {
      z: round(place.z), label: place.label, seed: place.seed, layers: new Set(place.layers), pins: place.pins,
      item: place.item !== null && place.item < this.atlas.count ? place.item : null, hidden: new Set(place.hidden),
    };
    this.preview = this.shown = this.nearOf = null;
    this.history = [];
    this.measure();
    if (place.view) this.view.fromArray(place.view);
    else this.view.fit(this.atlas.bounds);
  }

  // --- what people do -------------------------------------------------------------------------

  spot(z) { return { z, label: this.state.label, seed: this.state.seed }; }

  /** A place on the plane with the further dimensions of the held code. */
  complete([z1, z2]) { return round([z1, z2, ...this.state.z.slice(2)]); }

  setPreview(place) {
    if (!this.atlas) return;
    this.preview = place && this.complete(place);
    this.redraw();
  }

  hold(z) {
    if (!this.atlas) return;
    this.state.z = round(z);
    this.preview = null;
    this.redraw();
  }

  goTo({ z, label = this.state.label, seed = this.state.seed }) {
    this.hold(z);
    this.tell({ label, seed });
    if (this.view.reveal(z[0], z[1])) this.redraw("view");
  }

  /** Decodes as another label or detail seed from now on, wherever the cursor is. */
  tell(told) {
    const before = keyOf(this.state);
    Object.assign(this.state, told);
    this.redraw(keyOf(this.state) === before ? "over" : "under");
    this.announce();
    this.commit();
  }

  pin(z) {
    if (!this.atlas) return;
    this.hold(z);
    // Torch is asked directly: that is quicker than the script run that records the pin.
    const spot = this.spot(this.state.z);
    this.source.want(spot).then((came) => came && this.showAnswers());
    this.setPins([...this.state.pins, spot]);
    this.announce();
  }

  setPins(pins) {
    this.history = [...this.history, this.state.pins].slice(-UNDO_DEPTH);
    this.state.pins = pins;
    this.afterPins();
  }

  undo() {
    if (!this.history.length) return;
    this.state.pins = this.history.pop();
    this.afterPins();
  }

  afterPins() {
    this.showAnswers();
    this.redraw();
    this.commit(0);
  }

  zoom(factor) { this.view.zoom(factor); this.redraw("view"); this.commit(); }

  fit() { this.view.fit(this.atlas.bounds); this.redraw("view"); this.commit(); }

  key(key) {
    const act = {
      Enter: () => this.pin(this.state.z), u: () => this.undo(), U: () => this.undo(),
      "+": () => this.zoom(1.5), "=": () => this.zoom(1.5), "-": () => this.zoom(1 / 1.5),
      f: () => this.fit(), F: () => this.fit(), "?": () => this.find(".la-keys").showModal(),
    }[key];
    if (!this.atlas) return false;
    if (act) { act(); return true; }
    const centre = /^[0-9]$/.test(key) && this.atlas.centres[Number(key)];
    if (!centre) return this.extras.key(key.toLowerCase());
    this.goTo({ ...this.spot(centre), ...(this.atlas.extraKind === "label" && { label: Number(key) }) });
    return true;
  }

  async copyLink() {
    // The link is Python's to write; it comes with the answer to this commit.
    const answered = new Promise((resolve) => { this.onAnswer = resolve; setTimeout(resolve, 2000); });
    this.commit(0);
    await answered;
    const url = new URL(location.href), button = this.find('[data-do="copy"]');
    url.search = this.link;
    const said = await navigator.clipboard?.writeText(url.href).then(() => "Copied", () => null);
    if (said) {
      button.textContent = said;
      setTimeout(() => { button.textContent = "Copy link"; }, 1500);
    } else prompt("Copy this link", url.href); // no clipboard outside https
  }

  // --- what people see ------------------------------------------------------------------------

  measure() {
    const { clientWidth, clientHeight } = this.find(".la-plot");
    this.view.resize(clientWidth, clientHeight);
  }

  resize() {
    this.measure();
    if (this.atlas) this.redraw("view");
  }

  /** Draws at the next frame; `view` also moves Plotly and the layers below the items. */
  redraw(what = "over") {
    (this.dirty ??= new Set()).add(what);
    this.frame ??= requestAnimationFrame(() => {
      const { dirty } = this;
      this.frame = this.dirty = null;
      if (!this.atlas || !this.view.width) return;
      const { x, y } = this.view.ranges;
      if (dirty.has("view")) {
        this.plot.move(this.view);
        this.over.dataset.view = [...x, ...y].map((v) => v.toFixed(4)).join(",");
      }
      if (dirty.has("view") || dirty.has("under")) this.layers.draw(this.view, this.spot(this.state.z));
      this.drawPlace();
      this.stats.frames++;
    });
  }

  drawPlace() {
    const { atlas, state, theme, view } = this, z = this.preview ?? state.z, spot = this.spot(z), key = keyOf(spot);
    if (key !== this.shown) {
      this.shown = key;
      this.source.draw(spot);
      this.extras.show(spot);
      this.panel.showPlace(z, state.z, atlas.survey(z), theme);
      this.find('[data-testid="decoded-image"]').setAttribute("aria-label", `Decoded image at ${[...z, atlas.told(spot)].filter((part) => part !== "").join(", ")}`);
    }
    if (this.nearOf !== state.z.join(",")) this.showNear();
    this.overlay.draw(view, theme, {
      z, held: state.z, preview: this.preview !== null, pins: state.pins, near: this.near, item: state.item,
      atlas, hidden: state.hidden, showNames: state.layers.has("names"),
    });
  }

  showNear() {
    const { z, item } = this.state;
    this.nearOf = z.join(",");
    this.near = this.atlas.nearest(z, 8);
    this.lists.showNear(this.near, z.slice(0, 2).map((v) => v.toFixed(2)).join(", "), item);
    this.lists.showItem(item);
  }

  /** Pins with the pictures that torch decoded; the large picture too, when it stands on one. */
  showAnswers() {
    const { pins, z } = this.state, spot = this.spot(z), bytes = this.source.answer(spot);
    this.lists.showPins(pins, (at) => this.source.answer(at), this.history.length > 0);
    if (bytes && !this.preview && pins.some((pin) => keyOf(pin) === keyOf(spot))) this.panel.showBytes(bytes, spot);
    // Python sends the latest pins' pictures itself; older ones come by URL when a link is opened.
    for (const pin of pins.slice(0, -MOST_INLINE)) this.source.want(pin).then((came) => came && this.showAnswers());
  }

  showClasses() {
    this.lists.showLegend(this.state.hidden, this.theme);
    this.plot.setVisible(this.state.hidden, this.state.layers.has("points"));
    this.redraw();
  }

  showLayers() {
    const { layers, hidden } = this.state;
    for (const button of this.root.querySelectorAll("[data-layer]")) press(button, layers.has(button.dataset.layer));
    this.layers.on = layers;
    this.plot.setVisible(hidden, layers.has("points"));
    this.redraw("under");
  }

  /** Says the held place to screen readers, once it has come to rest. */
  announce() {
    clearTimeout(this.saying);
    this.saying = setTimeout(() => {
      const { z } = this.state, told = this.atlas.told(this.state), { mix, word, near } = this.atlas.survey(z), { classes } = this.atlas;
      this.find(".la-live").textContent =
        `${z.map((v) => v.toFixed(2)).join(", ")}${told && `, ${told}`}: ${word}; ${mix.map((m) => `${m.count} of ${near.length} nearest ${classes[m.label]}`).join(", ")}`;
    }, 400);
  }

  /** Tells Python where we are; Python answers with pictures and the new link. */
  commit(delay = COMMIT_DELAY) {
    clearTimeout(this.committing);
    const send = () => {
      const { z, label, seed, layers, pins, item, hidden } = this.state;
      this.send?.("place", {
        digest: this.digest, turn: this.turn = (this.turn ?? 0) + 1, z, label, seed, view: this.view.toArray(), layers: [...layers], pins, item, hidden: [...hidden],
      });
    };
    if (delay === 0) send();
    else this.committing = setTimeout(send, delay);
  }

  destroy() {
    this.resizer.disconnect();
    this.layers.destroy();
    this.extras.destroy();
    cancelAnimationFrame(this.frame);
    for (const timer of [this.committing, this.saying]) clearTimeout(timer);
    this.plot?.destroy();
  }
}

const MOST_INLINE = 20;

function flip(set, value) { if (!set.delete(value)) set.add(value); }
function press(button, on) { button.setAttribute("aria-pressed", String(on)); }
