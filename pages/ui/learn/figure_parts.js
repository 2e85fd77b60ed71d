/** The parts of the figures: a map with marks to drag, decoded images, sliders, choices. */

import { sharpContext, tracePath } from "../component/canvas.js";
import { loadImage, picture } from "../component/load.js";
import { classNames, element, press } from "../component/element.js";
import { draw, paint } from "../decoder/pixels.js";

export const side = (home) => home.appendChild(element("div", { className: "ls-side" }));
export const pictures = (home, small = false) => home.appendChild(element("div", { className: "ls-pictures", dataset: { small } }));
export const lerp = (a, b, t) => a.map((v, d) => v + t * (b[d] - v));

/** Index of a latent dimension in a symbol. */
export const subscript = (d) => "₁₂"[d] ?? d + 1;

/** Removes what comes after an element of a figure. */
export function removeAfter(element) { while (element.nextSibling) element.nextSibling.remove(); }

const SHOWN = 3000; // items on a map
const VISIBLE = 24; // pixels: a smaller cloud is magnified in a corner of the map
const MAGNIFIED = 16; // times, as far as the cloud fits

/** What the figures with a map have in common; `show()` shows the state of one. */
export class Figure {
  constructor(tools) { Object.assign(this, tools, { model: tools.models[0] }); }

  start() { this.show(); }
  light(symbol) { this.stage.lit = symbol; this.stage.draw(); }
  destroy() { this.stage?.destroy(); }
}

/** How many times a cloud that reaches some pixels from its mean is magnified in a square of a side; 1: it is not. */
export function magnification(reach, side) {
  if (reach >= VISIBLE) return 1;
  let times = MAGNIFIED;
  while (times > 1 && times * reach > side / 2) times /= 2;
  while (times < 2 ** 20 && times * reach < side / 12) times *= 2;
  return times;
}

/** A map with its items; marks are dragged or moved with the arrow keys. */
export class Stage {
  /**
   * Of `cloud` { mean, std, dots } the ellipses of one and two standard deviations are drawn, and the dots where it is magnified.
   * @param marks [{ symbol, z, fill }], the first is dragged; `fill` names a colour of the theme   @param moved() is called after each move
   */
  constructor(home, { items }, theme, { marks, moved, words = "The map", bounds = centralBounds(items) }) {
    Object.assign(this, { items, theme, marks, moved, lit: null, cloud: null, line: null, bounds });
    this.canvas = element("canvas", {
      tabIndex: 0, dataset: { testid: "lesson-plane" }, role: "application",
      "aria-label": `${words}. ${moved ? "Drag the mark, or move it with the arrow keys." : ""}`,
    });
    home.append(element("div", { className: "ls-map" }, element("div", { className: "ls-plane" }, this.canvas), classNames(items.classes, theme)));
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
    const { canvas, cloud } = this, ratio = devicePixelRatio || 1, { w, h, unit } = this.scale;
    if (!w) return;
    const ctx = sharpContext(canvas, w, h), side = 0.42 * Math.min(w, h);
    if (!this.picture) this.drawItems(sharpContext(this.picture = element("canvas"), w, h), (z) => this.toPixel(z), Math.ceil(this.items.count / SHOWN));
    ctx.drawImage(this.picture, 0, 0, canvas.width / ratio, canvas.height / ratio);
    this.drawMarks(ctx, (z) => this.toPixel(z), unit, 7);
    const times = cloud ? magnification(2 * Math.max(...cloud.std) * unit, side) : 1;
    canvas.dataset.magnified = times;
    if (times > 1) this.magnify(ctx, times, side);
  }

  /** The line, the cloud and the marks, as large as a plane of `unit` pixels per unit shows them. */
  drawMarks(ctx, toPixel, unit, radius) {
    const { theme, line, cloud, lit } = this, size = parseFloat(getComputedStyle(this.canvas).fontSize);
    if (line) {
      Object.assign(ctx, { strokeStyle: theme.text, lineWidth: 2 });
      tracePath(ctx, line.map(toPixel));
      ctx.stroke();
    }
    for (const k of cloud ? [1, 2] : []) {
      Object.assign(ctx, { lineWidth: lit?.startsWith("σ") ? 4 : 2, strokeStyle: theme.accentText, globalAlpha: 1 / k });
      ctx.beginPath();
      ctx.ellipse(...toPixel(cloud.mean), Math.max(1, k * cloud.std[0] * unit), Math.max(1, k * cloud.std[1] * unit), 0, 0, 7);
      ctx.stroke();
    }
    ctx.globalAlpha = 1;
    for (const { symbol, z, fill = "accentText" } of this.marks) {
      const [x, y] = toPixel(z);
      ctx.beginPath();
      ctx.arc(x, y, lit && lit[0] === symbol[0] ? radius + 4 : symbol ? radius : 5, 0, 7);
      Object.assign(ctx, { lineWidth: 3, strokeStyle: theme[symbol ? "ground" : "accentText"], fillStyle: theme[fill], font: `600 ${size}px ${theme.sans}` });
      ctx.stroke();
      ctx.fill();
      Object.assign(ctx, { lineWidth: 4, strokeStyle: theme.ground, fillStyle: theme.text });
      ctx.strokeText(symbol, x + 12, y - 8);
      ctx.fillText(symbol, x + 12, y - 8);
    }
  }

