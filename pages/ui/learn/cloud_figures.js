/** Figures of the posterior: its mean and variance, samples from it, the terms of the loss. */

import { element } from "../component/element.js";
import { sharpContext, tracePath } from "../component/canvas.js";
import { host } from "../component/host.js";
import {
  choices, crossEntropy, Figure, itemChooser, klOf, normals, Picture, pictures, pixelsOf, side, slider, Stage, subscript,
} from "./figure_parts.js";

/** A real image, its posterior, and the image decoded at the mean. */
export class Posterior extends Figure {
  constructor(home, tools) {
    super(tools);
    const { model, theme } = this;
    this.stage = new Stage(home, model, theme, { marks: [{ symbol: "μ", z: model.items.start }], words: "The posterior of the image" });
    this.side = side(home);
    this.row = itemChooser(this.side, model, (i) => this.choose(i));
    const shown = pictures(this.side);
    this.real = element("img", { alt: "The image" });
    shown.append(element("figure", {}, this.real, element("figcaption", { textContent: "x, the image" })));
    this.picture = new Picture(shown, "decoded at μ");
  }

  start() { this.row.children[9 % this.row.children.length].click(); }

  choose(i) {
    const { items } = this.model;
    this.item = i;
    host.show(this.real, this.model.item(i));
    this.mean = items.code(i);
    this.std = Array.from(items.std.subarray(i * items.latentSize, (i + 1) * items.latentSize));
    this.show();
  }

  show() {
    this.stage.marks[0].z = this.mean;
    this.stage.cloud = { mean: this.mean, std: this.std };
    this.stage.draw();
    this.picture.show(this.model, { z: this.mean });
    this.tell();
  }

  tell() {
    this.mean.forEach((v, d) => this.say(`μ${subscript(d)}`, `mean of z${d + 1}`, v));
    this.std.forEach((v, d) => this.say(`σ${subscript(d)}`, `standard deviation of z${d + 1}`, v));
  }
}

/** z = μ + σ ε with a handle for each. */
export class Reparameterise extends Figure {
  constructor(home, tools) {
    super(tools);
    const { model, theme } = this, draw = normals(7);
    this.eps = [0.8, -0.6];
    this.stage = new Stage(home, model, theme, {
      marks: [{ symbol: "μ", z: model.items.start }, { symbol: "z", z: model.items.start }], moved: () => this.show(),
    });
    this.side = side(home);
    this.sigma = [0, 1].map((d) => slider(this.side, `σ${subscript(d)}`, { min: 0.01, max: 1, value: 0.3, moved: () => this.show() }));
    choices(this.side, ["Resample ε"], () => { this.eps = [draw(), draw()]; this.show(); });
    this.picture = new Picture(pictures(this.side), "decoded at z");
  }

  show() {
    const mean = this.stage.marks[0].z, std = this.sigma.map((s) => s.value), z = mean.map((m, d) => m + std[d] * this.eps[d]);
    this.stage.marks[1].z = z;
    this.stage.cloud = { mean, std };
    this.stage.line = [mean, z];
    this.stage.draw();
    this.picture.show(this.model, { z });
    for (const d of [0, 1]) {
      const index = subscript(d);
      this.say(`μ${index}`, "mean", mean[d]);
      this.say(`σ${index}`, "standard deviation", std[d]);
      this.say(`ε${index}`, "noise", this.eps[d]);
      this.say(`z${index}`, "the sampled code", z[d]);
    }
  }
}

/** Both terms of the loss of one image while its posterior is moved and resized. */
export class Loss extends Posterior {
  constructor(home, tools) {
    super(home, tools);
    this.stage.moved = (z) => { this.mean = z; this.show(); };
    this.width = slider(this.side, "σ times", { min: 0.1, max: 6, value: 1, moved: () => this.show() });
    choices(this.side, ["Reset to the encoder"], () => this.choose(this.item));
    this.bars = ["reconstruction", "KL", "−ELBO"].map((name) => {
      const bar = element("i"), value = element("b", { className: "la-mono" });
      return { name, bar, value, row: element("div", {}, element("span", { textContent: name }), bar, value) };
    });
    this.side.append(element("div", { className: "ls-sums" }, ...this.bars.map((b) => b.row)));
  }

  async choose(i) {
    this.x = null;
    this.width.value = 1;
    super.choose(i);
    const x = await pixelsOf(this.model.item(i));
    if (this.item !== i) return;
    this.x = x;
    this.std0 = this.std;
    this.show();
  }

