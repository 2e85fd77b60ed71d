/** The figures of the Learn page, one class each: `new Figure(home, { models, betas, theme, say })`. */

import { crossEntropy, items, klOf, make, normals, Picture, pixelsOf, slider, Stage } from "./lesson_stage.js";

const side = (home) => { const box = make("div", { className: "ls-side" }); home.append(box); return box; };
const pictures = (home, small = false) => { const box = make("div", { className: "ls-pictures" }); box.dataset.small = String(small); home.append(box); return box; };
const lerp = (a, b, t) => a.map((v, d) => v + t * (b[d] - v));

/** A mark on a plane and what is decoded there. */
class Code {
  constructor(home, { models: [model], theme, say }) {
    Object.assign(this, { model, say });
    this.stage = new Stage(home, model, theme, { marks: [{ symbol: "z", z: model.atlas.start }], moved: () => this.show() });
    this.side = side(home);
    this.picture = new Picture(pictures(this.side), "decoded at z");
  }

  start() { this.show(); this.stage.draw(); }

  show() {
    const { z } = this.stage.marks[0];
    this.pixels = this.picture.show(this.model, { z });
    z.forEach((v, d) => this.say(`z${"₁₂"[d] ?? d + 1}`, `number ${d + 1} of the code`, v));
  }

  light(symbol) { this.stage.lit = symbol; this.stage.draw(); }
  destroy() { this.stage.destroy(); }
}

/** The same two items joined in a plain plane and in a VAE's. */
class Holes {
  constructor(home, { models, theme, say }) {
    this.say = say;
    const controls = side(home);
    controls.style.flexBasis = "100%";
    this.t = slider(controls, "t, the share of the way", { min: 0, max: 1, value: 0.5, moved: () => this.show() });
    const pair = widest(models.map(({ atlas }) => atlas));
    this.parts = models.map((model) => {
      const box = side(home), { atlas } = model, ends = pair.map((k) => atlas.centres[k] ?? atlas.start);
      const stage = new Stage(box, model, theme, { marks: [{ symbol: "z", z: ends[0] }], words: atlas.name });
      stage.line = ends;
      return { model, stage, ends, picture: new Picture(pictures(box), atlas.name) };
    });
  }

  start() { this.show(); }

  show() {
    const t = this.t.value;
    this.say("t", "share of the way", t);
    for (const { model, stage, ends, picture } of this.parts) {
      const { atlas } = model, z = lerp(...ends, t), away = atlas.nearest(z, 1)[0].distance;
      stage.marks[0].z = z;
      stage.draw();
      picture.show(model, { z });
      // In units of the plane's own size, so that both planes compare.
      const size = Math.hypot(atlas.bounds[1] - atlas.bounds[0], atlas.bounds[3] - atlas.bounds[2]);
      picture.words.textContent = `${atlas.name}: the nearest item is ${((100 * away) / size).toFixed(2)} % of the plane away`;
      this.say(`d ${atlas.name}`, "distance to the nearest item, in % of the plane", (100 * away) / size);
    }
  }

  light(symbol) { for (const { stage } of this.parts) { stage.lit = symbol === "t" ? "z" : null; stage.draw(); } }
  destroy() { for (const { stage } of this.parts) stage.destroy(); }
}

/** The two classes between whose centres the first plane is emptiest beside the second. */
function widest([plain, other]) {
  const gap = (atlas, a, b) => {
    const size = Math.hypot(atlas.bounds[1] - atlas.bounds[0], atlas.bounds[3] - atlas.bounds[2]);
    return Math.max(...[0.2, 0.35, 0.5, 0.65, 0.8].map((t) => atlas.nearest(lerp(a, b, t), 1)[0].distance)) / size;
  };
  let best = { pair: [0, 1], ratio: -1 };
  for (let a = 0; a < plain.centres.length; a++) {
    for (let b = 0; b < a; b++) {
      if (![plain, other].every(({ centres }) => centres[a] && centres[b])) continue;
      const ratio = gap(plain, plain.centres[a], plain.centres[b]) / Math.max(1e-3, gap(other, other.centres[a], other.centres[b]));
      if (ratio > best.ratio) best = { pair: [b, a], ratio };
    }
  }
  return best.pair;
}