  /** The surroundings of the cloud's mean, in the corner that is farthest from it. */
  magnify(ctx, times, side) {
    const { theme, cloud } = this, { w, h, unit } = this.scale, [x, y] = this.toPixel(cloud.mean), size = parseFloat(getComputedStyle(this.canvas).fontSize);
    const left = x < w / 2 ? w - side - 8 : 8, top = y < h / 2 ? h - side - 8 : 8, draw = normals(2);
    const toPixel = (z) => [0, 1].map((d) => [left, top][d] + side / 2 + (d ? -1 : 1) * (z[d] - cloud.mean[d]) * unit * times);
    Object.assign(ctx, { strokeStyle: theme.text, lineWidth: 1 });
    tracePath(ctx, [[x, y], [left + side / 2, top + side / 2]]);
    ctx.stroke();
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, side, side);
    ctx.fillStyle = theme.ground;
    ctx.fill();
    ctx.clip();
    this.drawItems(ctx, toPixel, 1);
    Object.assign(ctx, { fillStyle: theme.accentText, globalAlpha: 0.55 });
    for (const dot of cloud.dots ?? Array.from({ length: 300 }, () => cloud.mean.map((m, d) => m + cloud.std[d] * draw()))) {
      const [px, py] = toPixel(dot);
      ctx.fillRect(px - 1, py - 1, 2, 2);
    }
    ctx.globalAlpha = 1;
    this.drawMarks(ctx, toPixel, unit * times, 4);
    ctx.restore();
    ctx.strokeRect(left, top, side, side);
    Object.assign(ctx, { fillStyle: theme.text, font: `${size - 1}px ${theme.sans}` });
    ctx.fillText(`× ${times}`, left + 6, top + side - 7);
  }

  drawItems(ctx, toPixel, step) {
    const { items: { codes, count, labels, latentSize }, theme } = this, { w, h } = this.scale;
    ctx.globalAlpha = 0.55;
    for (let i = 0; i < count; i += step) {
      const [x, y] = toPixel([codes[i * latentSize], codes[i * latentSize + 1]]);
      if (x < 0 || y < 0 || x > w || y > h) continue;
      ctx.fillStyle = theme.classes[labels[i] % theme.classes.length];
      ctx.fillRect(x - 1.5, y - 1.5, 3, 3);
    }
    ctx.globalAlpha = 1;
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

  /** Decodes at a latent; calls `then` with the pixel means, later where the server decodes. */
  show({ source, items }, latent, then = () => {}) {
    const [channels, height, width] = items.image;
    if (this.canvas.width !== width) Object.assign(this.canvas, { width, height });
    const shown = { label: null, seed: 0, ...latent };
    Object.assign(this.canvas.dataset, { z: shown.z.join(","), label: shown.label ?? "", seed: shown.seed });
    this.canvas.setAttribute("aria-label", `Decoded at ${shown.z.map((v) => v.toFixed(2)).join(", ")}`);
    const take = (pixels) => {
      if (!pixels || this.wanted !== shown) return;
      draw(this.canvas, (rgba) => paint(pixels, channels, rgba));
      then(pixels);
    };
    this.wanted = shown;
    if (source.remote) source.pixels(shown).then(take);
    else take(source.decode(shown));
  }
}

/** @param text(value) what is shown of a value */
export function slider(home, words, { min, max, value, step = "any", moved, text = (v) => v.toFixed(step === 1 ? 0 : 2) }) {
  const input = element("input", { type: "range", min, max, step, value, "aria-label": words });
  const output = element("output", { className: "la-mono" });
  const show = () => { input.ariaValueText = output.textContent = text(Number(input.value)); };
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
    }, picture(item(near), { alt: items.classes[label] }));
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
