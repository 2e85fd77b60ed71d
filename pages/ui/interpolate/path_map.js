/**
 * The Interpolate page's map: stops that are dragged, a way through them, a film of it.
 *
 * Python finds the way (torch and the metric are there); the browser decodes its frames. While an
 * answer is on its way, stops are joined by a dashed line. Only the way is committed: hovering,
 * playing and scrubbing send nothing.
 */

import { press } from "../component/element.js";
import { answered, copyLink } from "../component/copy_link.js";
import { UndoStack } from "../component/undo_stack.js";
import { loadBuffer, loadFloats } from "../component/load.js";
import { Debouncer } from "../component/debounce.js";
import { Items } from "../map/items.js";
import { Layers } from "../map/layers.js";
import { Lists } from "../map/lists.js";
import { Overlay } from "../map/overlay.js";
import { loadPlotly, Plot } from "../map/scatter.js";
import { keyOf, ImageSource } from "../decoder/image_source.js";
import { round, View } from "../map/viewport.js";
import { Film } from "./film_strip.js";
import { wireControls, wireMap } from "./input.js";
import { drawPath, simplified } from "../map/path_overlay.js";
import { Stops } from "./stops.js";
import { showControls, showFacts, showWords } from "./readout.js";
import { fill, paint } from "../decoder/pixels.js";

const COMMIT_DELAY = 120; // milliseconds of rest
const MOST_STOPS = 40;