/** A real item, its cloud, and what its middle decodes to. */
class Posterior {
  constructor(home, { models: [model], theme, say }) {
    Object.assign(this, { model, say });
    this.stage = new Stage(home, model, theme, { marks: [{ symbol: "μ", z: model.atlas.start }], words: "The cloud of the item" });
    this.side = side(home);
    this.row = items(this.side, model, (i) => this.choose(i));
    const shown = pictures(this.side);
    this.real = make("img", { alt: "The item" });
    shown.append(make("figure", {}, this.real, make("figcaption", { textContent: "x, the item" })));
    this.picture = new Picture(shown, "decoded at μ");
  }

  start() { this.row.children[9 % this.row.children.length].click(); }

  choose(i) {
    const { atlas } = this.model;
    this.item = i;
    this.real.src = this.model.item(i);
    this.mean = atlas.code(i);
    this.std = Array.from(atlas.std.subarray(i * atlas.latent, (i + 1) * atlas.latent));
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
    this.mean.forEach((v, d) => this.say(`μ${"₁₂"[d]}`, `mean of number ${d + 1}`, v));
    this.std.forEach((v, d) => this.say(`σ${"₁₂"[d]}`, `standard deviation of number ${d + 1}`, v));
  }

  light(symbol) { this.stage.lit = symbol; this.stage.draw(); }
  destroy() { this.stage.destroy(); }
}

/** z = μ + σ ε with all three in the reader's hand. */
class Reparameterise {
  constructor(home, { models: [model], theme, say }) {
    Object.assign(this, { model, say, draw: normals(7) });
    this.eps = [0.8, -0.6];
    this.stage = new Stage(home, model, theme, {
      marks: [{ symbol: "μ", z: model.atlas.start }, { symbol: "z", z: model.atlas.start }], moved: () => this.show(),
    });
    this.side = side(home);
    this.sigma = [0, 1].map((d) => slider(this.side, `σ${"₁₂"[d]}`, { min: 0.01, max: 1, value: 0.3, moved: () => this.show() }));
    const button = make("button", { type: "button", className: "ls-word", textContent: "Draw ε" });
    button.onclick = () => { this.eps = [this.draw(), this.draw()]; this.show(); };
    this.side.append(make("div", { className: "ls-choices" }, button));
    this.picture = new Picture(pictures(this.side), "decoded at z");
  }

  start() { this.show(); }

  show() {
    const mean = this.stage.marks[0].z, std = this.sigma.map((s) => s.value), z = mean.map((m, d) => m + std[d] * this.eps[d]);
    this.stage.marks[1].z = z;
    this.stage.cloud = { mean, std };
    this.stage.line = [mean, z];
    this.stage.draw();
    this.picture.show(this.model, { z });
    for (const d of [0, 1]) {
      const index = "₁₂"[d];
      this.say(`μ${index}`, "mean", mean[d]);
      this.say(`σ${index}`, "standard deviation", std[d]);
      this.say(`ε${index}`, "noise", this.eps[d]);
      this.say(`z${index}`, "the code that is drawn", z[d]);
    }
  }

  light(symbol) { this.stage.lit = symbol; this.stage.draw(); }
  destroy() { this.stage.destroy(); }
}

/** The probability of the pixel under the pointer. */
class Pixel extends Code {
  constructor(home, tools) {
    super(home, tools);
    const { canvas } = this.picture;
    canvas.style.width = canvas.style.height = "280px";
    canvas.tabIndex = 0;
    this.at = [14, 14];
    const point = ([x, y]) => { this.at = [Math.max(0, Math.min(27, x)), Math.max(0, Math.min(27, y))]; this.tell(); };
    canvas.onpointermove = (event) => point([Math.floor((event.offsetX / canvas.clientWidth) * 28), Math.floor((event.offsetY / canvas.clientHeight) * 28)]);
    canvas.onkeydown = (event) => {
      const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (by) { event.preventDefault(); point([this.at[0] + by[0], this.at[1] + by[1]]); }
    };
  }

  show() { super.show(); this.tell(); }

  tell() {
    if (!this.pixels) return;
    const [x, y] = this.at, p = this.pixels[28 * y + x];
    this.say("i", "the pixel, column and row", `${x + 1}, ${y + 1}`);
    this.say("x̂ᵢ", "its probability to be lit", p);
    let doubt = 0;
    for (const v of this.pixels) doubt += v > 0.35 && v < 0.65;
    this.say("undecided", "pixels between 0.35 and 0.65", String(doubt));
  }
}

