/** Figures that compare models, and one application. */

import { loadImage, resolve } from "../component/load.js";
import { element } from "../component/element.js";
import { draw, paint } from "../decoder/pixels.js";
import { choices, crossEntropy, Figure, lerp, normals, Picture, pictures, pixelsOf, pressOne, removeAfter, side, slider, Stage, subscript } from "./figure_parts.js";

/** The straight line between two classes in the latent spaces of an autoencoder and a VAE. */
export class Holes {
  constructor(home, { models, theme, say }) {
    this.say = say;
    this.t = slider(home, "t, fraction of the path", { min: 0, max: 1, value: 0.5, moved: () => this.show() });
    const pair = widest(models.map(({ items }) => items));
    this.parts = models.map((model) => {
      const box = side(home), { items } = model, ends = pair.map((k) => items.centres[k] ?? items.start);
      const stage = new Stage(box, model, theme, { marks: [{ symbol: "z", z: ends[0] }], words: items.name });
      stage.line = ends;
      return { model, stage, ends, picture: new Picture(pictures(box), items.name) };
    });
  }

  start() { this.show(); }

  show() {
    const t = this.t.value;
    this.say("t", "fraction of the path", t);
    for (const { model, stage, ends, picture } of this.parts) {
      const { items } = model, z = lerp(...ends, t), away = items.nearest(z, 1)[0].distance;
      stage.marks[0].z = z;
      stage.draw();
      picture.show(model, { z });
      const share = 100 * away / diagonal(items); // so that both models compare
      picture.words.textContent = `${items.name}: the nearest code is ${share.toFixed(2)} % of the map’s diagonal away`;
      this.say(`d ${items.name}`, "distance to the nearest code, in % of the map’s diagonal", share);
    }
  }

  light(symbol) { for (const { stage } of this.parts) { stage.lit = symbol === "t" ? "z" : null; stage.draw(); } }
  destroy() { for (const { stage } of this.parts) stage.destroy(); }
}

const diagonal = ({ bounds: [x0, x1, y0, y1] }) => Math.hypot(x1 - x0, y1 - y0);

/** The two classes between whose centres the first model has the widest gap, relative to the second. */
function widest([plain, other]) {
  const away = (items, a, b) => (t) => items.nearest(lerp(items.centres[a], items.centres[b], t), 1)[0].distance;
  const gap = (items, a, b) => Math.max(...[0.2, 0.35, 0.5, 0.65, 0.8].map(away(items, a, b))) / diagonal(items);
  let best = { pair: [0, 1], ratio: -1 };
  for (let a = 0; a < plain.centres.length; a++) {
    for (let b = 0; b < a; b++) {
      if (![plain, other].every(({ centres }) => centres[a] && centres[b])) continue;
      const ratio = gap(plain, a, b) / Math.max(1e-3, gap(other, a, b));
      if (ratio > best.ratio) best = { pair: [b, a], ratio };
    }
  }
  return best.pair;
}

const PRIOR = { mean: [0, 0], std: [1, 1] }, EXTENT = [-3.2, 3.2, -3.2, 3.2];

/** Models of different beta: their codes and the prior, a decoded grid, their metrics. */
export class Beta extends Figure {
  constructor(home, tools) {
    super(tools);
    this.home = home;
    this.row = choices(home, this.betas.map(({ beta }) => `β = ${beta}`), (k) => this.show(k));
    for (const { picture } of this.betas) loadImage(picture).catch(() => {});
  }

  start() { this.show(this.betas.reduce((best, b, k) => (Math.abs(b.beta - 1) < Math.abs(this.betas[best].beta - 1) ? k : best), 0)); }

  show(k) {
    const { home, row, say } = this, { beta, reconstruction, kl, mse, frechet, picture } = this.betas[k];
    pressOne(row, row.children[k]);
    this.destroy();
    removeAfter(row);
    this.stage = new Stage(home, this.models[k], this.theme, { marks: [], words: `Codes of test images at beta ${beta}`, bounds: EXTENT });
    this.stage.cloud = PRIOR;
    side(home).append(element("img", { className: "ls-grid", src: resolve(picture), alt: "Grid decoded from −2.5 to 2.5 on both axes" }));
    say("β", "weight of the KL term", String(beta));
    say("squared error", "of reconstructions, per pixel", mse?.toFixed(4) ?? "not measured");
    say("reconstruction", "measured, nats", reconstruction);
    say("KL", "measured, nats", kl);
    say("β·KL", "weighted KL term, nats", beta * kl);
    say("Fréchet distance", "between samples of the prior and real images", frechet ?? "not measured");
  }
}

/** One variant at a time: conditional, hierarchical or adversarial. */
export class Relatives extends Figure {
  constructor(home, tools) {
    super(tools);
    this.home = home;
    const words = { label: "conditional", noise: "hierarchical" };
    this.row = choices(home, this.models.map(({ items }) => words[items.context] ?? "adversarial"), (k) => this.choose(k));
  }

  start() { this.choose(0); }

