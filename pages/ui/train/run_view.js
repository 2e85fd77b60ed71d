/**
 * Runs while they train, one or two on one time scale. New snapshots are downloaded once, and points
 * move from their old codes to the new ones. Zoom and scrubber survive every message.
 */

import { loadFloats, loadImage, resolve } from "../component/load.js";
import { classNames, element } from "../component/element.js";
import { Curves } from "./curves.js";
import { Plane } from "./plane.js";

const PLAY_SECONDS = 8;

export default class RunView {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.columns = [];
    this.following = true;
    this.range = this.find('[data-testid="run-scrubber"]');
    this.range.oninput = () => { this.pause(); this.seek(Number(this.range.value)); };
    this.range.onkeydown = (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1 }[event.key];
      if (by) { event.preventDefault(); this.pause(); this.step(by); }
      if (event.key === " ") { event.preventDefault(); this.toggle(); }
    };
    this.find('[data-do="play"]').onclick = () => this.toggle();
    this.find('[data-do="latest"]').onclick = () => { this.pause(); this.follow(); };
    this.find('[data-do="fit"]').onclick = () => { for (const column of this.columns) column.plane.fit(); };
  }

  update({ data }, theme) {
    this.theme = theme;
    const ids = data.runs.map((run) => run.id).join();
    if (ids !== this.ids) {
      this.ids = ids;
      this.columns.forEach((column) => column.destroy());
      this.columns = data.runs.map((run) => new Column(run, data.runs.length === 1));
      this.find(".rv-runs").replaceChildren(...this.columns.map((column) => column.element));
      this.following = true;
    }
    data.runs.forEach((run, i) => this.columns[i].take(run, theme));
    this.root.dataset.state = "ready";
    this.show();
  }

  /** The last epoch of any run, the end of the scrubber. */
  get end() { return Math.max(0, ...this.columns.map((column) => column.run.snapshots.at(-1)?.epoch ?? 0)); }

  follow() { this.following = true; this.show(); }

  seek(share) {
    this.following = share >= 1;
    this.epoch = share * this.end;
    this.show();
  }

  step(by) {
    const epochs = [...new Set(this.columns.flatMap(({ run }) => run.snapshots.map((s) => s.epoch)))].sort((a, b) => a - b);
    const now = this.following ? this.end : this.epoch;
    const at = epochs.reduce((best, e, i) => (Math.abs(e - now) < Math.abs(epochs[best] - now) ? i : best), 0);
    const next = Math.max(0, Math.min(epochs.length - 1, at + by));
    if (epochs.length) this.seek(this.end ? epochs[next] / this.end : 1);
  }

  toggle() { if (this.playing) this.pause(); else this.play(); }

  play() {
    if (!this.end) return;
    this.playing = true;
    this.find('[data-do="play"]').textContent = "Pause";
    let before = performance.now(), share = this.following ? 0 : this.epoch / this.end;
    const tick = (now) => {
      if (!this.playing) return;
      share += Math.min(0.1, (now - before) / 1000) / PLAY_SECONDS;
      before = now;
      if (share >= 1) { this.pause(); this.follow(); return; }
      this.seek(share);
      this.ticking = requestAnimationFrame(tick);
    };
    this.ticking = requestAnimationFrame(tick);
  }

  pause() {
    this.playing = false;
    cancelAnimationFrame(this.ticking);
    this.find('[data-do="play"]').textContent = "Play";
  }

  show() {
    const { end } = this, epoch = this.following ? end : this.epoch;
    if (document.activeElement !== this.range || this.following || this.playing) this.range.value = end ? epoch / end : 1;
    this.find('[data-do="latest"]').setAttribute("aria-pressed", String(this.following));
    const shown = this.columns.map((column) => column.show(epoch, this.following)).filter(Boolean);
    const output = this.find('[data-testid="run-epoch"]');
    output.textContent = shown.length ? `epoch ${shown.map((s) => s.epoch.toFixed(1)).join(" and ")}` : "no snapshot yet";
    output.dataset.step = shown.map((s) => s.step).join();
    this.range.setAttribute("aria-valuetext", output.textContent);
  }

  destroy() {
    this.pause();
    this.columns.forEach((column) => column.destroy());
  }
}

/** The figures of one run. */
class Column {
  constructor(run, alone) {
    const box = (name, ...children) => element("div", { className: `rv-${name}` }, ...children);
    const label = (text) => element("span", { textContent: text });
    this.title = element("h3");
    this.decoded = element("img", { alt: "Decoded grid" });
    this.originals = element("img", { alt: "Eight validation images" });
    this.reconstructions = element("img", { alt: "Their reconstructions" });
    this.legend = box("legend");
    const plane = box("plane"), curves = box("curves");
    this.element = element("section", { className: "rv-run", dataset: { alone: String(alone) } },
      this.title, plane, box("decoded", this.decoded), curves, this.legend,
      box("probe", label("Validation"), this.originals, label("Reconstruction"), this.reconstructions));
    this.plane = new Plane(plane);
    this.curves = new Curves(curves);
    this.cache = {};
    this.run = run;
  }

  take(run, theme) {
    this.run = run;
    this.title.textContent = run.name;
    if (run.originals) setImage(this.originals, run.originals);
    this.plane.setLook(run.labels, theme);
    this.legend.replaceChildren(classNames(run.names.slice(0, 12), theme));
    this.curves.set(run.curve, theme);
  }

  /** The snapshot nearest to an epoch, shown; the curves have newer numbers than the `latest`. */
  show(epoch, latest) {
    const { snapshots } = this.run;
    if (!snapshots.length) return null;
    const snapshot = snapshots.reduce((best, s) => (Math.abs(s.epoch - epoch) <= Math.abs(best.epoch - epoch) ? s : best));
    this.curves.mark(latest ? undefined : snapshot.epoch);
    if (snapshot.step === this.step) return snapshot;
    this.step = snapshot.step;
    this.element.dataset.step = snapshot.step;
    this.decoded.parentElement.hidden = !snapshot.decodedGrid;
    if (snapshot.decodedGrid) setImage(this.decoded, snapshot.decodedGrid);
    setImage(this.reconstructions, snapshot.reconstructions);
    this.load(snapshot.plane).then((codes) => { if (this.step === snapshot.step && codes) this.plane.move(codes, snapshot.window); });
    return snapshot;
  }

  load(url) {
    this.cache[url] ??= loadFloats(url).catch(() => { delete this.cache[url]; return null; });
    return this.cache[url];
  }

  destroy() { this.plane.destroy(); this.curves.destroy(); }
}

/** Replaces an image once the next one is decoded, so that nothing flickers. */
function setImage(image, url) {
  const source = image.dataset.wanted = resolve(url);
  if (image.src === source) return;
  loadImage(url).then(() => { if (image.dataset.wanted === source) image.src = source; }, () => {});
}