/** Both terms of one item as its cloud is moved and resized. */
class Loss extends Posterior {
  constructor(home, tools) {
    super(home, tools);
    this.stage.moved = (z) => { this.mean = z; this.show(); };
    this.width = slider(this.side, "σ times", { min: 0.1, max: 6, value: 1, moved: () => this.show() });
    const back = make("button", { type: "button", className: "ls-word", textContent: "Back to the encoder" });
    back.onclick = () => this.choose(this.item);
    this.side.append(make("div", { className: "ls-choices" }, back));
    this.bars = ["reconstruction", "KL", "−ELBO"].map((name) => {
      const bar = make("i"), value = make("b", { className: "la-mono" });
      return { name, bar, value, row: make("div", {}, make("span", { textContent: name }), bar, value) };
    });
    this.side.append(make("div", { className: "ls-sums" }, ...this.bars.map((b) => b.row)));
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

  tell() {
    if (!this.x || !this.model.source.decoder) return;
    const std = this.std0.map((s) => s * this.width.value), draw = normals(1), count = 32;
    this.stage.cloud = { mean: this.mean, std };
    this.stage.draw();
    let reconstruction = 0;
    for (let k = 0; k < count; k++) {
      const z = this.mean.map((m, d) => m + std[d] * draw());
      reconstruction += crossEntropy(this.model.source.decode({ z, label: null, seed: 0 }), this.x) / count;
    }
    const kl = klOf(this.mean, std), values = [reconstruction, kl, reconstruction + kl];
    this.best ??= {};
    const least = (this.best[this.item] ??= values[2]);
    this.bars.forEach(({ name, bar, value }, k) => {
      bar.style.width = `${Math.min(100, (100 * values[k]) / (1.5 * least))}%`;
      value.textContent = values[k].toFixed(1);
      this.say(name, `${name} in nats`, values[k]);
    });
    this.mean.forEach((v, d) => this.say(`μ${"₁₂"[d]}`, "mean", v));
    std.forEach((v, d) => this.say(`σ${"₁₂"[d]}`, "standard deviation", v));
  }
}

/** Two Gaussians, the closed form and the mean over draws. */
class Kl {
  constructor(home, { theme, say }) {
    Object.assign(this, { theme, say });
    this.canvas = make("canvas", { className: "ls-curve" });
    this.canvas.setAttribute("role", "img");
    home.append(this.canvas);
    const box = side(home);
    this.mean = slider(box, "μ", { min: -3, max: 3, value: 1, moved: () => this.show() });
    this.std = slider(box, "σ", { min: 0.1, max: 3, value: 0.5, moved: () => this.show() });
    this.count = slider(box, "n = 10 to the", { min: 1, max: 5, value: 2, step: 1, moved: () => this.show() });
    this.resizer = new ResizeObserver(() => this.show());
    this.resizer.observe(this.canvas);
  }

  start() { this.show(); }

  show() {
    const mean = this.mean.value, std = this.std.value, n = 10 ** this.count.value, draw = normals(3);
    let sum = 0;
    for (let k = 0; k < n; k++) {
      const eps = draw(), z = mean + std * eps;
      sum += -0.5 * eps * eps - Math.log(std) + 0.5 * z * z;
    }
    this.say("μ", "mean of q", mean);
    this.say("σ", "standard deviation of q", std);
    this.say("n", "draws", String(n));
    this.say("KL", "closed form, nats", klOf([mean], [std]));
    this.say("KL ≈", "mean over the draws, nats", sum / n);
    this.draw(mean, std);
  }

  draw(mean, std) {
    const { canvas, theme } = this, { clientWidth: w, clientHeight: h } = canvas, ratio = devicePixelRatio || 1;
    if (!w) return;
    canvas.width = w * ratio;
    canvas.height = h * ratio;
    const pen = canvas.getContext("2d"), bell = (z, m, s) => Math.exp(-0.5 * ((z - m) / s) ** 2) / (s * Math.sqrt(2 * Math.PI));
    pen.scale(ratio, ratio);
    const top = Math.max(0.45, bell(0, 0, std) * 1.1), x = (z) => ((z + 5) / 10) * w, y = (p) => h - 24 - (p / top) * (h - 40);
    for (const [m, s, colour, name] of [[0, 1, theme.text, "p(z)"], [mean, std, theme.accentText, "q(z|x)"]]) {
      pen.beginPath();
      for (let k = 0; k <= 400; k++) { const z = -5 + k / 40; if (k) pen.lineTo(x(z), y(bell(z, m, s))); else pen.moveTo(x(z), y(bell(z, m, s))); }
      pen.lineWidth = this.lit && name !== "p(z)" ? 5 : 2.5;
      pen.strokeStyle = colour;
      pen.stroke();
      pen.globalAlpha = 0.12;
      pen.fillStyle = colour;
      pen.fill();
      pen.globalAlpha = 1;
      pen.font = `600 15px ${theme.sans}`;
      pen.fillText(name, x(m) + 8, y(bell(m, m, s)) + (name === "p(z)" ? 40 : 16));
    }
    pen.font = `12px ${theme.sans}`;
    for (let z = -4; z <= 4; z += 2) pen.fillText(z, x(z) - 4, h - 6);
    canvas.setAttribute("aria-label", `q with mean ${mean.toFixed(2)} and standard deviation ${std.toFixed(2)} beside the standard normal`);
  }

