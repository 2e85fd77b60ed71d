/**
 * Sliders along attribute directions. The track of each has the colours of the classes that it crosses, with pictures below
 * it; while the class is locked, a slider ends where the class does.
 */

import { Debouncer } from "../component/debounce.js";
import { element } from "../component/element.js";

const REACH = 2; // of a slider, in lengths of its direction
const SHARES = Array.from({ length: 33 }, (_, i) => REACH * (i / 16 - 1)); // where classes are looked up
const PICTURES = 9; // of a strip
const NEIGHBOURS = 10;
const REST = 120; // milliseconds until the pictures are decoded

export class DirectionTracks {
  /** @type {any[]} */ directions = [];
  /** @type {any[]} */ rows = [];
  /** @type {any} */ latent = null;
  turn = 0;

  /**
   * @param {HTMLElement} panel
   * @param {{ moved(): void, source(): any, items(): any, colours(): string[], image(): number[], locked(): boolean }} handlers
   *   `items` are those of the map, once it has loaded
   */
  constructor(panel, handlers) {
    Object.assign(this, { panel, handlers });
    this.debouncer = new Debouncer(() => this.paint());
  }

  /** Shows directions { name, vector, auc }, and which of them are the visitor's. */
  setDirections(directions) {
    const key = JSON.stringify(directions);
    if (this.key === key) return;
    const before = new Map(this.rows.map(({ input }, i) => [this.directions[i].name, input.value]));
    Object.assign(this, { key, directions });
    this.rows = directions.map((direction) => this.row(direction, before.get(direction.name) ?? 0));
    this.panel.replaceChildren(...this.rows.map(({ row }) => row));
    this.refresh();
  }

  row({ name, auc }, value) {
    const input = element("input", { type: "range", min: -REACH, max: REACH, step: 0.02, value, "aria-label": name, dataset: { digits: 1 } });
    const output = element("output", { className: "la-mono" }), strip = element("div", { className: "sg-strip", "aria-hidden": "true" });
    const title = `${name}; it separates the two groups with an AUC of ${auc.toFixed(2)} (0.5 not at all, 1 completely). Double click: back to 0`;
    const row = element("div", { className: "sg-track", title }, element("label", {}, element("span", { textContent: name }), output), input, strip);
    const made = { row, input, output, strip, low: -REACH, high: REACH };
    input.oninput = () => { this.hold(made); this.handlers.moved(); };
    row.ondblclick = () => { input.value = 0; this.hold(made); this.handlers.moved(); };
    const [height, width] = this.handlers.image().slice(1);
    made.canvases = Array.from({ length: PICTURES }, (_, i) => element("canvas", { width, height, onclick: () => {
      input.value = REACH * (2 * i / (PICTURES - 1) - 1);
      input.focus(); // so that the keys of the sheet go on from here
      this.hold(made);
      this.handlers.moved();
    } }));
    strip.replaceChildren(...made.canvases);
    return made;
  }

  /** Keeps a slider within its class, and shows its value. */
  hold(made) {
    const { input, output } = made, { low, high } = this.handlers.locked() ? made : { low: -REACH, high: REACH };
    const value = Math.max(low, Math.min(high, Number(input.value)));
    if (value !== Number(input.value)) input.value = value;
    output.value = value.toFixed(1);
  }

  values() { return this.rows.map(({ input }) => Number(input.value)); }

  setValues(values) {
    this.rows.forEach((made, i) => { made.input.value = values[i] ?? 0; this.hold(made); });
  }

  /** How much all sliders move a code [D]. */
  offset() {
    const size = this.directions[0]?.vector.length ?? 0, shares = this.values();
    return Array.from({ length: size }, (_, k) => shares.reduce((sum, share, d) => sum + share * this.directions[d].vector[k], 0));
  }

  /** The sliders start from another image. @param latent { z, label, seed } */
  setImage(latent) {
    this.latent = latent;
    this.refresh();
  }

  /** Looks up the classes along the tracks, and paints their pictures after a rest. */
  refresh() {
    const items = this.handlers.items();
    if (!this.latent || !this.rows.length) return;
    for (const [i, made] of this.rows.entries()) {
      const { vector } = this.directions[i], at = (share) => this.latent.z.map((v, k) => v + share * vector[k]);
      if (items && items.classes.length > 1) this.colour(made, SHARES.map((share) => classAt(items, at(share))));
      this.hold(made);
    }
    this.debouncer.schedule(REST);
  }

  colour(made, classes) {
    const middle = (SHARES.length - 1) / 2, own = classes[middle], colours = this.handlers.colours();
    const reach = (step) => {
      let end = middle;
      while (classes[end + step] === own) end += step;
      return SHARES[end];
    };
    Object.assign(made, { low: reach(-1), high: reach(1) });
    const share = 100 / SHARES.length;
    const stops = classes.map((k, i) => `${colours[k % colours.length]} ${i * share}% ${(i + 1) * share}%`);
    made.input.style.setProperty("--track", `linear-gradient(to right, ${stops.join(", ")})`);
    made.canvases.forEach((canvas, i) => {
      const at = REACH * (2 * i / (PICTURES - 1) - 1);
      canvas.dataset.outside = at < made.low - 0.05 || at > made.high + 0.05;
    });
  }

  /** Decodes the pictures of all strips; a newer image ends this. */
  async paint() {
    const turn = ++this.turn, source = this.handlers.source();
    const wanted = this.rows.flatMap(({ canvases }, d) => canvases.map((canvas, i) => {
      const share = REACH * (2 * i / (PICTURES - 1) - 1);
      return { canvas, latent: { ...this.latent, z: this.latent.z.map((v, k) => round(v + share * this.directions[d].vector[k])) } };
    }));
    if (!source.local) {
      await source.want(wanted.map(({ latent }) => latent));
      for (const { canvas, latent } of wanted) {
        const bytes = turn === this.turn && source.answer(latent);
        if (bytes) source.fillOn(canvas, bytes);
      }
      return;
    }
    for (const { canvas, latent } of wanted) {
      if (turn !== this.turn) return;
      const painted = source.paintOn(canvas, latent);
      if (source.remote) await painted;
    }
  }

  destroy() { this.turn++; this.debouncer.cancel(); }
}

const round = (v) => Math.round(v * 1e4) / 1e4;

/** The most frequent class of the items nearest to a code. */
function classAt(items, z) {
  const { labels } = items.uncoloured, counts = new Map();
  for (const { item } of items.nearest(z, NEIGHBOURS)) counts.set(labels[item], (counts.get(labels[item]) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0]?.[0];
}
