/**
 * A sheet of generated images: select, vary, blend, compare with real ones, move along attribute directions.
 *
 * The tiles are one sprite that torch decoded; the current image is decoded here, so that the slider
 * of a direction and a blend update it on every frame. Python samples new sheets.
 */

import { copyLink } from "../component/copy_link.js";
import { Debouncer } from "../component/debounce.js";
import { loadFloats, loadJson, resolve } from "../component/load.js";
import { element, onButtons, pressOnly } from "../component/element.js";
import { onUndoKeys, spriteStyle } from "../component/image_grid.js";
import { ImageSource } from "../decoder/image_source.js";
import { countsText } from "../map/items.js";
import { acceptDroppedFiles } from "../controls/dropped_file.js";
import { ItemChoices } from "../controls/item_choices.js";
import { DirectionTracks } from "./direction_tracks.js";
import { factLines, LOW_DENSITY, movedLines } from "./image_facts.js";
import { mix, MixWeights } from "./mix.js";
import { SampleMap } from "./sample_map.js";
import { SheetSelection } from "./sheet_selection.js";
import { TileGestures } from "./tile_gestures.js";
import { VariationOptions } from "./variation_options.js";
import { Picture } from "../decoder/pixels.js";

const LARGE_TILES = 40; // largest number of images with large tiles
const COMMIT_DELAY = 250; // milliseconds of rest before the selection is committed

export default class SampleGrid extends SheetSelection {
  constructor(root) {
    super();
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.grid = this.find(".sg-grid");
    this.picture = new Picture(this.find('[data-testid="decoded-image"]'));
    this.sort = "sampled";
    this.options = new VariationOptions(root, { changed: () => this.commit(), locked: () => { this.tracks.refresh(); this.move(); } });
    this.weights = new MixWeights(this.find(".sg-weights"), () => { this.preview(this.selection(), this.weights.values()); this.commit(); });
    this.tracks = new DirectionTracks(this.find(".sg-sliders"), {
      moved: () => this.move(), source: () => this.source, items: () => this.map.items, colours: () => this.theme.classes,
      image: () => this.data.facts.image, locked: () => this.options.locked,
    });
    this.debouncer = new Debouncer(() => this.sendView());
    onButtons(root, "do", (action) => (action === "copy" ? this.copy() : this.ask(action)));
    onButtons(root, "sort", (sort) => { this.sort = sort; this.arrange(); });
    for (const box of root.querySelectorAll("[data-filter]")) box.onchange = () => this.arrange();
    this.map = new SampleMap(this.find(".sg-map"), root, {
      point: (index) => this.choose(index),
      lasso: (polygon, within) => {
        this.polygon = polygon;
        if (within.length) { this.selected = new Set(within); this.current = within[0]; this.draw(this.current); }
        this.mark();
      },
    });
    const ask = () => this.send("items", this.map.choices.message(this.digest));
    this.map.choices = new ItemChoices(root, this.map, { colour: ask, show: ask });
    this.gestures = new TileGestures(this.grid, {
      within: (indices, add) => {
        this.selected = new Set(add ? [...this.selected, ...indices] : indices);
        if (indices.length) this.current = indices[0];
        this.selected.add(this.current);
        this.mark();
        this.draw(this.current);
      },
      selected: () => this.tiles[this.current].focus(), // so that the keys go on from here
      blend: (from, onto, share, canvas) => this.preview([from, onto], [1 - share, share], canvas),
      drop: (from, onto, share) => this.ask("mix", { selected: [from, onto], weights: [1 - share, share] }),
      cancel: () => this.draw(this.current, this.moved),
    });
    this.grid.onclick = (event) => this.pressed(event);
    this.grid.onkeydown = (event) => this.key(event);
    root.addEventListener("keydown", (event) => this.letter(event));
    this.grid.onpointerover = (event) => this.hover(event.target.closest("button"));
    this.grid.onpointerleave = () => this.hover(null);
    this.grid.addEventListener("focusin", (event) => this.hover(event.target.closest("button")));
    this.grid.addEventListener("focusout", () => this.hover(null));
    this.forgetKeys = onUndoKeys(root, (action) => this.ask(action));
    this.refuseFiles = acceptDroppedFiles(['.st-key-photo-open button', '[role="dialog"] .st-key-photo-source button'], '[role="dialog"]');
  }