  light(symbol) { this.lit = symbol; this.show(); }
  destroy() { this.resizer.disconnect(); }
}

/** Measured models side by side along beta. */
class Beta {
  constructor(home, { betas, say }) {
    Object.assign(this, { betas, say });
    const box = make("div", { className: "ls-side ls-beta" }), row = make("div", { className: "ls-choices" });
    this.buttons = betas.map(({ beta }, k) => {
      const button = make("button", { type: "button", className: "ls-word", textContent: `β = ${beta}` });
      button.onclick = () => this.show(k);
      row.append(button);
      return button;
    });
    this.picture = make("img", { alt: "What the plane decodes to, from −2.5 to 2.5" });
    home.append(box);
    box.append(row, this.picture);
    for (const { picture } of betas) new Image().src = new URL(picture, document.baseURI).href;
  }

  start() { this.show(this.betas.reduce((best, b, k) => (Math.abs(b.beta - 1) < Math.abs(this.betas[best].beta - 1) ? k : best), 0)); }

  show(k) {
    const { beta, reconstruction, kl, picture } = this.betas[k];
    this.buttons.forEach((button, j) => button.setAttribute("aria-pressed", String(j === k)));
    this.picture.src = new URL(picture, document.baseURI).href;
    this.say("β", "price of the code", String(beta));
    this.say("reconstruction", "measured, nats", reconstruction);
    this.say("KL", "measured, nats", kl);
    this.say("β·KL", "what the code costs, nats", beta * kl);
  }
}

/** Draws from the prior, and a way between two items. */
class Sample {
  constructor(home, { models: [model], theme, say }) {
    Object.assign(this, { model, say, seed: 1 });
    this.stage = new Stage(home, model, theme, { marks: [{ symbol: "z", z: model.atlas.start }] });
    const box = side(home);
    this.heat = slider(box, "τ, temperature", { min: 0.1, max: 2, value: 1, moved: () => this.show() });
    const button = make("button", { type: "button", className: "ls-word", textContent: "Draw sixteen others" });
    button.onclick = () => { this.seed++; this.show(); };
    box.append(make("div", { className: "ls-choices" }, button));
    const home16 = pictures(box, true);
    this.samples = Array.from({ length: 16 }, () => new Picture(home16));
    this.t = slider(box, "t, from a to b", { min: 0, max: 1, value: 0.5, moved: () => this.show() });
    this.between = new Picture(pictures(box), "z(t)");
    this.ends = [5, 9].map((k) => model.atlas.centres[k] ?? model.atlas.start);
    this.stage.line = this.ends;
  }

  start() { this.show(); }

  show() {
    const draw = normals(this.seed), heat = this.heat.value, codes = this.samples.map(() => [heat * draw(), heat * draw()]);
    this.samples.forEach((picture, k) => picture.show(this.model, { z: codes[k] }));
    const z = lerp(...this.ends, this.t.value);
    this.stage.marks = [{ symbol: "z(t)", z }, ...codes.map((code) => ({ symbol: "", z: code }))];
    this.stage.draw();
    this.between.show(this.model, { z });
    this.say("τ", "temperature", heat);
    this.say("t", "share of the way", this.t.value);
    z.forEach((v, d) => this.say(`z${"₁₂"[d]}`, "code on the way", v));
  }

  light() {}
  destroy() { this.stage.destroy(); }
}

/** One relative at a time: with a class, a detail seed, or clouds of any shape. */
class Relatives {
  constructor(home, tools) {
    Object.assign(this, { home, tools, made: [] });
    const row = make("div", { className: "ls-choices" });
    row.style.flexBasis = "100%";
    home.append(row);
    const words = { label: "conditional", detail: "hierarchical" };
    this.buttons = tools.models.map((model, k) => {
      const button = make("button", { type: "button", className: "ls-word", textContent: words[model.atlas.extraKind] ?? "adversarial" });
      button.onclick = () => this.choose(k);
      row.append(button);
      return button;
    });
  }

