/** The codes of the validation items while training: points glide to their codes in the next snapshot. */

import { sharpContext } from "../component/canvas.js";
import { element } from "../component/element.js";

const GLIDE = 600; // milliseconds
const STEP = 24; // pixels of an arrow key

export class Plane {
  constructor(home) {
    this.canvas = element("canvas", {
      tabIndex: 0, role: "application", dataset: { testid: "run-plane" },
      "aria-label": "Codes of the validation items, coloured by class. The wheel or + and − zoom, dragging or the arrow keys pan.",
    });
    home.append(this.canvas);
    this.labels = [];
    this.zoomed = false; // whether the visitor has chosen the window
    this.resizer = new ResizeObserver(() => this.draw());
    this.resizer.observe(home);
    this.canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(event.deltaY * 0.0015), event.offsetX, event.offsetY);
    }, { passive: false });
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.held = [event.offsetX, event.offsetY];
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!this.held || !this.window) return;
      this.pan(event.offsetX - this.held[0], event.offsetY - this.held[1]);
      this.held = [event.offsetX, event.offsetY];
    });
    for (const name of ["pointerup", "pointercancel"]) this.canvas.addEventListener(name, () => { this.held = null; });
    this.canvas.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] }[event.key];
      if (by) { event.preventDefault(); this.pan(...by); }
      const factor = { "+": 0.8, "=": 0.8, "-": 1.25 }[event.key];
      if (factor) this.zoom(factor, this.canvas.clientWidth / 2, this.canvas.clientHeight / 2);
    });
  }

  setLook(labels, theme) { Object.assign(this, { labels, theme }); this.draw(); }

  /** Codes [n, 2] flat and the window [left, right, low, high] that holds most of them. */
  move(codes, [left, right, low, high]) {
    const target = [(left + right) / 2, (low + high) / 2, 0.55 * Math.max(right - left, high - low, 1e-6)];
    this.fitted = target;
    const from = this.codes?.length === codes.length ? this.codes : codes, window = this.window ?? target, start = performance.now();
    const reduced = matchMedia("(prefers-reduced-motion: reduce)").matches;
    cancelAnimationFrame(this.frame);
    const tick = (now) => {
      const share = reduced ? 1 : Math.min(1, Math.max(0, now - start) / GLIDE), eased = share * share * (3 - 2 * share);
      this.codes = share === 1 ? codes : codes.map((v, i) => from[i] + eased * (v - from[i]));
      if (!this.zoomed) this.window = target.map((v, i) => window[i] + eased * (v - window[i]));
      this.draw();
      if (share < 1) this.frame = requestAnimationFrame(tick);
    };
    tick(performance.now());
  }

  /** Moves the points by pixels. */
  pan(dx, dy) {
    if (!this.window) return;
    const [cx, cy, half] = this.window, unit = (2 * half) / this.canvas.clientWidth;
    Object.assign(this, { zoomed: true, window: [cx - dx * unit, cy + dy * unit, half] });
    this.draw();
  }

  zoom(factor, x, y) {
    if (!this.window) return;
    const [cx, cy, half] = this.window, side = this.canvas.clientWidth;
    const at = [cx + ((2 * x) / side - 1) * half, cy - ((2 * y) / side - 1) * half], next = half * factor;
    this.zoomed = true;
    this.window = [at[0] - ((2 * x) / side - 1) * next, at[1] + ((2 * y) / side - 1) * next, next];
    this.draw();
  }

  fit() {
    Object.assign(this, { zoomed: false, window: this.fitted ?? this.window });
    this.draw();
  }

  draw() {
    const { canvas, codes, window, theme } = this, side = canvas.clientWidth;
    if (!side || !theme) return;
    const ctx = sharpContext(canvas, side, side);
    if (!codes || !window) return;
    const [cx, cy, half] = window, unit = side / (2 * half);
    canvas.dataset.window = window.map((v) => v.toFixed(3)).join();
    ctx.globalAlpha = 0.8;
    for (const label of [...new Set(this.labels)].sort((a, b) => a - b)) {
      ctx.fillStyle = theme.classes[label % theme.classes.length];
      for (let i = 0; i < this.labels.length; i++) {
        if (this.labels[i] === label) ctx.fillRect((codes[2 * i] - cx) * unit + side / 2 - 1.5, side / 2 - (codes[2 * i + 1] - cy) * unit - 1.5, 3, 3);
      }
    }
  }

  destroy() {
    cancelAnimationFrame(this.frame);
    this.resizer.disconnect();
  }
}
