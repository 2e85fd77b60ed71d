/** The parts of the figures: a map with marks to drag, decoded images, sliders, choices. */

import { sharpContext, tracePath } from "../component/canvas.js";
import { loadImage } from "../component/load.js";
import { element, press } from "../component/element.js";
import { draw, fill, paint } from "../decoder/pixels.js";

export const side = (home) => home.appendChild(element("div", { className: "ls-side" }));
export const pictures = (home, small = false) => home.appendChild(element("div", { className: "ls-pictures", dataset: { small } }));
export const lerp = (a, b, t) => a.map((v, d) => v + t * (b[d] - v));

/** Index of a latent dimension in a symbol. */
export const subscript = (d) => "₁₂"[d] ?? d + 1;

const SHOWN = 3000; // items on a map

/** What the figures with a map have in common; `show()` shows the state of one. */
export class Figure {
  constructor(tools) { Object.assign(this, tools, { model: tools.models[0] }); }

  start() { this.show(); }
  light(symbol) { this.stage.lit = symbol; this.stage.draw(); }
  destroy() { this.stage?.destroy(); }
}

/** A map with its items; marks are dragged or moved with the arrow keys. */
export class Stage {
  /** @param marks [{ symbol, z }], the first is dragged   @param moved() is called after each move */
  constructor(home, { items }, theme, { marks, moved, words = "The map" }) {
    Object.assign(this, { items, theme, marks, moved, lit: null, cloud: null, line: null, bounds: centralBounds(items) });
    this.canvas = element("canvas", {
      tabIndex: 0, dataset: { testid: "lesson-plane" }, role: "application",
      "aria-label": `${words}. Drag the mark, or move it with the arrow keys.`,
    });
    home.append(element("div", { className: "ls-plane" }, this.canvas));
    const place = (event) => {
      const box = this.canvas.getBoundingClientRect();
      this.move(this.toPlane(event.clientX - box.left, event.clientY - box.top));
    };
    this.canvas.onpointerdown = (event) => { this.canvas.setPointerCapture(event.pointerId); this.held = true; place(event); };
    this.canvas.onpointermove = (event) => { if (this.held) place(event); };
    this.canvas.onpointerup = this.canvas.onpointercancel = () => { this.held = false; };
    this.canvas.onkeydown = (event) => {
      const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (!by || !this.moved) return;
      event.preventDefault();
      event.stopPropagation();
      const [x0, x1] = this.bounds, unit = (x1 - x0) / (event.shiftKey ? 30 : 150);
      this.move([this.marks[0].z[0] + by[0] * unit, this.marks[0].z[1] + by[1] * unit]);
    };
    this.resizer = new ResizeObserver(() => { this.picture = null; this.draw(); });
    this.resizer.observe(this.canvas);
  }

  move(z) {
    if (!this.moved) return;
    this.marks[0].z = z.map((v) => Math.round(v * 1e4) / 1e4);
    this.moved(this.marks[0].z);
    this.draw();
  }

  get scale() {
    const [x0, x1, y0, y1] = this.bounds, { clientWidth: w, clientHeight: h } = this.canvas;
    return { unit: Math.min(w / (x1 - x0), h / (y1 - y0)) * 0.96, cx: (x0 + x1) / 2, cy: (y0 + y1) / 2, w, h };
  }

  toPlane(px, py) { const { unit, cx, cy, w, h } = this.scale; return [cx + (px - w / 2) / unit, cy - (py - h / 2) / unit]; }

  toPixel([x, y]) { const { unit, cx, cy, w, h } = this.scale; return [w / 2 + (x - cx) * unit, h / 2 - (y - cy) * unit]; }

  draw() {
    const { canvas, theme } = this, ratio = devicePixelRatio || 1, { w, h, unit } = this.scale;
    if (!w) return;
    const ctx = sharpContext(canvas, w, h);
    this.picture ??= this.drawItems(w, h);
    ctx.drawImage(this.picture, 0, 0, canvas.width / ratio, canvas.height / ratio);
    if (this.line) {
      Object.assign(ctx, { strokeStyle: theme.text, lineWidth: 2 });
      tracePath(ctx, this.line.map((z) => this.toPixel(z)));
      ctx.stroke();
    }
    if (this.cloud) {
      const [x, y] = this.toPixel(this.cloud.mean);
      for (const k of [1, 2]) {
        Object.assign(ctx, { lineWidth: this.lit?.startsWith("σ") ? 4 : 2, strokeStyle: theme.accentText, globalAlpha: 1 / k });
        ctx.beginPath();
        ctx.ellipse(x, y, Math.max(1, k * this.cloud.std[0] * unit), Math.max(1, k * this.cloud.std[1] * unit), 0, 0, 7);
        ctx.stroke();
      }
      ctx.globalAlpha = 1;
    }
    for (const { symbol, z } of this.marks) {
      const [x, y] = this.toPixel(z), lit = this.lit && this.lit[0] === symbol[0];
      ctx.beginPath();
      ctx.arc(x, y, lit ? 11 : 7, 0, 7);
      Object.assign(ctx, { lineWidth: 3, strokeStyle: theme.ground, fillStyle: theme.accentText, font: `600 14px ${theme.sans}` });
      ctx.stroke();
      ctx.fill();
      ctx.lineWidth = 4;
      ctx.strokeText(symbol, x + 12, y - 8);
      ctx.fillStyle = theme.text;
      ctx.fillText(symbol, x + 12, y - 8);
    }
  }