  async update({ data, setStateValue }, theme) {
    this.send = setStateValue;
    if (theme !== this.theme) { this.theme = theme; this.map.setTheme(theme); }
    const fresh = data.sheet.key !== this.sheet?.key;
    Object.assign(this, { data, link: data.link, asked: false });
    if (data.facts.digest !== this.digest) await this.open(data);
    else this.map.take(data, theme);
    if (fresh) this.show(data.sheet, data.view); else this.showDirections();
    this.tiles.forEach((tile, i) => { tile.dataset.saved = data.saved[i]; tile.title = data.saved[i] ? "On the board" : ""; });
    this.showButtons();
    this.root.dataset.state = "ready";
    this.onAnswer?.();
  }

  /** Takes over a model's decoder. */
  async open({ facts, urls }) {
    this.picture.resize(facts.image);
    this.source?.close();
    this.source = ImageSource.onto(this.picture);
    const [program, details] = await Promise.all([ImageSource.load(urls.program), loadFloats(urls.noise)]);
    this.source.open(program, urls.decode, facts, details);
    this.digest = facts.digest;
    this.ready = {};
    this.map.take(this.data, this.theme).then(() => { if (this.sheet) this.mark(); this.tracks.refresh(); }); // the images need not wait for it
    this.loadDirections(urls.directions);
    const { polygon, sort, hide, ...options } = this.data.view, [, median] = this.data.referenceDistances;
    Object.assign(this, { polygon, sort });
    this.map.polygon = polygon;
    for (const box of this.root.querySelectorAll("[data-filter]")) box.checked = hide.includes(box.dataset.filter);
    this.options.set(options, median, this.data.labels.length); // as different as a real image from the nearest other one
  }

  /** Requests the directions that are ready for each class. */
  async loadDirections(url) {
    const { digest } = this, found = await loadJson(url).catch(() => ({}));
    if (digest !== this.digest) return;
    this.ready = found;
    if (this.sheet) this.showDirections();
  }

  /** Shows a new sheet, as it was shown last. */
  show(sheet, { selected, weights, shares }) {
    const focused = this.grid.contains(document.activeElement);
    this.sheet = sheet;
    const [current, ...others] = selected.filter((i) => i < sheet.records.length);
    this.selected = new Set(others);
    this.anchor = null;
    this.find(".sg-note").textContent = `${sheet.title}${sheet.note ? ` · ${sheet.note}` : ""}`;
    this.tiles = sheet.records.map(({ step }, index) => element("button", {
      type: "button", role: "option", dataset: { index }, "aria-label": `Image ${index + 1}${step ? `, ${step}` : ""}`,
    }, element("i", { className: "sg-image", style: spriteStyle(sheet.sprite, index) }), element("span", { className: "sg-caption" }),
    element("i", { className: "la-tick", "aria-hidden": "true" })));
    this.caption();
    this.grid.dataset.large = sheet.records.length <= LARGE_TILES;
    this.grid.dataset.key = sheet.key;
    this.arrange();
    this.choose(current ?? 0, { add: true });
    this.weights.set(weights);
    this.shares = shares; // of a link, until the directions are here
    this.showDirections();
    this.known = JSON.stringify(this.shown());
    if (focused) this.grid.querySelector('[tabindex="0"]')?.focus(); // V, M and K go on working
    this.compare(sheet);
  }

  /** Requests the nearest real images, once the samples are on show. */
  async compare(sheet) {
    try {
      Object.assign(sheet, await loadJson(sheet.nearestUrl));
    } catch (error) { sheet.unknown = `The nearest real images could not be loaded (${error.message}).`; }
    if (this.sheet !== sheet) return;
    const names = this.data.labels, note = this.find(".sg-note");
    if (sheet.nearestLabel && names.length > 1) note.append(` · nearest real images: ${countsText(sheet.nearestLabel, names)}`);
    this.caption();
    this.showDirections();
    if (this.sort === "novel" || this.hides("copies")) this.arrange();
    this.grid.dataset.compared = sheet.key;
    if (!this.moved) this.draw(this.current);
  }

