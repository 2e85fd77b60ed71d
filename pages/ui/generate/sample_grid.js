/**
 * A sheet of generated images: select, compare with real ones, move along attribute directions.
 *
 * The tiles are one sprite that torch decoded; the current image is decoded here, so that the slider
 * of a direction updates it on every frame. Python samples new sheets.
 */

import { copyLink } from "../component/copy_link.js";
import { Debouncer } from "../component/debounce.js";
import { loadFloats, loadJson, resolve } from "../component/load.js";
import { element, onButtons, pressOnly } from "../component/element.js";
import { gridStep, onUndoKeys, spriteStyle } from "../component/image_grid.js";
import { ImageSource } from "../decoder/image_source.js";
import { countsText } from "../map/items.js";
import { seedName } from "../decoder/seed_groups.js";
import { ItemChoices } from "../controls/item_choices.js";
import { SampleMap } from "./sample_map.js";
import { Picture } from "../decoder/pixels.js";

const LOW_DENSITY = 0.05, MEDIUM_DENSITY = 0.3; // in units of the density at the median real image
const LARGE_TILES = 40; // largest number of images with large tiles
const COMMIT_DELAY = 250; // milliseconds of rest before the selection is committed

export default class SampleGrid {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.grid = this.find(".sg-grid");
    this.picture = new Picture(this.find('[data-testid="decoded-image"]'));
    this.selected = new Set();
    this.sort = "sampled";
    this.spread = this.find("[data-spread]");
    this.spread.oninput = () => { showNumber(this.spread, 2); this.commit(); };
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
    this.grid.onclick = (event) => this.pressed(event);
    this.grid.onkeydown = (event) => this.key(event);
    this.grid.onpointerover = (event) => this.hover(event.target.closest("button"));
    this.grid.onpointerleave = () => this.hover(null);
    this.grid.addEventListener("focusin", (event) => this.hover(event.target.closest("button")));
    this.grid.addEventListener("focusout", () => this.hover(null));
    this.forgetKeys = onUndoKeys(root, (action) => this.ask(action));
  }

  async update({ data, setStateValue }, theme) {
    this.send = setStateValue;
    if (theme !== this.theme) { this.theme = theme; this.map.setTheme(theme); }
    const fresh = data.sheet.key !== this.sheet?.key;
    Object.assign(this, { data, link: data.link, asked: false });
    if (data.facts.digest !== this.digest) await this.open(data);
    else this.map.take(data, theme);
    this.showDirections();
    if (fresh) this.show(data.sheet, data.view);
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
    this.map.take(this.data, this.theme).then(() => this.mark()); // the images need not wait for it
    const { polygon, sort, hide, spread } = this.data.view;
    Object.assign(this, { polygon, sort });
    this.map.polygon = polygon;
    for (const box of this.root.querySelectorAll("[data-filter]")) box.checked = hide.includes(box.dataset.filter);
    this.spread.value = spread;
    showNumber(this.spread, 2);
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
      type: "button", role: "option", dataset: { index }, style: spriteStyle(sheet.sprite, index),
      "aria-label": `Image ${index + 1}${step ? `, ${step}` : ""}`,
    }, element("i", { className: "la-tick", "aria-hidden": "true" })));
    this.grid.dataset.large = sheet.records.length <= LARGE_TILES;
    this.grid.dataset.key = sheet.key;
    this.arrange();
    this.choose(current ?? 0, { add: true });
    this.setValues(".sg-weights", weights);
    this.setValues(".sg-sliders", shares);
    if (shares.some((share) => share)) this.move();
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

  hides(what) { return this.find(`[data-filter="${what}"]`).checked; }

  mark() {
    const focus = this.order.includes(this.current) ? this.current : this.order[0];
    this.tiles.forEach((tile, i) => {
      tile.setAttribute("aria-selected", this.selected.has(i));
      tile.dataset.current = i === this.current;
      tile.tabIndex = i === focus ? 0 : -1;
    });
    this.map.show(this.sheet.records, this.selected, this.current);
    this.showWeights();
    this.showButtons();
    this.commit();
  }

  /** Makes one image the current one, and with `add` keeps the others selected. */
  choose(index, { add = false } = {}) {
    if (!add) this.selected.clear();
    this.selected.add(index);
    this.current = index;
    this.setValues(".sg-sliders", []);
    this.moved = null;
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
    const { records, distance, density } = this.sheet, [near, median] = this.data.referenceDistances;
    const record = records[index], far = distance?.[index], local = density[index];
    const novelty = far < near ? "near-duplicate of a real image" : far < median ? "similar to a real image" : "clearly novel";
    const level = local < LOW_DENSITY ? "low" : local < MEDIUM_DENSITY ? "medium" : "high";
    const detail = seedName(record.seed, this.data.facts);
    const lines = [`z ${(z ?? record.z).map((v) => v.toFixed(2)).join(", ")}${detail && ` · ${detail}`}`];
    if (z) lines.push("moved along directions; “Use as new sample” compares it with real images");
    else lines.push(far === undefined ? this.sheet.unknown ?? "Looking for the nearest real image…"
      : `${far.toFixed(3)} RMS per pixel from the nearest real image: ${novelty}`, `Local density ${level}, ${local.toFixed(2)} × the median`);
    if (record.step && !z) lines.push(record.step);
    this.find(".sg-facts").replaceChildren(...lines.map((line) => element("span", { textContent: line })));
  }

  hover(tile) {
    if (!this.sheet || this.moved) return;
    const index = tile ? Number(tile.dataset.index) : this.current;
    if (this.sheet.records[index]) this.draw(index);
  }

  pressed(event) {
    const tile = event.target.closest("button");
    if (!tile) return;
    const index = Number(tile.dataset.index);
    if (event.shiftKey && this.anchor !== null) {
      const [a, b] = [this.order.indexOf(this.anchor), this.order.indexOf(index)].sort((x, y) => x - y);
      for (const i of this.order.slice(a, b + 1)) this.selected.add(i);
      this.choose(index, { add: true });
    } else this.toggle(index, event.ctrlKey || event.metaKey || event.target.matches(".la-tick"));
  }

  toggle(index, add) {
    this.anchor = index;
    if (add && this.selected.has(index) && this.selected.size > 1) {
      this.selected.delete(index);
      if (this.current === index) this.current = [...this.selected].at(-1);
      this.mark();
      this.draw(this.current);
    } else this.choose(index, { add });
  }

  key(event) {
    const tile = event.target.closest("button");
    if (!tile || event.ctrlKey || event.metaKey || event.altKey) return;
    const shown = this.order.map((i) => this.tiles[i]), at = shown.indexOf(tile), last = shown.length - 1;
    const step = { Home: -at, End: last - at }[event.key] ?? gridStep(event.key, shown);
    const action = { v: "variations", m: "mix", k: "save" }[event.key.toLowerCase()];
    if (step !== undefined) {
      const next = shown[Math.min(last, Math.max(0, at + step))];
      for (const other of this.tiles) other.tabIndex = other === next ? 0 : -1;
      next.focus();
    } else if (event.key === " ") this.toggle(Number(tile.dataset.index), true);
    else if (event.key === "Enter") this.choose(Number(tile.dataset.index));
    else if (action) this.ask(action);
    else return;
    event.preventDefault();
  }

  /** One weight slider per selected image. */
  showWeights() {
    const panel = this.find(".sg-weights"), selected = this.selection();
    if (panel.dataset.selected === selected.join()) return;
    panel.dataset.selected = selected.join();
    const shown = selected.length > 1 && selected.length <= 8 ? selected : [];
    panel.replaceChildren(...shown.map((index) => range(`image ${index + 1}`, { min: 0, max: 1, value: 0.5, digits: 2 }, () => this.commit())));
    if (shown.length) return;
    panel.textContent = selected.length > 8 ? `${selected.length} images with equal weights` : "Select two or more images.";
  }

  /** The current image first, then the others. */
  selection() { return [this.current, ...[...this.selected].filter((i) => i !== this.current)].filter((i) => i !== undefined); }

  showDirections() {
    const { directions } = this.data, panel = this.find(".sg-sliders"), names = JSON.stringify(directions);
    this.find(".sg-directions").hidden = !directions.length;
    if (panel.dataset.names === names) return;
    panel.dataset.names = names;
    const bounds = { min: -2, max: 2, value: 0, digits: 1, step: 0.02 };
    panel.replaceChildren(...directions.map(({ name }) => range(name, bounds, () => this.move())));
  }

  /** Moves the current image along all directions while a slider is dragged. */
  move() {
    const shares = this.values(".sg-sliders"), { z } = this.sheet.records[this.current];
    const offset = (k) => shares.reduce((sum, share, d) => sum + share * this.data.directions[d].vector[k], 0);
    this.moved = shares.some((v) => v) ? z.map((v, k) => v + offset(k)) : null;
    this.draw(this.current, this.moved);
    this.showButtons();
    this.commit();
  }

  showButtons() {
    const count = this.selected.size, some = count >= 1, { can = {}, groups = {} } = this.data ?? {};
    const enabled = { ...can, copy: true, variations: some, save: some, a: some, b: some, mix: count >= 2, move: this.moved, region: this.polygon };
    for (const button of this.root.querySelectorAll("[data-do]")) button.disabled = !enabled[button.dataset.do];
    this.find('[data-do="save"]').textContent = count > 1 ? `Save ${count} images to board` : "Save to board";
    for (const side of ["a", "b"]) {
      const name = `group ${side.toUpperCase()}`;
      this.find(`[data-do="${side}"]`).textContent = groups[side] ? `Change ${name} (${groups[side]})` : `Set as ${name}`;
    }
  }

  /** The values of the sliders in a panel. */
  values(panel) { return [...this.root.querySelectorAll(`${panel} input`)].map((slider) => Number(slider.value)); }

  setValues(panel, values) {
    this.root.querySelectorAll(`${panel} input`).forEach((slider, i) => {
      slider.value = values[i] ?? slider.defaultValue;
      showNumber(slider, slider.dataset.digits);
    });
  }

  /** Sends how the sheet is shown once it has come to rest: for the link, and for undo. */
  commit() { this.debouncer.schedule(COMMIT_DELAY); }

  /** How the sheet is shown. */
  shown() {
    return {
      key: this.sheet.key, selected: this.selection(), sort: this.sort, hide: ["copies", "sparse"].filter((what) => this.hides(what)),
      spread: Number(this.spread.value), weights: this.values(".sg-weights"), shares: this.values(".sg-sliders"), polygon: this.polygon ?? null,
    };
  }

  get unsent() { return this.sheet && JSON.stringify(this.shown()) !== this.known; }

  sendView() {
    if (!this.unsent) return;
    this.known = JSON.stringify(this.shown());
    this.send("view", { turn: Date.now(), ...this.shown() });
  }

  copy() { copyLink(this, (this.unsent || this.asked) && (() => this.sendView())); }

  ask(action) {
    if (!this.sheet || this.find(`[data-do="${action}"]`).disabled) return;
    const description = this.values(".sg-sliders").map((v, d) => [v, this.data.directions[d].name])
      .filter(([v]) => v).map(([v, name]) => `${v > 0 ? "+" : "−"}${Math.abs(v).toFixed(1)} ${name}`).join(", ");
    this.sendView();
    this.asked = true;
    this.send("ask", {
      turn: Date.now(), key: this.sheet.key, do: action, selected: this.selection(), weights: this.values(".sg-weights"), description,
      spread: Number(this.spread.value), z: action === "move" ? this.moved : null, polygon: action === "region" ? this.polygon : null,
    });
  }

  destroy() { this.debouncer.cancel(); this.forgetKeys(); this.map.destroy(); this.source?.close(); }
}

/** The number next to a slider follows it. */
function showNumber(slider, digits) { slider.nextElementSibling.value = Number(slider.value).toFixed(digits); }

/** A labelled slider with its value. */
function range(name, { min, max, value, digits, step = 0.01 }, changed) {
  const slider = element("input", { type: "range", min, max, step, defaultValue: value, dataset: { digits }, "aria-label": name });
  slider.oninput = () => { showNumber(slider, digits); changed(); };
  const row = element("label", { className: "sg-range" }, element("span", { textContent: name, title: name }), slider,
    element("output", { className: "la-mono" }));
  showNumber(slider, digits);
  return row;
}
