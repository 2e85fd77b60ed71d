/**
 * The search by choosing: a gallery of pictures, the one under the pointer large, and what was chosen before.
 *
 * All pictures are decoded here; Python finds the next gallery (vae/preference/search.py).
 */

import { copyLink } from "../component/copy_link.js";
import { element, onButtons } from "../component/element.js";
import { gridStep, onUndoKeys } from "../component/image_grid.js";
import { loadFloats } from "../component/load.js";
import { ImageSource } from "../decoder/image_source.js";
import { Picture } from "../decoder/pixels.js";

export default class ChoiceGallery {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.grid = this.find(".pf-grid");
    this.large = new Picture(this.find('[data-testid="decoded-image"]'));
    onButtons(root, "do", (action) => (action === "copy" ? copyLink(this, false) : this.ask(action)));
    this.grid.onclick = (event) => { const tile = event.target.closest("button"); if (tile) this.choose(tile); };
    this.grid.onpointerover = (event) => this.preview(event.target.closest("button"));
    this.grid.onpointerleave = () => this.preview(null);
    this.grid.addEventListener("focusin", (event) => this.preview(event.target.closest("button")));
    this.grid.addEventListener("focusout", () => this.preview(null));
    this.grid.onkeydown = (event) => this.key(event);
    this.forgetKeys = onUndoKeys(root, (action) => this.ask(action));
  }

  async update({ data, setStateValue }) {
    const fresh = data.gallery.key !== this.data?.gallery.key;
    Object.assign(this, { data, link: data.link, send: setStateValue });
    if (data.facts.digest !== this.digest) await this.open(data);
    if (fresh) this.show(data);
    this.wait(false);
    this.showPast(data);
    this.root.dataset.state = "ready";
    this.onAnswer?.();
  }

  /** Takes over a model's decoder. */
  async open({ facts, urls }) {
    this.large.resize(facts.image);
    this.source?.close();
    this.source = ImageSource.onto(this.large);
    const [program, details] = await Promise.all([ImageSource.load(urls.program), loadFloats(urls.noise)]);
    this.source.open(program, urls.decode, facts, details);
    this.digest = facts.digest;
  }

  latent(z) { return { z, label: this.data.label, seed: 0 }; }

  /** Shows a new gallery; who uses the keys goes on in its middle. */
  show({ gallery, number, most, choices }) {
    const focused = this.grid.contains(document.activeElement), middle = (gallery.codes.length - 1) / 2;
    const last = choices.length && choices.at(-1) ? middle : -1; // the last choice, unless nothing suited
    this.tiles = gallery.codes.map((z, index) => this.tile(z, index, index === last));
    this.tiles[middle].tabIndex = 0;
    this.grid.replaceChildren(...this.tiles);
    this.grid.dataset.key = gallery.key;
    const words = last < 0 ? "Which is nearest to what you have in mind?" : "Which is nearest now? Your last choice is in the middle.";
    this.find(".pf-ask").replaceChildren(element("b", { textContent: `Choice ${number}` }), ` · ${number > most ? "the search is complete" : words}`);
    if (focused) this.tiles[middle].focus();
    this.preview(null);
  }

  tile(z, index, last) {
    const canvas = this.canvas(z), name = `Picture ${index + 1}${last ? ", your last choice" : ""}`;
    return element("button", { type: "button", tabIndex: -1, "aria-label": name, dataset: { index, last } }, canvas);
  }

  /** A canvas of the model's size that is drawn as soon as the picture is decoded. */
  canvas(z) {
    const [, height, width] = this.data.facts.image, canvas = element("canvas", { width, height, dataset: { z: z.join(",") } });
    this.source.paintOn(canvas, this.latent(z));
    return canvas;
  }

  /** What was chosen, each a way back to its gallery. */
  showPast({ choices, can, gallery, first }) {
    const back = (step) => () => this.ask("back", { step });
    this.find(".pf-past").replaceChildren(...choices.map((z, step) => element("li", {}, element("button", {
      type: "button", title: "Back to the gallery of this choice", "aria-label": `Choice ${step + 1}: back to its gallery`, onclick: back(step),
    }, element("span", {}, z ? this.canvas(z) : "none"), String(step + 1)))));
    const near = first ? Math.round(100 * gallery.spread / first) : 100;
    this.find(".pf-hint").textContent = choices.length
      ? `Press one to go back to it. The pictures of this gallery differ by ${near}\u00a0% of what those of the first do.`
      : "None yet. Three to five choices usually lead to the picture.";
    for (const button of this.root.querySelectorAll("[data-do]")) button.disabled = !{ copy: true, ...can }[button.dataset.do];
    this.preview(null);
  }

  /** Shows a tile's picture large, without one the last choice. */
  preview(tile) {
    if (!this.tiles) return;
    const best = this.data.choices.findLast(Boolean), code = tile ? this.data.gallery.codes[tile.dataset.index] : best;
    this.find(".pf-large").dataset.empty = !code;
    const z = code ?? this.data.gallery.codes[(this.tiles.length - 1) / 2];
    this.source.draw(this.latent(z));
    const what = tile ? tile.getAttribute("aria-label") : best ? "Your last choice" : "A picture of the gallery";
    this.find(".pf-large figcaption").textContent = `${what} · z ${z.map((v) => v.toFixed(2)).join(", ")}`;
  }

  choose(tile) {
    if (!this.data.can.choose) return;
    tile.dataset.chosen = true;
    this.ask("choose", { index: Number(tile.dataset.index) });
  }

  key(event) {
    const at = this.tiles.indexOf(event.target.closest("button")), last = this.tiles.length - 1;
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { Home: -at, End: last - at }[event.key] ?? gridStep(event.key, this.tiles);
    if (step !== undefined) {
      const next = this.tiles[at + step] ?? this.tiles[at];
      for (const tile of this.tiles) tile.tabIndex = tile === next ? 0 : -1;
      next.focus();
    } else if (event.key.toLowerCase() === "n") this.ask("none");
    else return;
    event.preventDefault();
  }

  /** One question at a time: what is pressed while the next gallery is on its way belongs to none. */
  ask(action, more = {}) {
    if (this.waiting || (action in this.data.can && !this.data.can[action])) return;
    this.wait(true);
    this.send("ask", { turn: Date.now(), key: this.data.gallery.key, do: action, ...more });
  }

  wait(on) {
    this.waiting = on;
    this.grid.setAttribute("aria-busy", String(on));
  }

  destroy() { this.forgetKeys(); this.source?.close(); }
}