  drawItems(width, height) {
    const { items, theme } = this, layer = element("canvas"), ctx = sharpContext(layer, width, height);
    ctx.globalAlpha = 0.55;
    const step = Math.max(1, Math.floor(items.count / SHOWN));
    for (let i = 0; i < items.count; i += step) {
      const [x, y] = this.toPixel([items.codes[i * items.latentSize], items.codes[i * items.latentSize + 1]]);
      ctx.fillStyle = theme.classes[items.labels[i] % theme.classes.length];
      ctx.fillRect(x - 1.5, y - 1.5, 3, 3);
    }
    return layer;
  }

  destroy() { this.resizer.disconnect(); }
}

/** The central 98 % of the items along each axis, with a margin. */
function centralBounds({ codes, count, latentSize }) {
  return [0, 1].flatMap((d) => {
    const sorted = Float32Array.from({ length: count }, (_, i) => codes[i * latentSize + d]).sort();
    const low = sorted[Math.floor(0.01 * count)], high = sorted[Math.floor(0.99 * (count - 1))], margin = 0.12 * (high - low);
    return [low - margin, high + margin];
  });
}

/** A decoded image with a caption. */
export class Picture {
  constructor(home, words = "") {
    this.canvas = element("canvas", { width: 28, height: 28, dataset: { testid: "lesson-picture" }, role: "img" });
    this.words = element("figcaption", { textContent: words });
    home.append(element("figure", {}, this.canvas, this.words));
  }

  /** Decodes at a latent; returns the pixel means, or null where the server decodes. */
  show({ source, items }, latent) {
    const [, height, width] = items.image;
    if (this.canvas.width !== width) Object.assign(this.canvas, { width, height });
    const shown = { label: null, seed: 0, ...latent };
    Object.assign(this.canvas.dataset, { z: shown.z.join(","), label: shown.label ?? "", seed: shown.seed });
    this.canvas.setAttribute("aria-label", `Decoded at ${shown.z.map((v) => v.toFixed(2)).join(", ")}`);
    if (source.remote) {
      this.wanted = JSON.stringify(shown);
      source.fetchBytes(shown).then((bytes) => {
        if (bytes && this.wanted === JSON.stringify(shown)) draw(this.canvas, (rgba) => fill(rgba, bytes, items.image[0]));
      });
      return null;
    }
    const pixels = source.decode(shown);
    draw(this.canvas, (rgba) => paint(pixels, items.image[0], rgba));
    return pixels;
  }
}

export function slider(home, words, { min, max, value, step = "any", moved }) {
  const input = element("input", { type: "range", min, max, step, value, "aria-label": words });
  const output = element("output", { className: "la-mono" });
  const show = () => { output.textContent = Number(input.value).toFixed(2); };
  input.oninput = () => { show(); moved(Number(input.value)); };
  home.append(element("label", { className: "ls-range" }, element("span", { textContent: words }), input, output));
  show();
  return { get value() { return Number(input.value); }, set value(v) { input.value = v; show(); } };
}

/** A row of buttons with words. @param chosen is called with the index of the one that is clicked */
export function choices(home, names, chosen) {
  const button = (textContent, k) => element("button", { type: "button", className: "ls-word", textContent, onclick: () => chosen(k) });
  return home.appendChild(element("div", { className: "ls-choices" }, ...names.map(button)));
}

/** Shows which button of a row is on. */
export const pressOne = (row, button) => { for (const other of row.children) press(other, other === button); };

/** Buttons with one real image per class, the most central; `chosen(item)` is called with the choice. */
export function itemChooser(home, { items, item }, chosen) {
  const row = element("div", { className: "ls-choices", role: "group", "aria-label": "Real images" });
  items.centres.forEach((centre, label) => {
    if (!centre) return;
    const near = items.nearest(centre, 40).find(({ item: i }) => items.labels[i] === label)?.item;
    if (near === undefined) return;
    const button = element("button", {
      type: "button", title: items.classes[label], dataset: { item: near }, onclick: () => { pressOne(row, button); chosen(near); },
    }, element("img", { src: item(near), alt: items.classes[label] }));
    row.append(button);
  });
  return home.appendChild(row);
}

/** Pixel values in [0, 1] of an image, one channel. */
export async function pixelsOf(url) {
  const image = await loadImage(url);
  const canvas = element("canvas", { width: image.naturalWidth, height: image.naturalHeight }), ctx = canvas.getContext("2d");
  ctx.drawImage(image, 0, 0);
  const { data } = ctx.getImageData(0, 0, canvas.width, canvas.height);
  return Float32Array.from({ length: data.length / 4 }, (_, i) => data[4 * i] / 255);
}

/** Standard normal numbers, the same for the same seed (mulberry32, Box and Muller 1958). */
export function normals(seed) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** −log p(x | z) of Bernoulli pixels, in nats. */
export function crossEntropy(pixels, x) {
  let sum = 0;
  for (let i = 0; i < x.length; i++) {
    const p = Math.min(1 - 1e-6, Math.max(1e-6, pixels[i]));
    sum -= x[i] * Math.log(p) + (1 - x[i]) * Math.log(1 - p);
  }
  return sum;
}

/** KL(N(mean, std²) || N(0, 1)) in nats, summed. */
export const klOf = (mean, std) => mean.reduce((sum, m, d) => sum + 0.5 * (m * m + std[d] ** 2 - 1) - Math.log(std[d]), 0);