  choose(k) {
    this.destroy();
    removeAfter(this.row);
    pressOne(this.row, this.row.children[k]);
    const { home } = this, model = (this.model = this.models[k]), { items } = model;
    this.condition = { label: items.context === "label" ? 7 : null, seed: 0 };
    this.stage = new Stage(home, model, this.theme, { marks: [{ symbol: "z", z: items.start }], moved: () => this.show() });
    const box = side(home);
    if (items.context === "label") {
      choices(box, items.classes, (label) => { this.condition.label = label; this.show(); });
    } else if (items.context === "noise") {
      slider(box, "noise seed", { min: 0, max: model.source.rows.length - 1, value: 0, step: 1, moved: (v) => { this.condition.seed = v; this.show(); } });
    }
    this.picture = new Picture(pictures(box), "decoded");
    if (!items.context) {
      this.stage.cloud = { ...moments(this.dots), dots: this.dots };
      box.append(element("p", { textContent: `The inset shows ${this.dots.length} codes of the posterior of one T-shirt, and ellipses that are not tilted.` }));
    }
    this.show();
  }

  show() {
    const { say } = this, { z } = this.stage.marks[0], { items } = this.model;
    this.picture.show(this.model, { z, ...this.condition });
    this.stage.draw();
    z.forEach((v, d) => say(`z${subscript(d)}`, `latent dimension ${d + 1}`, v));
    say("y", "condition (class)", this.condition.label === null ? "none" : items.classes[this.condition.label]);
    say("seed", "noise seed of the lower latent variables", String(this.condition.seed));
    say("correlation", "of z₁ and z₂ in the posterior", this.stage.cloud?.correlation ?? "none drawn");
  }
}

/** Means, standard deviations and correlation of codes [n][2]. */
export function moments(codes) {
  const average = (f) => codes.reduce((sum, z) => sum + f(z), 0) / codes.length;
  const mean = [0, 1].map((d) => average((z) => z[d])), std = [0, 1].map((d) => Math.sqrt(average((z) => (z[d] - mean[d]) ** 2)));
  return { mean, std, correlation: average((z) => (z[0] - mean[0]) * (z[1] - mean[1])) / (std[0] * std[1]) };
}

const TRIED = { browser: 500, server: 60 }; // codes of real images
const FRAME_BUDGET = 7; // milliseconds of decoding before the page may react

/** A real image and corrupted copies, each with its reconstruction at the best of some codes. */
export class Uses {
  constructor(home, { models: [model], say }) {
    Object.assign(this, { model, say });
    this.row = pictures(home);
  }

  async start() {
    const { model } = this, { items } = model, corruptions = {
      original: (x) => x, inverted: (x) => x.map((v) => 1 - v),
      "half masked": (x) => x.map((v, i) => (i % 28 < 14 ? 0 : v)), "with noise": (x, draw) => x.map((v) => Math.min(1, Math.max(0, v + 0.3 * draw()))),
    };
    const centre = items.centres[8] ?? items.start, i = items.nearest(centre, 1)[0].item, x = await pixelsOf(model.item(i));
    const copies = Object.entries(corruptions).map(([name, change]) => {
      const corrupted = change(x, normals(5)), caption = element("figcaption", { textContent: `${name}: …` });
      const canvas = element("canvas", { width: 28, height: 28 });
      draw(canvas, (rgba) => paint(corrupted, 1, rgba));
      const pair = pictures(this.row);
      pair.append(element("figure", {}, canvas, caption));
      return { name, x: corrupted, least: crossEntropy(corrupted, corrupted), caption, picture: new Picture(pair, "reconstruction"), score: Infinity };
    });
    const tried = await this.explain(copies);
    if (this.destroyed) return;
    for (const { name, caption, picture, score, z } of copies) {
      caption.textContent = z ? `${name}: ${score.toFixed(0)} nats` : `${name}: the server does not answer`;
      if (z) picture.show(model, { z });
      this.say(name, "score: nats above a perfect reconstruction", score);
    }
    this.say("Z", "codes of real images that were tried", String(tried));
  }

  /** Gives each copy the code of a real image that reconstructs it best, and its score; returns how many codes were tried. */
  async explain(copies) {
    const { items, source } = this.model, step = Math.ceil(items.count / TRIED[source.remote ? "server" : "browser"]);
    let pause = performance.now() + FRAME_BUDGET, tried = 0;
    for (let i = 0; i < items.count && !this.destroyed; i += step) {
      const z = items.code(i), pixels = await source.pixels({ z, label: null, seed: 0 });
      if (!pixels) continue;
      tried++;
      for (const copy of copies) {
        const score = crossEntropy(pixels, copy.x) - copy.least;
        if (score < copy.score) Object.assign(copy, { score, z });
      }
      if (performance.now() > pause) {
        await new Promise((resolve) => setTimeout(resolve));
        pause = performance.now() + FRAME_BUDGET;
      }
    }
    return tried;
  }

  destroy() { this.destroyed = true; }
}
