/**
 * The decoder's further input: the class of a conditional model, the noise seed of a hierarchical one.
 * A control in the panel, and a strip below the map that shows the alternatives.
 */

import { element, onButtons, press, showValue, watchTyping } from "../component/element.js";
import { offerClasses } from "../map/lists.js";
import { offerGroups, split } from "../decoder/seed_groups.js";
import { keyOf } from "../decoder/image_source.js";

const VARIATIONS = 8;
const FRAME_BUDGET = 4; // milliseconds of decoding per frame of the screen

const KINDS = {
  label: {
    title: "Decoded as each class", hint: "Select a class to decode the whole map with it; select it again for unknown.",
    count: (items) => items.contextSize,
    vary: (latent, i) => ({ ...latent, label: i }),
    name: ({ label }, items) => items.classes[label],
    next: ({ label }, items) => ({ label: label === null ? 0 : label + 1 < items.contextSize ? label + 1 : null }),
    key: "c",
  },
  noise: {
    title: "Other noise seeds", hint: "Select one to decode the whole map with it.",
    count: () => VARIATIONS,
    vary: (latent, i, items) => ({ ...latent, seed: turned(latent.seed, 1 + i, items) }),
    name: ({ seed }, items) => (seed % items.variations ? `Noise seed ${seed % items.variations}` : "No noise"),
    next: ({ seed }, items) => ({ seed: turned(seed, 1, items) }),
    key: "d",
  },
};

/** The seed that is `by` further in the group of a seed. */
const turned = (seed, by, items) => {
  const { first, variation } = split(seed, items);
  return first + (variation + by) % items.variations;
};

export class Conditioning {
  /** @param handlers { setCondition({ label } or { seed }) }   @param source decodes the alternatives */
  constructor(root, handlers, source) {
    Object.assign(this, { root, handlers, source, tiles: [], turn: 0 });
    this.find = (selector) => root.querySelector(selector);
    this.select = this.find('[data-testid="class-select"]');
    this.number = this.find('[data-testid="noise-seed"]');
    this.select.onchange = () => this.choose({ label: this.select.value === "" ? null : Number(this.select.value) });
    watchTyping(this.number);
    this.groups = this.find('[data-testid="detail-select"]');
    this.groups.onchange = () => this.chooseVariation(split(this.latent.seed, this.items).variation);
    this.number.onchange = () => {
      const typed = Math.round(Number(this.number.value)) || 0;
      this.chooseVariation(Math.max(0, Math.min(this.items.variations - 1, typed)));
      this.number.value = split(this.latent.seed, this.items).variation;
    };
    const turns = {
      none: () => 0, previous: (k, count) => (k + count - 1) % count, next: (k, count) => (k + 1) % count,
      new: (k, count) => 1 + (k + Math.floor(Math.random() * (count - 2))) % (count - 1),
    };
    onButtons(root, "turn", (turn) => this.chooseVariation(turns[turn](split(this.latent.seed, this.items).variation, this.items.variations)));
  }

  setModel(items) {
    this.items = items;
    this.kind = KINDS[items.context];
    this.root.dataset.context = items.context ?? "";
    for (const control of this.root.querySelectorAll(".la-condition")) control.hidden = control.dataset.kind !== items.context;
    this.find(".la-strip").hidden = !this.kind || !this.source.local;
    this.tiles = [];
    if (!this.kind) return;
    if (items.context === "label") offerClasses(this.select, "Unknown", items.classes.slice(0, items.contextSize));
    else {
      this.number.max = items.variations - 1;
      offerGroups(this.groups, items);
    }
    if (this.source.program) this.buildStrip();
  }

  buildStrip() {
    const { items, kind } = this, [, height, width] = items.image;
    this.find(".la-strip h2").textContent = kind.title;
    this.find(".la-strip p").textContent = kind.hint;
    this.tiles = Array.from({ length: kind.count(items) }, () => {
      const canvas = element("canvas", { width, height, dataset: { testid: `${items.context}-image` } }), name = element("span");
      const button = element("button", { type: "button" }, canvas, name), tile = { canvas, button, name };
      button.onclick = () => {
        const { label, seed } = tile.latent, chosen = items.context === "label" && label === this.latent.label;
        this.choose({ label: chosen ? null : label, seed });
      };
      return tile;
    });
    this.find(".la-strip ol").replaceChildren(...this.tiles.map(({ button }) => element("li", {}, button)));
  }

  /** Takes a label or seed at once, so that the next key press continues from it before a frame is drawn. */
  choose(condition) {
    this.latent = { ...this.latent, ...condition };
    this.handlers.setCondition(condition);
  }

  /** Takes a variation of the group that the control shows. */
  chooseVariation(variation) { this.choose({ seed: Number(this.groups.value || 0) + variation }); }

  /** Follows the cursor: the controls at once, the strip within the next frames. */
  show(latent) {
    this.latent = latent;
    if (!this.kind) return;
    this.select.value = latent.label ?? "";
    const { first, variation } = split(latent.seed, this.items);
    this.groups.value = first;
    showValue(this.number, variation);
    press(this.find('[data-turn="none"]'), variation === 0);
    this.tiles.forEach((tile, i) => {
      tile.latent = this.kind.vary(latent, i, this.items);
      const name = this.kind.name(tile.latent, this.items);
      if (tile.name.textContent !== name) tile.name.textContent = name;
      if (this.items.context === "label") press(tile.button, i === latent.label);
    });
    this.frame ??= requestAnimationFrame(() => this.step());
  }

  /** Decodes outdated images in turn until the budget is spent; continues in the next frame. */
  async step() {
    this.frame = null;
    if (this.painting) return;
    const start = performance.now(), { tiles } = this;
    for (let current = 0; current < tiles.length; this.turn++) {
      const tile = tiles[this.turn % tiles.length], key = keyOf(tile.latent);
      if (tile.key === key) { current++; continue; }
      if (performance.now() - start > FRAME_BUDGET) { this.frame = requestAnimationFrame(() => this.step()); return; }
      tile.key = key;
      const { canvas, latent: { z, label, seed } } = tile;
      const painted = this.source.paintOn(canvas, tile.latent);
      Object.assign(canvas.dataset, { z: z.join(","), label: label ?? "", seed });
      if (!this.source.remote) continue;
      this.painting = true; // one at a time, so that the image under the cursor never waits for more
      await painted;
      this.painting = false;
      if (tiles !== this.tiles) { this.step(); return; } // another model meanwhile
      current = 0;
    }
  }

  /** Selects the next label or seed on the key of this model's control; returns whether it was that key. */
  key(key) {
    if (key !== this.kind?.key) return false;
    this.choose(this.kind.next(this.latent, this.items));
    return true;
  }

  destroy() { cancelAnimationFrame(this.frame); }
}