  arrange() {
    const { distance, density } = this.sheet, [near] = this.data.referenceDistances;
    pressOnly(this.root, "sort", this.sort);
    const copies = this.hides("copies") && distance, sparse = this.hides("sparse");
    const by = { sampled: (i) => i, novel: (i) => (distance ? -distance[i] : i), dense: (i) => -density[i] }[this.sort];
    const shown = (i) => !(copies && distance[i] < near) && !(sparse && density[i] < LOW_DENSITY);
    this.order = density.map((_, i) => i).filter(shown).sort((a, b) => by(a) - by(b) || a - b);
    this.grid.replaceChildren(...this.order.map((i) => this.tiles[i]));
    const hidden = this.tiles.length - this.order.length;
    this.find(".la-live").textContent = hidden ? `${hidden} images hidden` : "";
    this.mark();
  }

  /** The class that an image shows; undefined while it is not known. */
  kindOf(index) { return this.sheet?.records[index]?.kind ?? this.sheet?.kinds?.[index]; }

  /** Below large tiles: the class and, of variations, the distance from the original. */
  caption() {
    const { labels } = this.data;
    this.tiles.forEach((tile, i) => {
      const { distance } = this.sheet.records[i], kind = labels.length > 1 ? labels[this.kindOf(i)] : undefined;
      const words = [kind, distance?.toFixed(2)].filter(Boolean).join(" · ");
      Object.assign(tile.querySelector(".sg-caption"), { textContent: words, title: distance ? `${words} RMS per pixel from the original` : words });
    });
  }

  hides(what) { return this.find(`[data-filter="${what}"]`).checked; }

  mark() {
    const focus = this.order.includes(this.current) ? this.current : this.order[0];
    this.tiles.forEach((tile, i) => {
      tile.setAttribute("aria-selected", this.selected.has(i));
      tile.dataset.current = i === this.current;
      tile.tabIndex = i === focus ? 0 : -1;
    });
    this.map.show(this.sheet.records, this.selected, this.current);
    this.weights.show(this.selection());
    this.showButtons();
    this.commit();
  }

  /** Makes one image the current one, and with `add` keeps the others selected. */
  choose(index, { add = false } = {}) {
    if (!add) this.selected.clear();
    this.selected.add(index);
    this.current = index;
    this.moved = this.shares = null;
    this.showDirections();
    this.tracks.setValues([]);
    this.tracks.setImage(this.latentAt(index));
    this.mark();
    this.draw(index);
  }

  latentAt(index, z) { const { label, seed, z: own } = this.sheet.records[index]; return { z: z ?? own, label, seed }; }

  draw(index, z) {
    this.source.draw(this.latentAt(index, z));
    const item = this.sheet.nearest?.[index], real = this.find(".sg-real");
    if (item === undefined) real.removeAttribute("src"); else real.src = resolve(`${this.data.urls.items}/${item}.png`);
    real.alt = item === undefined ? "" : `Real image ${item}, ${this.data.labels[this.sheet.nearestLabel[index]] ?? ""}`;
    this.describe(index, z);
  }

  describe(index, z) {
    const lines = z ? movedLines(z, this.sheet.records[index], this.data.facts) : factLines(this.sheet, index, this.data);
    this.find(".sg-facts").replaceChildren(...lines.map((line) => element("span", { textContent: line })));
  }

  hover(tile) {
    if (!this.sheet || this.moved || this.gestures.drag?.active) return;
    const index = tile ? Number(tile.dataset.index) : this.current;
    if (this.sheet.records[index]) this.draw(index);
  }

  /** Shows the mix of images with weights before it is made, also on a canvas. */
  preview(indices, weights, canvas = null) {
    if (!weights.some((weight) => weight > 0)) return;
    const latent = this.latentAt(indices[0], mix(indices.map((i) => this.sheet.records[i].z), weights));
    this.source.draw(latent);
    if (!canvas) return;
    const [height, width] = this.data.facts.image.slice(1);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    if (this.source.decoder) this.source.paintOn(canvas, latent);
    else canvas.getContext("2d").drawImage(this.picture.canvas, 0, 0); // one decode for both, which comes later
  }

