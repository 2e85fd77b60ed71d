/**
 * What the decoder is told beside the code: the class of a conditional model, the detail seed of a
 * hierarchical one. A control in the panel, and below the map a strip that shows the alternatives.
 */

import { element } from "../component/element.js";
import { keyOf } from "../decoder/picture_source.js";
import { paint } from "../decoder/pixels.js";

const VARIATIONS = 8;
const FRAME_BUDGET = 4; // milliseconds after which the strip leaves the rest to the next frame

const KINDS = {
  label: {
    title: "All classes at this place", hint: "Choose one to decode the whole map as it; again for unknown.",
    count: (atlas) => atlas.extra,
    vary: (spot, i) => ({ ...spot, label: i }),
    name: ({ label }, atlas) => atlas.classes[label],
    next: ({ label }, atlas) => ({ label: label === null ? 0 : label + 1 < atlas.extra ? label + 1 : null }),
    key: "c",
  },
  detail: {
    title: "Other details of this place", hint: "Choose one to give its detail to the whole map.",
    count: () => VARIATIONS,
    vary: (spot, i, seeds) => ({ ...spot, seed: (spot.seed + 1 + i) % seeds }),
    name: ({ seed }) => (seed ? `Detail ${seed}` : "No detail"),
    next: ({ seed }, atlas, seeds) => ({ seed: (seed + 1) % seeds }),
    key: "d",
  },
};

export class Extras {
  /** @param act { tell({ label } or { seed }) }   @param source decodes the alternatives */
  constructor(root, act, source) {
    Object.assign(this, { root, act, source, tiles: [], turn: 0 });
    this.find = (selector) => root.querySelector(selector);
    this.select = this.find('[data-testid="class-select"]');
    this.number = this.find('[data-testid="detail-seed"]');
    this.select.onchange = () => this.tell({ label: this.select.value === "" ? null : Number(this.select.value) });
    this.number.onchange = () => {
      const typed = Math.round(Number(this.number.value)) || 0;
      this.tell({ seed: Math.max(0, Math.min(this.seeds - 1, typed)) });
      this.number.value = this.spot.seed;
    };
    const turns = {
      none: () => 0, previous: (seed) => (seed + this.seeds - 1) % this.seeds, next: (seed) => (seed + 1) % this.seeds,
      new: (seed) => 1 + (seed + Math.floor(Math.random() * (this.seeds - 2))) % (this.seeds - 1),
    };
    for (const button of root.querySelectorAll("[data-turn]")) {
      button.onclick = () => this.tell({ seed: turns[button.dataset.turn](this.spot.seed) });
    }
  }

  setModel(atlas) {
    this.atlas = atlas;
    this.kind = KINDS[atlas.extraKind];
    this.seeds = this.source.rows.length;
    this.root.dataset.extra = atlas.extraKind ?? "";
    for (const control of this.root.querySelectorAll(".la-told")) control.hidden = control.dataset.kind !== atlas.extraKind;
    this.find(".la-strip").hidden = !this.kind || !this.source.decoder;
    this.tiles = [];
    if (!this.kind) return;
    if (atlas.extraKind === "label") {
      const names = atlas.classes.slice(0, atlas.extra);
      this.select.replaceChildren(new Option("Unknown", ""), ...names.map((name, label) => new Option(name, label)));
    } else this.number.max = this.seeds - 1;
    if (this.source.decoder) this.buildStrip();
  }

  buildStrip() {
    const { atlas, kind } = this, [, height, width] = atlas.image;
    this.find(".la-strip h2").textContent = kind.title;
    this.find(".la-strip p").textContent = kind.hint;
    this.tiles = Array.from({ length: kind.count(atlas) }, () => {
      const canvas = element("canvas"), button = element("button"), name = element("span");
      Object.assign(canvas, { width, height });
      canvas.dataset.testid = `${atlas.extraKind}-image`;
      button.type = "button";
      button.append(canvas, name);
      const pen = canvas.getContext("2d"), tile = { canvas, button, name, pen, image: pen.createImageData(width, height) };
      button.onclick = () => {
        const { label, seed } = tile.spot, chosen = atlas.extraKind === "label" && label === this.spot.label;
        this.tell({ label: chosen ? null : label, seed });
      };
      return tile;
    });
    this.find(".la-strip ol").replaceChildren(...this.tiles.map(({ button }) => {
      const item = element("li");
      item.append(button);
      return item;
    }));
  }

  /** Takes a label or seed at once, so that the next press goes on from it before a frame is drawn. */
  tell(told) {
    this.spot = { ...this.spot, ...told };
    this.act.tell(told);
  }

  /** Follows the cursor: controls at once, the strip within the next frames. */
  show(spot) {
    this.spot = spot;
    if (!this.kind) return;
    this.select.value = spot.label ?? "";
    if (document.activeElement !== this.number) this.number.value = spot.seed;
    this.find('[data-turn="none"]').setAttribute("aria-pressed", String(spot.seed === 0));
    this.tiles.forEach((tile, i) => {
      tile.spot = this.kind.vary(spot, i, this.seeds);
      const name = this.kind.name(tile.spot, this.atlas);
      if (tile.name.textContent !== name) tile.name.textContent = name;
      if (this.atlas.extraKind === "label") tile.button.setAttribute("aria-pressed", String(i === spot.label));
    });
    this.frame ??= requestAnimationFrame(() => this.step());
  }

  /** Decodes outdated pictures in turn until the frame's share is spent; goes on in the next. */
  step() {
    this.frame = null;
    const start = performance.now(), { tiles } = this;
    for (let current = 0; current < tiles.length; this.turn++) {
      const tile = tiles[this.turn % tiles.length], key = keyOf(tile.spot);
      if (tile.key === key) { current++; continue; }
      if (performance.now() - start > FRAME_BUDGET) { this.frame = requestAnimationFrame(() => this.step()); return; }
      this.paint(tile);
      tile.key = key;
    }
  }

  paint({ canvas, pen, image, spot }) {
    paint(this.source.decode(spot), this.source.decoder.channels, image.data);
    pen.putImageData(image, 0, 0);
    Object.assign(canvas.dataset, { z: spot.z.join(","), label: spot.label ?? "", seed: spot.seed });
  }

  /** The key of this model's control takes the next label or seed. */
  key(key) {
    if (key !== this.kind?.key) return false;
    this.tell(this.kind.next(this.spot, this.atlas, this.seeds));
    return true;
  }

  destroy() { cancelAnimationFrame(this.frame); }
}