  start() { this.choose(0); }

  choose(k) {
    this.stage?.destroy();
    for (const element of this.made) element.remove();
    this.buttons.forEach((button, j) => button.setAttribute("aria-pressed", String(j === k)));
    const { home, tools } = this, model = (this.model = tools.models[k]), { atlas } = model, before = home.children.length;
    this.told = { label: atlas.extraKind === "label" ? 7 : null, seed: 0 };
    this.stage = new Stage(home, model, tools.theme, { marks: [{ symbol: "z", z: atlas.start }], moved: () => this.show() });
    const box = side(home);
    if (atlas.extraKind === "label") {
      const row = make("div", { className: "ls-choices" });
      atlas.classes.forEach((name, label) => {
        const button = make("button", { type: "button", className: "ls-word", textContent: name });
        button.onclick = () => { this.told.label = label; this.show(); };
        row.append(button);
      });
      box.append(row);
    } else if (atlas.extraKind === "detail") {
      slider(box, "seed of the detail", { min: 0, max: model.source.rows.length - 1, value: 0, step: 1, moved: (v) => { this.told.seed = v; this.show(); } });
    }
    this.picture = new Picture(pictures(box), "decoded");
    this.made = [...home.children].slice(before);
    this.show();
  }

  show() {
    const { z } = this.stage.marks[0], { say } = this.tools, { atlas } = this.model;
    this.picture.show(this.model, { z, ...this.told });
    this.stage.draw();
    say("z₁", "number 1 of the code", z[0]);
    say("z₂", "number 2 of the code", z[1]);
    say("y", "the class that it is told", this.told.label === null ? "none" : atlas.classes[this.told.label]);
    say("seed", "of the codes below", String(this.told.seed));
  }

  light(symbol) { this.stage.lit = symbol; this.stage.draw(); }
  destroy() { this.stage?.destroy(); }
}

/** Real items and spoilt ones by how badly the model explains them from any code. */
class Uses {
  constructor(home, { models: [model], say }) {
    Object.assign(this, { model, say });
    this.box = side(home);
    this.box.style.flexBasis = "100%";
    this.row = pictures(this.box);
  }

  async start() {
    const { model } = this, { atlas } = model, spoil = {
      "as it is": (x) => x, inverted: (x) => x.map((v) => 1 - v),
      "half hidden": (x) => x.map((v, i) => (i % 28 < 14 ? 0 : v)), "with noise": (x, draw) => x.map((v) => Math.min(1, Math.max(0, v + 0.3 * draw()))),
    };
    const centre = atlas.centres[8] ?? atlas.start, i = atlas.nearest(centre, 1)[0].item, x = await pixelsOf(model.item(i));
    for (const [name, change] of Object.entries(spoil)) {
      const spoilt = change(x, normals(5)), best = this.explain(spoilt), canvas = make("canvas", { width: 28, height: 28 });
      const pen = canvas.getContext("2d"), image = pen.createImageData(28, 28);
      spoilt.forEach((v, p) => image.data.set([255 * v, 255 * v, 255 * v, 255], 4 * p));
      pen.putImageData(image, 0, 0);
      this.row.append(make("figure", {}, canvas, make("figcaption", { textContent: `${name}: ${best.score.toFixed(0)} nats too many` })));
      new Picture(this.row, "what the model makes of it").show(model, { z: best.z });
      this.say(name, "nats above what these pixels cost at least", best.score);
    }
  }

  /** The best of the codes of real items, and how far it is from explaining every pixel itself. */
  explain(x) {
    const { atlas, source } = this.model, least = crossEntropy(x, x);
    let best = { score: Infinity, z: atlas.start };
    for (let i = 0; i < atlas.count; i += Math.ceil(atlas.count / 1500)) {
      const z = atlas.code(i), score = crossEntropy(source.decode({ z, label: null, seed: 0 }), x) - least;
      if (score < best.score) best = { score, z };
    }
    return best;
  }
}

export const FIGURES = {
  code: Code, holes: Holes, posterior: Posterior, reparameterise: Reparameterise, pixel: Pixel, loss: Loss, kl: Kl, beta: Beta, sample: Sample,
  relatives: Relatives, uses: Uses,
};