  /** The visitor's directions, then those that are ready for the class of the current image. */
  showDirections() {
    const ready = this.ready?.[this.kindOf(this.current) ?? (this.data.labels.length > 1 ? -1 : 0)] ?? [], nothing = this.find(".sg-nothing");
    this.directions = [...this.data.directions, ...ready.filter(({ name }) => !this.data.directions.some((own) => own.name === name))];
    this.tracks.setDirections(this.directions);
    if (this.shares?.length && this.shares.length === this.directions.length) {
      this.tracks.setValues(this.shares);
      this.shares = null;
      this.move();
    }
    nothing.hidden = this.directions.length > 0 || !this.sheet?.kinds;
    nothing.textContent = "No direction is known for this class: its items are few, or the latents do not tell them apart.";
  }

  /** Moves the current image along all directions while a slider is dragged. */
  move() {
    const { z } = this.sheet.records[this.current], offset = this.tracks.offset();
    this.moved = offset.some((v) => v) ? z.map((v, k) => v + offset[k]) : null;
    this.draw(this.current, this.moved);
    this.showButtons();
    this.commit();
  }

  /** The images of a sheet of variations that are not its original. */
  children() { return this.sheet?.records[1]?.distance ? this.selection().filter((i) => i > 0) : []; }

  showButtons() {
    const count = this.selected.size, some = count >= 1, { can = {}, groups = {} } = this.data ?? {};
    const enabled = {
      ...can, copy: true, variations: some, more: some, less: this.children().length > 0, save: some, a: some, b: some && groups.a, mix: count >= 2, film: count >= 2,
      move: this.moved, region: this.polygon,
    };
    for (const button of this.root.querySelectorAll("[data-do]")) button.disabled = !enabled[button.dataset.do];
    this.find('[data-do="save"]').textContent = count > 1 ? `Save ${count} to board` : "Save to board";
    this.find('[data-do="mix"]').textContent = count > 1 ? `Mix ${count}` : "Mix";
    for (const side of ["a", "b"]) {
      const name = `Group ${side.toUpperCase()}`;
      this.find(`[data-do="${side}"]`).textContent = groups[side] ? `${name} (${groups[side]})` : name;
    }
  }

  /** Sends how the sheet is shown once it has come to rest: for the link, and for undo. */
  commit() { this.debouncer.schedule(COMMIT_DELAY); }

  /** How the sheet is shown. */
  shown() {
    return {
      key: this.sheet.key, selected: this.selection(), sort: this.sort, hide: ["copies", "sparse"].filter((what) => this.hides(what)),
      ...this.options.values(), weights: this.weights.values(), shares: this.tracks.values().some((v) => v) ? this.tracks.values() : [], polygon: this.polygon ?? null,
    };
  }

  get unsent() { return this.sheet && JSON.stringify(this.shown()) !== this.known; }

  sendView() {
    if (!this.unsent) return;
    this.known = JSON.stringify(this.shown());
    this.send("view", { turn: Date.now(), ...this.shown() });
  }

  copy() { copyLink(this, (this.unsent || this.asked) && (() => this.sendView())); }

  /** @param action a command   @param changed what differs from the selection */
  ask(action, changed = {}) {
    if (!this.sheet || (this.find(`[data-do="${action}"]`).disabled && !changed.selected)) return;
    const shares = this.tracks.values();
    const moves = shares.map((v, d) => [v, this.directions[d].name])
      .filter(([v]) => v).map(([v, name]) => `${v > 0 ? "+" : "−"}${Math.abs(v).toFixed(1)} ${name}`).join(", ");
    this.sendView();
    this.asked = true;
    const message = {
      turn: Date.now(), key: this.sheet.key, do: action, selected: this.selection(), weights: this.weights.values(), ...this.options.values(),
      description: "ab".includes(action) ? this.find("[data-direction-name]").value.trim() : moves,
      z: ["move", "variations", "more"].includes(action) ? this.moved ?? null : null, polygon: action === "region" ? this.polygon : null, ...changed,
    };
    if (action === "more") Object.assign(message, { do: "variations", distance: Math.max(0.01, message.distance / 2) });
    if (action === "less") Object.assign(message, { do: "variations", selected: [0], unlike: this.children() });
    this.send("ask", message);
  }

  destroy() { this.debouncer.cancel(); this.tracks.destroy(); this.forgetKeys(); this.refuseFiles(); this.map.destroy(); this.source?.close(); }
}
