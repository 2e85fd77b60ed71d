/**
 * The map of the Interpolate page: waypoints that can be dragged, a path through them, its frames.
 *
 * Python computes the path, because that needs torch and the metric; the browser decodes its frames.
 * A dashed line joins the waypoints until the answer comes. Only the path is committed: hovering,
 * playing and scrubbing send nothing.
 */

import { pressOnly } from "../component/element.js";
import { UndoStack } from "../component/undo_stack.js";
import { loadFloats } from "../component/load.js";
import { ItemChoices } from "../controls/item_choices.js";
import { LatestImage } from "../decoder/latest_image.js";
import { DecodedMap } from "../map/decoded_map.js";
import { simplified } from "../map/lasso.js";
import { Lists, offerClasses } from "../map/lists.js";
import { offerGroups } from "../decoder/seed_groups.js";
import { round } from "../map/viewport.js";
import { FilmStrip } from "./film_strip.js";
import { wireControls, wireMap } from "./input.js";
import { drawPath } from "./path_overlay.js";
import { Waypoints } from "./waypoints.js";
import { showControls, showFacts, showItem, showSummary } from "./readout.js";

const COMMIT_DELAY = 120; // milliseconds of rest
const MAX_WAYPOINTS = 40;

export default class PathMap extends DecodedMap {
  constructor(root) {
    super(root);
    this.tool = "waypoints";
    this.history = new UndoStack();
    this.film = new FilmStrip(root, { latentAt: (z) => this.latentAt(z), moved: () => this.redraw() }, this.source);
    const handlers = { add: (z) => this.add(z), remove: (i) => this.remove(i), select: (i) => this.select(i), latentAt: (z) => this.latentAt(z) };
    this.waypoints = new Waypoints(root, handlers, this.source);
    this.lists = new Lists(root, { toggleClass: (label) => this.toggleClass(label) });
    this.nearest = new LatestImage((item) => this.lists.picture(item), (image, item) => showItem(this, image, item));
    const ask = () => this.send?.("items", this.choices.message(this.digest));
    this.choices = new ItemChoices(root, this, { colour: ask, show: ask });
    wireMap(this);
    wireControls(this);
  }

  // --- messages from Python --------------------------------------------------------------------

  /** Adopts an answer, unless something newer has been committed since. */
  async take(data) {
    this.waypoints.showPins(data.pins);
    this.choices.follow(data.items);
    if (data.revision !== this.revision) {
      this.history.push(this.state);
      this.revision = data.revision;
      this.state = adopted(data.path);
      this.chosen = null;
    } else if (data.turn !== null && data.turn !== this.turn) return;
    this.answer = data.answer;
    this.trouble = data.trouble;
    this.film.setFrames(this.answer?.frames ?? [], this.answer?.saved);
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

  async open(data) { this.film.pause(); this.items = null; await super.open(data); }

  async openItems(data) {
    this.nearest.forget();
    await super.openItems(data);
  }

  showColours(coloured) {
    super.showColours(coloured);
    this.film.setItems(coloured);
    this.waypoints.setItems(coloured);
  }

  restore({ path, revision, kinds, urls, typical, items: chosen }) {
    const { items, coloured } = this;
    this.state = adopted(path);
    this.history.clear();
    this.nearest.forget();
    Object.assign(this, { revision, turn: null, chosen: null, speed: null, hidden: new Set() });
    this.film.setModel(coloured);
    this.lists.setModel(items, null, urls.items);
    this.lists.coloured = coloured;
    this.waypoints.setModel(coloured, this.lists.picture, typical);
    this.choices.setModel(items, chosen);
    this.offer(kinds);
  }

  /** Shows the kinds of path and the controls that this model has. */
  offer(kinds) {
    const { items } = this;
    for (const button of this.all("[data-kind]")) button.hidden = !kinds.includes(button.dataset.kind);
    for (const button of this.all('[data-tool="draw"], [data-layer="speed"]')) button.hidden = items.latentSize !== 2;
    for (const label of this.all("[data-context]")) label.hidden = label.dataset.context !== items.context;
    offerClasses(this.find('[data-testid="class-select"]'), "Unknown", items.classes.slice(0, items.contextSize));
    this.find('[data-testid="noise-seed"]').max = items.variations - 1;
    offerGroups(this.find('[data-testid="detail-select"]'), items);
    if (!kinds.includes("drawn")) this.setTool("waypoints");
  }

  // --- changes ----------------------------------------------------------------------------------

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

  /** Changes how the path is played, by the player and in files. */
  play(changed) {
    this.state = { ...this.state, ...changed };
    showControls(this);
    this.commit();
  }

  after() {
    if (this.chosen >= this.state.waypoints.length) this.chosen = null;
    this.answer = null;
    this.shown = null;
    this.film.refresh();
    this.showAll();
    this.commit();
  }

  undo() { this.returnTo(this.history.undo(this.state)); }
  redo() { this.returnTo(this.history.redo(this.state)); }

  returnTo(state) {
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

  setTool(tool) { this.tool = tool; pressOnly(this.root, "tool", tool); showSummary(this); }

  nudge(dx, dy) {
    if (!this.items) return;
    if (this.chosen === null) { if (dx) this.film.step(Math.sign(dx)); return; }
    const waypoints = this.state.waypoints.map((z, i) => (i === this.chosen ? round([z[0] + dx, z[1] + dy, ...z.slice(2)]) : z));
    this.change({ waypoints });
    if (this.view.reveal(...waypoints[this.chosen])) this.redraw("view");
  }

  /** Commits the path; Python answers with the curve, the frames and the lengths. */
  commit() {
    this.turn = (this.turn ?? 0) + 1;
    this.debouncer.schedule(COMMIT_DELAY);
  }

  sendState() {
    const { digest, revision, turn, state } = this;
    this.send?.("path", { digest, revision, turn, ...state, layers: [...state.layers] });
  }

  /** Saves frames of the last answer to the board. */
  save(frames) {
    if (this.answer) this.send?.("save", { request: Date.now(), digest: this.digest, turn: this.turn, frames });
  }

  // --- display ----------------------------------------------------------------------------------

  get held() { return this.film.codes.length ? this.film.code : this.state.waypoints[0] ?? round(this.items.start); }

  showAll() {
    this.showWaypoints();
    showControls(this);
    showSummary(this);
    this.redraw();
  }

  select(i) { this.chosen = i; this.showWaypoints(); this.redraw(); }

  showWaypoints() {
    this.waypoints.show(this.state.waypoints.map((z) => this.latentAt(z)), this.chosen);
    this.waypoints.showGallery(this.state.waypoints.at(this.chosen ?? -1) ?? this.items.start);
  }

  showLegend() { this.lists.showLegend(this.hidden, this.theme); }
  showPosition(z) { showFacts(this, z); }

  drawMarks() {
    const { items, coloured, state: { waypoints, layers, kind, stroke }, theme, view, hidden, held } = this, drawn = kind === "drawn";
    const named = coloured.onScale ? { items, hidden: new Set() } : { items: coloured, hidden };
    this.overlay.draw(view, theme, { z: held, ...named, showNames: layers.has("names") });
    drawPath(this.over.getContext("2d"), view, theme, {
      waypoints, chosen: this.chosen, frames: this.film.codes, faded: drawn, stroke: this.stroke, head: held,
      path: this.answer?.curve ?? (drawn ? stroke : waypoints), settled: this.answer !== null,
    });
  }

  destroy() { super.destroy(); this.film.destroy(); }
}

const adopted = (path) => ({ ...path, layers: new Set(path.layers), waypoints: path.waypoints.map(round), stroke: path.stroke.map(round) });
