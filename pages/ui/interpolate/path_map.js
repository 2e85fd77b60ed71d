/**
 * The map of the Interpolate page: waypoints that can be dragged, a path through them, its frames.
 *
 * Python computes the path, because that needs torch and the metric; the browser decodes its frames.
 * A dashed line joins the waypoints until the answer comes. Only the path is committed: hovering,
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
import { FilmStrip } from "./film_strip.js";
import { wireControls, wireMap } from "./input.js";
import { drawPath, simplified } from "../map/path_overlay.js";
import { Waypoints } from "./waypoints.js";
import { showControls, showFacts, showSummary } from "./readout.js";
import { fill, paint } from "../decoder/pixels.js";

const COMMIT_DELAY = 120; // milliseconds of rest
const MAX_WAYPOINTS = 40;

export default class PathMap {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.all = (selector) => root.querySelectorAll(selector);
    this.over = this.find(".la-over");
    this.canvas = this.find('[data-testid="decoded-image"]');
    this.view = new View();
    this.mode = { panning: false };
    this.tool = "waypoints";
    this.hidden = new Set();
    this.history = new UndoStack();
    this.debouncer = new Debouncer(() => {
      const { digest, revision, turn } = this;
      this.send?.("path", { digest, revision, turn, ...this.state });
    });
    this.stats = this.over.stats = { decodes: [], served: 0, frames: 0 };
    this.layers = new Layers(this.find(".la-under"));
    this.layers.onGrown = () => this.redraw("under");
    this.overlay = new Overlay(this.over);
    this.source = new ImageSource(
      (pixels, latent) => this.present(latent, "browser", (rgba) => paint(pixels, this.items.image[0], rgba)),
      (bytes, latent) => this.present(latent, "server", (rgba) => fill(rgba, bytes, this.items.image[0])), this.stats);
    this.film = new FilmStrip(root, { latentAt: (z) => this.latentAt(z), moved: () => this.redraw() }, this.source);
    this.waypoints = new Waypoints(root, {
      add: (z) => this.add(z), remove: (i) => this.remove(i), select: (i) => this.select(i),
    }, this.source);
    this.lists = new Lists(root, { toggleClass: (label) => this.toggleClass(label) });
    wireMap(this);
    wireControls(this);
    this.resizer = new ResizeObserver(() => { this.measure(); if (this.items) this.redraw("view"); });
    this.resizer.observe(this.find(".la-plot"));
  }

  // --- messages from Python --------------------------------------------------------------------

  /** Called with every message: a new model, an answer, a path from a file or an image. */
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

  /** Adopts an answer, unless something newer has been committed since. */
  async take(data) {
    this.waypoints.showPins(data.pins);
    if (data.revision !== this.revision) {
      this.history.push(this.state);
      this.revision = data.revision;
      this.state = adopted(data.path);
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
    this.state = adopted(data.path);
    this.history.clear();
    Object.assign(this, { revision: data.revision, turn: null, chosen: null, preview: null, shown: null, speed: null, item: null });
    this.layers.setTheme(this.theme);
    this.layers.setModel(items, this.source.remote ? null : this.source);
    this.film.setModel(items);
    this.waypoints.setModel(items, urls.items);
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

  /** Shows the kinds of path and the controls that this model has. */
  offer(kinds) {
    const { items } = this;
    for (const button of this.all("[data-kind]")) button.hidden = !kinds.includes(button.dataset.kind);
    for (const button of this.all('[data-tool="draw"], [data-layer="speed"]')) button.hidden = items.latentSize !== 2;
    for (const label of this.all("[data-context]")) label.hidden = label.dataset.context !== items.context;
    const select = this.find('[data-testid="class-select"]');
    const names = items.classes.slice(0, items.contextSize);
    select.replaceChildren(new Option("Unknown", ""), ...names.map((name, label) => new Option(name, label)));
    this.find('[data-testid="noise-seed"]').max = this.source.rows.length - 1;
    if (!kinds.includes("drawn")) this.setTool("waypoints");
  }

  // --- changes ----------------------------------------------------------------------------------

  latentAt(z) { return { z, label: this.state.label, seed: this.state.seed }; }

  /** A point of the plane with the other latents of `like`. */
  complete([z1, z2], like = this.state.waypoints.at(-1) ?? new Array(this.items.latentSize).fill(0)) {
    return round([z1, z2, ...like.slice(2)]);
  }

  /** Changes the path as one step that can be undone, and commits it. */
  change(changed) {
    if (!this.items) return;
    this.history.push(this.state);
    this.state = { ...this.state, ...changed };
    this.after();
  }

  after() {
    if (this.chosen >= this.state.waypoints.length) this.chosen = null;
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
    if (this.state.waypoints.length >= MAX_WAYPOINTS) {
      this.trouble = `A path has at most ${MAX_WAYPOINTS} waypoints: delete one first.`;
      this.showAll();
      return;
    }
    this.setTool("waypoints");
    this.chosen = this.state.waypoints.length;
    this.change({ waypoints: [...this.state.waypoints, round(z)], ...(this.state.kind === "drawn" && { kind: "straight" }) });
    if (this.view.reveal(z[0], z[1])) this.redraw("view");
  }

  remove(i) {
    this.chosen = null;
    this.change({ waypoints: this.state.waypoints.filter((_, j) => j !== i) });
  }

  endStroke(stroke) {
    const points = simplified(stroke, 3 * this.view.unit).map(round);
    if (points.length < 2) { this.redraw(); return; }
    this.change({ kind: "drawn", stroke: points });
  }

  setTool(tool) {
    this.tool = tool;
    for (const button of this.all("[data-tool]")) press(button, button.dataset.tool === tool);
    showSummary(this);
  }

  nudge(dx, dy) {
    if (!this.items) return;
    if (this.chosen === null) { if (dx) this.film.step(Math.sign(dx)); return; }
    const waypoints = this.state.waypoints.map((z, i) => (i === this.chosen ? round([z[0] + dx, z[1] + dy, ...z.slice(2)]) : z));
    this.change({ waypoints });
    if (this.view.reveal(...waypoints[this.chosen])) this.redraw("view");
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

  /** Commits the path; Python answers with the curve, the frames and the lengths. */
  commit() {
    this.turn = (this.turn ?? 0) + 1;
    this.debouncer.schedule(COMMIT_DELAY);
  }

  /** Saves frames of the last answer to the board. */
  save(frames) {
    if (this.answer) this.send?.("save", { request: Date.now(), digest: this.digest, turn: this.turn, frames });
  }

  // --- display ----------------------------------------------------------------------------------

  measure() {
    const { clientWidth, clientHeight } = this.find(".la-plot");
    this.view.resize(clientWidth, clientHeight);
  }

  showAll() {
    this.showWaypoints();
    showControls(this);
    showSummary(this);
    this.redraw();
  }

  select(i) {
    this.chosen = i;
    this.showWaypoints();
    this.redraw();
  }

  showWaypoints() {
    this.waypoints.show(this.state.waypoints.map((z) => this.latentAt(z)), this.chosen);
    if (this.state.waypoints.length) this.waypoints.showGallery(this.state.waypoints[this.chosen ?? this.state.waypoints.length - 1]);
    else this.waypoints.showGallery(this.items.start);
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
      this.drawOverlay(head);
    });
  }

  headCode() {
    return this.film.codes.length ? this.film.code : this.state.waypoints[0] ?? round(this.items.start);
  }

  drawOverlay(head) {
    const { items, state, theme, view } = this, z = this.preview ?? head, latent = this.latentAt(z), key = keyOf(latent);
    if (key !== this.shown) {
      this.shown = key;
      this.source.draw(latent);
      showFacts(this, z);
    }
    this.overlay.draw(view, theme, {
      z: head, held: head, pins: [], near: [], item: null, items, hidden: this.hidden,
      showNames: state.layers.includes("names"), preview: false,
    });
    drawPath(this.over.getContext("2d"), view, theme, {
      waypoints: state.waypoints, chosen: this.chosen, frames: this.film.codes, faded: state.kind === "drawn", stroke: this.stroke, head,
      path: this.answer?.path ?? (state.kind === "drawn" ? state.stroke : state.waypoints), settled: this.answer !== null,
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

const adopted = (path) => ({ ...path, waypoints: path.waypoints.map(round), stroke: path.stroke.map(round) });
