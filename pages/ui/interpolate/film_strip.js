/**
 * A film strip, a scrubber and a player. The head is a real number from 0 to frames - 1: images
 * between two frames are decoded too, so that playback is smooth.
 */

import { densityText, nearText, rangeOf } from "../map/items.js";
import { markSaved } from "../map/lists.js";
import { element } from "../component/element.js";
import { keyOf } from "../decoder/image_source.js";

const FRAME_BUDGET = 6; // milliseconds of decoding per screen frame

export class FilmStrip {
  /** @param handlers { latentAt(z), moved() }   @param source decodes */
  constructor(root, handlers, source) {
    Object.assign(this, { handlers, source, codes: [], cells: [], head: 0, direction: 1, playing: false });
    this.find = (selector) => root.querySelector(selector);
    this.strip = this.find(".pm-strip");
    this.range = this.find('[data-testid="scrubber"]');
    this.button = this.find('[data-do="play"]');
    this.range.oninput = () => { this.pause(); this.seek(Number(this.range.value)); };
    this.range.onchange = () => this.seek(Math.round(this.head));
    for (const element of [this.strip, this.range]) element.addEventListener("keydown", (event) => this.key(event));
  }

  setModel(items) { this.items = items; this.pause(); this.setFrames([]); }

  /** Captions of the frames by other items, or by what else colours them. */
  setItems(items) { this.items = items; this.captions = (this.captions ?? 0) + 1; this.refresh(); }

  get last() { return Math.max(0, this.codes.length - 1); }

  /** Sets the codes [n, D], and which are on the board; the head keeps its relative position. */
  setFrames(codes, saved = []) {
    const share = this.last ? this.head / this.last : 0;
    this.codes = codes;
    this.head = this.playing ? share * this.last : Math.round(share * this.last);
    this.range.max = this.last;
    this.range.disabled = this.button.disabled = codes.length < 2;
    const [, height, width] = this.items.image;
    while (this.cells.length > codes.length) this.cells.pop().item.remove();
    while (this.cells.length < codes.length) this.cells.push(this.cell(this.cells.length));
    for (const { canvas } of this.cells) if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    for (const [i, { button }] of this.cells.entries()) markSaved(button, saved[i]);
    this.refresh();
    this.show();
  }

  /** Decodes the codes again, for another label, seed or model. */
  refresh() { this.turn = 0; this.frame ??= requestAnimationFrame(() => this.grow()); }

  cell(i) {
    const canvas = element("canvas", { role: "img", dataset: { testid: "frame" } }), density = element("span"), near = element("span");
    const onclick = () => { this.pause(); this.seek(i); };
    const button = element("button", { type: "button", tabIndex: -1, onclick }, canvas, density, near), item = element("li", {}, button);
    this.strip.append(item);
    return { item, button, canvas, density, near };
  }

  /** Decodes outdated cells until the budget is spent, and continues in the next frame. */
  async grow() {
    const start = performance.now(), { items, source } = this;
    while (this.turn < this.cells.length) {
      const { turn, codes } = this, cell = this.cells[turn];
      const latent = this.handlers.latentAt(codes[turn]), key = `${items.digest}/${this.captions}/${keyOf(latent)}`;
      if (cell.key === key) { this.turn++; continue; }
      if (performance.now() - start > FRAME_BUDGET) { this.frame = requestAnimationFrame(() => this.grow()); return; }
      const painted = source.paintOn(cell.canvas, latent);
      if (source.remote) {
        await painted;
        if (codes !== this.codes || turn !== this.turn) continue;
      }
      cell.key = key;
      this.describe(cell, latent);
      this.turn++;
    }
    this.frame = null;
  }

  /** The caption of a frame: the local density and the most frequent class of its neighbours. */
  describe({ canvas, button, density, near }, latent) {
    const { items } = this, survey = items.survey(latent.z), { level, mix, near: { length: all } } = survey, name = items.classes[mix[0].label];
    canvas.dataset.z = latent.z.join(",");
    density.textContent = densityText(survey).replace(", percentile", "");
    density.dataset.level = level;
    // The count first, because a long name is cut.
    near.textContent = items.onScale ? rangeOf(survey, items).middle ?? "no value" : `${mix[0].count}/${all} ${name}`;
    button.title = `Local density ${densityText(survey)}. ${items.onScale ? nearText(survey, items) : `${mix[0].count} of the ${all} nearest items: ${name}`}`;
    markSaved(button, button.dataset.saved === "true");
    canvas.setAttribute("aria-label", `Frame at ${latent.z.join(", ")}: ${density.textContent}, ${near.textContent}`);
  }

  /** The code at the head, interpolated linearly between two frames. */
  get code() {
    const low = Math.min(Math.floor(this.head), this.last), a = this.codes[low], b = this.codes[Math.min(low + 1, this.last)];
    const share = this.head - low;
    return share ? a.map((v, d) => Math.round((v + share * (b[d] - v)) * 1e4) / 1e4) : a;
  }

  seek(head) {
    this.head = Math.max(0, Math.min(this.last, head));
    this.show();
    this.handlers.moved();
  }

  step(by) { this.pause(); this.seek(Math.round(this.head) + by); }

  get order() { return this.find('[data-testid="order"]').value; }
  toggle() { if (this.playing) this.pause(); else this.play(); }

  play() {
    if (this.last === 0) return;
    if (this.head >= this.last && this.order !== "ping-pong") this.head = 0;
    if (this.order !== "ping-pong") this.direction = 1;
    this.playing = true;
    this.button.textContent = "Pause";
    let before = performance.now();
    const tick = (now) => {
      if (!this.playing) return;
      const speed = Number(this.find('[data-testid="speed"]').value);
      this.advance(Math.min(0.1, Math.max(0, now - before) / 1000) * speed);
      before = now;
      this.ticking = requestAnimationFrame(tick);
    };
    this.ticking = requestAnimationFrame(tick);
  }

  advance(by) {
    const { order } = this;
    let next = this.head + this.direction * by;
    if (order === "ping-pong") {
      if (next >= this.last) { next = 2 * this.last - next; this.direction = -1; }
      if (next <= 0) { next = -next; this.direction = 1; }
    } else if (next >= this.last) {
      if (order === "loop") next = next % (this.last + 1) > this.last ? 0 : next - this.last;
      else { this.pause(); next = this.last; }
    }
    this.seek(next);
  }

  pause() {
    this.playing = false;
    cancelAnimationFrame(this.ticking);
    this.button.textContent = "Play";
  }

  /** The scrubber and the current frame follow the head. */
  show() {
    const now = Math.round(this.head);
    this.range.value = this.head;
    this.range.setAttribute("aria-valuetext", `Frame ${now + 1} of ${this.codes.length}`);
    if (this.current === this.cells[now]) return;
    this.current?.button.removeAttribute("aria-current");
    this.current = this.cells[now];
    if (!this.current) return;
    this.current.button.setAttribute("aria-current", "true");
    const { item } = this.current, { strip } = this, left = item.offsetLeft - strip.offsetLeft, right = left + item.offsetWidth;
    if (left < strip.scrollLeft || right > strip.scrollLeft + strip.clientWidth) strip.scrollLeft = left - strip.clientWidth / 2;
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = {
      ArrowLeft: () => this.step(-1), ArrowRight: () => this.step(1), " ": () => this.toggle(),
      Home: () => this.step(-this.codes.length), End: () => this.step(this.codes.length),
    }[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  destroy() { this.pause(); cancelAnimationFrame(this.frame); }
}
