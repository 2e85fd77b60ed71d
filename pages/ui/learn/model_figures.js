/** Figures that compare models, and one application. */

import { loadImage, resolve } from "../component/load.js";
import { element } from "../component/element.js";
import { draw, paint } from "../decoder/pixels.js";
import { choices, crossEntropy, Figure, lerp, normals, Picture, pictures, pixelsOf, pressOne, side, slider, Stage } from "./figure_parts.js";

/** The straight line between two classes in the latent spaces of an autoencoder and a VAE. */
export class Holes {
  constructor(home, { models, theme, say }) {
    this.say = say;
    const controls = side(home);
    controls.style.flexBasis = "100%";
    this.t = slider(controls, "t, fraction of the path", { min: 0, max: 1, value: 0.5, moved: () => this.show() });
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

/** Models of different beta, with their metrics. */
export class Beta {
  constructor(home, { betas, say }) {
    Object.assign(this, { betas, say });
    const box = home.appendChild(element("div", { className: "ls-side ls-beta" }));
    this.row = choices(box, betas.map(({ beta }) => `β = ${beta}`), (k) => this.show(k));
    this.picture = box.appendChild(element("img", { alt: "Grid decoded from −2.5 to 2.5 on both axes" }));
    for (const { picture } of betas) loadImage(picture).catch(() => {});
  }

  start() { this.show(this.betas.reduce((best, b, k) => (Math.abs(b.beta - 1) < Math.abs(this.betas[best].beta - 1) ? k : best), 0)); }

  show(k) {
    const { beta, reconstruction, kl, picture } = this.betas[k];
    pressOne(this.row, this.row.children[k]);
    this.picture.src = resolve(picture);
    this.say("β", "weight of the KL term", String(beta));
    this.say("reconstruction", "measured, nats", reconstruction);
    this.say("KL", "measured, nats", kl);
    this.say("β·KL", "weighted KL term, nats", beta * kl);
  }
}

/** One variant at a time: conditional, hierarchical or adversarial. */
export class Relatives extends Figure {
  constructor(home, tools) {
    super(tools);
    Object.assign(this, { home, made: [] });
    const words = { label: "conditional", noise: "hierarchical" };
    this.row = choices(home, this.models.map(({ items }) => words[items.context] ?? "adversarial"), (k) => this.choose(k));
    this.row.style.flexBasis = "100%";
  }

  start() { this.choose(0); }

  choose(k) {
    this.stage?.destroy();
    for (const element of this.made) element.remove();
    pressOne(this.row, this.row.children[k]);
    const { home } = this, model = (this.model = this.models[k]), { items } = model, before = home.children.length;
    this.condition = { label: items.context === "label" ? 7 : null, seed: 0 };
    this.stage = new Stage(home, model, this.theme, { marks: [{ symbol: "z", z: items.start }], moved: () => this.show() });
    const box = side(home);
    if (items.context === "label") {
      choices(box, items.classes, (label) => { this.condition.label = label; this.show(); });
    } else if (items.context === "noise") {
      slider(box, "noise seed", { min: 0, max: model.source.rows.length - 1, value: 0, step: 1, moved: (v) => { this.condition.seed = v; this.show(); } });
    }
    this.picture = new Picture(pictures(box), "decoded");
    this.made = [...home.children].slice(before);
    this.show();
  }

  show() {
    const { say } = this, { z } = this.stage.marks[0], { items } = this.model;
    this.picture.show(this.model, { z, ...this.condition });
    this.stage.draw();
    say("z₁", "latent dimension 1", z[0]);
    say("z₂", "latent dimension 2", z[1]);
    say("y", "condition (class)", this.condition.label === null ? "none" : items.classes[this.condition.label]);
    say("seed", "noise seed of the lower latent variables", String(this.condition.seed));
  }
}

const TRIED = 500; // codes of real images
const FRAME_BUDGET = 7; // milliseconds of decoding before the page may react

/** A real image and corrupted copies, each with its reconstruction error at the best code. */
export class Uses {
  constructor(home, { models: [model], say }) {
    Object.assign(this, { model, say });
    this.box = side(home);
    this.box.style.flexBasis = "100%";
    this.row = pictures(this.box);
  }

  async start() {
    const { model } = this, { items } = model, corruptions = {
      original: (x) => x, inverted: (x) => x.map((v) => 1 - v),
      "half masked": (x) => x.map((v, i) => (i % 28 < 14 ? 0 : v)), "with noise": (x, draw) => x.map((v) => Math.min(1, Math.max(0, v + 0.3 * draw()))),
    };
    const centre = items.centres[8] ?? items.start, i = items.nearest(centre, 1)[0].item, x = await pixelsOf(model.item(i));
    for (const [name, change] of Object.entries(corruptions)) {
      const corrupted = change(x, normals(5)), caption = element("figcaption", { textContent: `${name}: …` });
      const canvas = element("canvas", { width: 28, height: 28 });
      draw(canvas, (rgba) => paint(corrupted, 1, rgba));
      this.row.append(element("figure", {}, canvas, caption));
      const reconstruction = new Picture(this.row, "reconstruction"), best = await this.explain(corrupted);
      if (this.destroyed) return;
      caption.textContent = `${name}: ${best.score.toFixed(0)} nats`;
      reconstruction.show(model, { z: best.z });
      this.say(name, "reconstruction error above the minimum for these pixels, in nats", best.score);
    }
  }

  /** The code of a real image that reconstructs x best, and its excess reconstruction error in nats. */
  async explain(x) {
    const { items, source } = this.model, minimum = crossEntropy(x, x);
    let best = { score: Infinity, z: items.start }, pause = performance.now() + FRAME_BUDGET;
    for (let i = 0; i < items.count && !this.destroyed; i += Math.ceil(items.count / TRIED)) {
      const z = items.code(i), score = crossEntropy(source.decode({ z, label: null, seed: 0 }), x) - minimum;
      if (score < best.score) best = { score, z };
      if (performance.now() > pause) {
        await new Promise((resolve) => setTimeout(resolve));
        pause = performance.now() + FRAME_BUDGET;
      }
    }
    return best;
  }

  destroy() { this.destroyed = true; }
}