  async tell() {
    if (!this.x) return;
    const { mean } = this, { source } = this.model, std = this.std0.map((s) => s * this.width.value), draw = normals(1);
    const turn = this.turn = {}, count = source.remote ? 4 : 32; // the server takes its time for each
    this.stage.cloud = { mean, std };
    this.stage.draw();
    let reconstruction = 0;
    for (let k = 0; k < count; k++) {
      const pixels = await source.pixels({ z: mean.map((m, d) => m + std[d] * draw()), label: null, seed: 0 });
      if (!pixels || turn !== this.turn) return;
      reconstruction += crossEntropy(pixels, this.x) / count;
    }
    const kl = klOf(mean, std), values = [reconstruction, kl, reconstruction + kl];
    this.best ??= {};
    const reference = (this.best[this.item] ??= values[2]);
    this.bars.forEach(({ name, bar, value }, k) => {
      bar.style.width = `${Math.min(100, (100 * values[k]) / (1.5 * reference))}%`;
      value.textContent = values[k].toFixed(1);
      this.say(name, `${name} in nats`, values[k]);
    });
    mean.forEach((v, d) => this.say(`μ${subscript(d)}`, "mean", v));
    std.forEach((v, d) => this.say(`σ${subscript(d)}`, "standard deviation", v));
  }
}

/** The KL divergence of two Gaussians: closed form and Monte Carlo estimate. */
export class Kl {
  constructor(home, { theme, say }) {
    Object.assign(this, { theme, say });
    this.canvas = home.appendChild(element("canvas", { className: "ls-curve", role: "img" }));
    const box = side(home);
    this.mean = slider(box, "μ", { min: -3, max: 3, value: 1, moved: () => this.show() });
    this.std = slider(box, "σ", { min: 0.1, max: 3, value: 0.5, moved: () => this.show() });
    const text = (v) => (10 ** v).toLocaleString("en");
    this.count = slider(box, "n, samples", { min: 1, max: 5, value: 2, step: 1, text, moved: () => this.show() });
    this.seed = 3;
    choices(box, ["Resample"], () => { this.seed++; this.show(); });
    this.resizer = new ResizeObserver(() => this.show());
    this.resizer.observe(this.canvas);
  }

  start() { this.show(); }

  show() {
    const mean = this.mean.value, std = this.std.value, n = 10 ** this.count.value, draw = normals(this.seed);
    let sum = 0;
    for (let k = 0; k < n; k++) {
      const eps = draw(), z = mean + std * eps;
      sum += -0.5 * eps * eps - Math.log(std) + 0.5 * z * z;
    }
    this.say("μ", "mean of q", mean);
    this.say("σ", "standard deviation of q", std);
    this.say("n", "samples", String(n));
    this.say("KL", "closed form, nats", klOf([mean], [std]));
    this.say("KL ≈", "Monte Carlo estimate, nats", sum / n);
    this.draw(mean, std);
  }

  draw(mean, std) {
    const { canvas, theme } = this, { clientWidth: w, clientHeight: h } = canvas;
    if (!w) return;
    const ctx = sharpContext(canvas), size = parseFloat(getComputedStyle(canvas).fontSize), bell = (z, m, s) => Math.exp(-0.5 * ((z - m) / s) ** 2) / (s * Math.sqrt(2 * Math.PI));
    const top = Math.max(0.45, bell(0, 0, std) * 1.1), x = (z) => ((z + 5) / 10) * w, y = (p) => h - 24 - (p / top) * (h - 40);
    for (const [m, s, colour, name] of [[0, 1, theme.text, "p(z)"], [mean, std, theme.accentText, "q(z|x)"]]) {
      tracePath(ctx, Array.from({ length: 401 }, (_, k) => -5 + k / 40).map((z) => [x(z), y(bell(z, m, s))]));
      Object.assign(ctx, { lineWidth: this.lit && name !== "p(z)" ? 5 : 2.5, strokeStyle: colour, fillStyle: colour });
      ctx.stroke();
      ctx.globalAlpha = 0.12;
      ctx.fill();
      ctx.globalAlpha = 1;
      ctx.font = `600 ${size + 1}px ${theme.sans}`;
      ctx.fillText(name, x(m) + 8, y(bell(m, m, s)) + (name === "p(z)" ? 40 : 16));
    }
    ctx.font = `${size - 2}px ${theme.sans}`;
    for (let z = -4; z <= 4; z += 2) ctx.fillText(z, x(z) - 4, h - 6);
    canvas.setAttribute("aria-label", `q with mean ${mean.toFixed(2)} and standard deviation ${std.toFixed(2)} and the standard normal`);
  }

  light(symbol) { this.lit = symbol; this.show(); }
  destroy() { this.resizer.disconnect(); }
}