export default class PathMap {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.all = (selector) => root.querySelectorAll(selector);
    this.over = this.find(".la-over");
    this.canvas = this.find('[data-testid="decoded-image"]');
    this.view = new View();
    this.mode = { panning: false };
    this.tool = "stops";
    this.hidden = new Set();
    this.history = new UndoStack();
    this.debouncer = new Debouncer(() => this.send?.("way", { digest: this.digest, revision: this.revision, turn: this.turn, ...this.state }));
    this.stats = this.over.stats = { decodes: [], served: 0, frames: 0 };
    this.layers = new Layers(this.find(".la-under"));
    this.layers.onGrown = () => this.redraw("under");
    this.overlay = new Overlay(this.over);
    this.source = new ImageSource(
      (pixels, latent) => this.present(latent, "browser", (rgba) => paint(pixels, this.items.image[0], rgba)),
      (bytes, latent) => this.present(latent, "server", (rgba) => fill(rgba, bytes, this.items.image[0])), this.stats);
    this.film = new Film(root, { latentAt: (z) => this.latentAt(z), moved: () => this.redraw() }, this.source);
    this.stops = new Stops(root, {
      add: (z) => this.add(z), remove: (i) => this.remove(i), choose: (i) => { this.chosen = i; this.showStops(); this.redraw(); },
    }, this.source);
    this.lists = new Lists(root, { toggleClass: (label) => this.toggleClass(label) });
    wireMap(this);
    wireControls(this);
    this.resizer = new ResizeObserver(() => { this.measure(); if (this.items) this.redraw("view"); });
    this.resizer.observe(this.find(".la-plot"));
  }

  // --- what Python says ------------------------------------------------------------------------

  /** Called with every message of Python: a new model, an answer, a stop from an image. */
  async update({ data, setStateValue }, theme) {
    this.send = setStateValue;
    this.link = data.link;
    const repaint = theme !== this.theme;
    this.theme = theme;
    if (data.facts.digest !== this.digest) { await this.open(data); return; }
    if (!this.items) return;
    if (repaint) {
      this.layers.setTheme(theme);
      this.lists.showLegend(this.hidden, theme);
      await this.plot.setTheme(theme, this.view);
      this.redraw("view");
    }
    this.take(data);
  }

  /** Takes over what an answer says, unless something newer has been committed since. */
  async take(data) {
    this.stops.showPins(data.pins);
    if (data.revision !== this.revision) {
      this.history.push(this.state);
      this.revision = data.revision;
      this.state = adopted(data.way);
      this.chosen = null;
    } else if (data.turn !== null && data.turn !== this.turn) return;
    this.answer = data.answer;
    this.trouble = data.trouble;
    this.film.setFrames(this.answer?.frames ?? []);
    this.root.dataset.turn = this.turn ?? 0;
    this.showAll();
    this.onAnswer?.();
    if (data.speed && data.speed !== this.speed) {
      this.speed = data.speed;
      const speed = await loadFloats(data.speed).catch(() => null);
      if (this.speed !== data.speed) return;
      this.items.speed = speed;
      this.layers.fields = {};
      this.redraw("under");
    }
  }

  async open(data) {
    const { facts, urls, plotly } = data;
    this.digest = null;
    this.debouncer.cancel();
    this.root.dataset.state = "loading";
    this.film.pause();
    this.items = null;
    const [Plotly, items, buffer, noise] = await Promise.all([
      loadPlotly(plotly), Items.load(urls, facts), loadBuffer(urls.program), loadFloats(urls.noise)]);
    this.source.open(buffer, urls.decode, facts, noise);
    this.items = items;
    this.digest = facts.digest;
    const [, height, width] = items.image;
    Object.assign(this.canvas, { width, height });
    this.ctx = this.canvas.getContext("2d");
    this.image = this.ctx.createImageData(width, height);
    this.state = adopted(data.way);
    this.history.clear();
    Object.assign(this, { revision: data.revision, turn: null, chosen: null, preview: null, shown: null, speed: null, item: null });
    this.layers.setTheme(this.theme);
    this.layers.setModel(items, this.source.remote ? null : this.source);
    this.film.setModel(items);
    this.stops.setModel(items, urls.items);
    this.lists.setModel(items, null, urls.items);
    this.lists.showLegend(this.hidden, this.theme);
    this.offer(data.kinds);
    this.measure();
    this.view.fit(items.bounds);
    this.plot ??= new Plot(this.find(".la-plotly"), Plotly);
    Object.assign(this.plot, { hidden: this.hidden, shown: this.state.layers.includes("points") });
    await this.plot.draw(items, this.view, this.theme);
    this.root.dataset.state = "ready";
    this.showLayers();
    this.take({ ...data, turn: null });
    this.redraw("view");
  }

  /** Shows the kinds of way and the controls that this model knows. */
  offer(kinds) {
    const { items } = this;
    for (const button of this.all("[data-kind]")) button.hidden = !kinds.includes(button.dataset.kind);
    for (const button of this.all('[data-tool="draw"], [data-layer="speed"]')) button.hidden = items.latentSize !== 2;
    for (const label of this.all("[data-context]")) label.hidden = label.dataset.context !== items.context;
    const select = this.find('[data-testid="class-select"]');
    select.replaceChildren(new Option("Unknown", ""), ...items.classes.slice(0, items.contextSize).map((name, label) => new Option(name, label)));
    this.find('[data-testid="noise-seed"]').max = this.source.rows.length - 1;
    if (!kinds.includes("drawn")) this.setTool("stops");
  }

  // --- what people do -------------------------------------------------------------------------

  latentAt(z) { return { z, label: this.state.label, seed: this.state.seed }; }

  /** A place on the plane with the further dimensions of another code. */
  complete([z1, z2], like = this.state.stops.at(-1) ?? new Array(this.items.latentSize).fill(0)) { return round([z1, z2, ...like.slice(2)]); }

  /** The one way by which the way changes: undone as a whole, told to Python. */
  change(changed) {
    if (!this.items) return;
    this.history.push(this.state);
    this.state = { ...this.state, ...changed };
    this.after();
  }

  after() {
    if (this.chosen >= this.state.stops.length) this.chosen = null;
    this.answer = null;
    this.shown = null;
    this.film.refresh();
    this.showAll();
    this.commit();
  }

  undo() { this.restore(this.history.undo(this.state)); }
  redo() { this.restore(this.history.redo(this.state)); }

  restore(state) {
    if (!state) return;
    this.state = { ...state, layers: this.state.layers };
    this.after();
  }

  add(z) {
    if (this.state.stops.length >= MOST_STOPS) { this.trouble = `A way has at most ${MOST_STOPS} stops: delete one first.`; this.showAll(); return; }
    this.setTool("stops");
    this.chosen = this.state.stops.length;
    this.change({ stops: [...this.state.stops, round(z)], ...(this.state.kind === "drawn" && { kind: "straight" }) });
    if (this.view.reveal(z[0], z[1])) this.redraw("view");
  }

  remove(i) {
    this.chosen = null;
    this.change({ stops: this.state.stops.filter((_, j) => j !== i) });
  }

  endStroke(stroke) {
    const points = simplified(stroke, 3 * this.view.unit).map(round);
    if (points.length < 2) { this.redraw(); return; }
    this.change({ kind: "drawn", stroke: points });
  }

  setTool(tool) {
    this.tool = tool;
    for (const button of this.all("[data-tool]")) press(button, button.dataset.tool === tool);
    showWords(this);
  }

  nudge(dx, dy) {
    if (!this.items) return;
    if (this.chosen === null) { if (dx) this.film.step(Math.sign(dx)); return; }
    const stops = this.state.stops.map((z, i) => (i === this.chosen ? round([z[0] + dx, z[1] + dy, ...z.slice(2)]) : z));
    this.change({ stops });
    if (this.view.reveal(...stops[this.chosen])) this.redraw("view");
  }

  zoom(factor) { this.view.zoom(factor); this.redraw("view"); }

  fit() { this.view.fit(this.items.bounds); this.redraw("view"); }

  toggleClass(label) {
    if (!this.hidden.delete(label)) this.hidden.add(label);
    this.lists.showLegend(this.hidden, this.theme);
    this.plot.setVisible(this.hidden, this.state.layers.includes("points"));
    this.redraw();
  }

  /** Copies the link that Python writes in its answer to the last change. */
  async copyLink() {
    if (Number(this.root.dataset.turn) !== (this.turn ?? 0)) {
      const answer = answered(this);
      this.debouncer.flush();
      await answer;
    }
    await copyLink(this.find('[data-do="copy"]'), this.link);
  }

  /** Tells Python the way; it answers with the curve, the frames and the lengths. */
  commit() {
    this.turn = (this.turn ?? 0) + 1;
    this.debouncer.schedule(COMMIT_DELAY);
  }

  /** Asks Python to put frames of the way that it answered last on the board. */
  keep(frames) {
    if (this.answer) this.send?.("keep", { asked: Date.now(), digest: this.digest, turn: this.turn, frames });
  }

  // --- what people see ------------------------------------------------------------------------

  measure() {
    const { clientWidth, clientHeight } = this.find(".la-plot");
    this.view.resize(clientWidth, clientHeight);
  }

  showAll() {
    this.showStops();
    showControls(this);
    showWords(this);
    this.redraw();
  }

  showStops() {
    this.stops.show(this.state.stops.map((z) => this.latentAt(z)), this.chosen);
    if (this.state.stops.length) this.stops.showGallery(this.state.stops[this.chosen ?? this.state.stops.length - 1]);
    else this.stops.showGallery(this.items.start);
  }

  showLayers() {
    const { layers } = this.state;
    for (const button of this.all("[data-layer]")) press(button, layers.includes(button.dataset.layer));
    this.layers.on = new Set(layers);
    this.plot.setVisible(this.hidden, layers.includes("points"));
    this.redraw("under");
  }

  present(latent, source, draw) {
    draw(this.image.data);
    this.ctx.putImageData(this.image, 0, 0);
    Object.assign(this.canvas.dataset, { z: latent.z.join(","), source });
    this.stats.frames++;
  }

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
      const head = this.headCode();
      if (dirty.has("view") || dirty.has("under")) this.layers.draw(this.view, this.latentAt(head));
      this.drawPlace(head);
    });
  }

  headCode() {
    return this.film.codes.length ? this.film.code : this.state.stops[0] ?? round(this.items.start);
  }

  drawPlace(head) {
    const { items, state, theme, view } = this, z = this.preview ?? head, latent = this.latentAt(z), key = keyOf(latent);
    if (key !== this.shown) {
      this.shown = key;
      this.source.draw(latent);
      showFacts(this, z);
    }
    this.overlay.draw(view, theme, { z: head, held: head, pins: [], near: [], item: null, items, hidden: this.hidden, showNames: state.layers.includes("names"), preview: false });
    drawPath(this.over.getContext("2d"), view, theme, {
      waypoints: state.stops, chosen: this.chosen, frames: this.film.codes, faded: state.kind === "drawn", stroke: this.stroke, head,
      path: this.answer?.path ?? (state.kind === "drawn" ? state.stroke : state.stops), settled: this.answer !== null,
    });
  }

  destroy() {
    this.resizer.disconnect();
    this.layers.destroy();
    this.film.destroy();
    cancelAnimationFrame(this.frame);
    this.debouncer.cancel();
    this.plot?.destroy();
  }
}

const adopted = (way) => ({ ...way, stops: way.stops.map(round), stroke: way.stroke.map(round) });
