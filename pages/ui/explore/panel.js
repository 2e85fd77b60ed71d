/** The panel beside the map: the decoded picture, what is known about its place, the sliders. */

import { paint } from "../decoder/decoder.js";

/** Quantile function of the standard normal (Acklam, 2003; relative error below 1.2e-9). */
export function probit(p) {
  const a = [-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239];
  const b = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572];
  const c = [-0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783];
  const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416];
  const poly = (q, coefficients) => coefficients.reduce((sum, k) => sum * q + k, 0);
  if (p > 0.97575) return -probit(1 - p);
  if (p < 0.02425) { const q = Math.sqrt(-2 * Math.log(p)); return poly(q, c) / (poly(q, d) * q + 1); }
  const q = p - 0.5, r = q * q;
  return poly(r, a) * q / (poly(r, b) * r + 1);
}

/** Distribution function of the standard normal (Marsaglia, 2004: a Taylor series, to double precision). */
export function normalCdf(z) {
  if (Math.abs(z) > 7) return z > 0 ? 1 : 0;
  let sum = z, term = z;
  for (let i = 3; Math.abs(term) > 1e-16 * Math.abs(sum); i += 2) { term *= z * z / i; sum += term; }
  return 0.5 + sum * Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
}

const SLIDER_STEPS = 2000;
const EDGE = 0.0005; // the prior scale ends at these tail probabilities, z = ±3.29

/**
 * A slider beside a number field.
 * @param id of the dimension, for tests
 * @param act { hold(share of the travel), type(value), release(), refuse() }
 * @returns { row, show(value, share of the travel) }
 */
export function sliderRow(name, id, act) {
  const row = document.createElement("div"), label = document.createElement("span");
  const range = document.createElement("input"), number = document.createElement("input");
  label.textContent = name;
  Object.assign(range, { type: "range", min: 0, max: SLIDER_STEPS, step: 1 });
  range.dataset.testid = `z-slider-${id}`;
  range.setAttribute("aria-label", name);
  Object.assign(number, { type: "number", step: 0.01 });
  number.dataset.testid = `z-number-${id}`;
  number.setAttribute("aria-label", `${name}, typed`);
  range.oninput = () => act.hold(range.value / SLIDER_STEPS);
  range.onchange = () => act.release();
  number.onchange = () => {
    const value = Number(number.value);
    if (number.value === "" || !Number.isFinite(value)) { act.refuse(); return; }
    act.type(Math.max(-1000, Math.min(1000, value)));
    act.release();
  };
  row.append(label, range, number);
  const show = (value, share) => {
    if (document.activeElement !== number) number.value = value;
    range.value = Math.round(SLIDER_STEPS * Math.min(1, Math.max(0, share)));
    range.setAttribute("aria-valuetext", String(value));
  };
  return { row, show };
}

export class Panel {
  /** @param act { held() -> z, where a slider goes on from, hold(z), release() } */
  constructor(root, act) {
    this.find = (selector) => root.querySelector(selector);
    this.canvas = this.find('[data-testid="decoded-image"]');
    this.act = act;
    this.scale = "plain";
    for (const button of root.querySelectorAll("[data-scale]")) {
      button.onclick = () => {
        this.scale = button.dataset.scale;
        for (const other of root.querySelectorAll("[data-scale]")) other.setAttribute("aria-pressed", other === button);
        this.showSliders(this.z);
      };
    }
    this.root = root;
  }

  setModel(atlas) {
    this.atlas = atlas;
    const [channels, height, width] = atlas.image;
    this.channels = channels;
    Object.assign(this.canvas, { width, height });
    this.pen = this.canvas.getContext("2d");
    this.image = this.pen.createImageData(width, height);
    for (const element of this.root.querySelectorAll(".la-prior")) element.hidden = !atlas.prior;
    if (!atlas.prior) this.scale = "plain";
    this.buildSliders(atlas.latent);
  }

  buildSliders(latent) {
    const home = this.find(".la-sliders");
    home.replaceChildren();
    this.sliders = Array.from({ length: latent }, (_, d) => {
      const slider = sliderRow(`z${d + 1}`, d, {
        hold: (share) => this.act.hold(this.replace(d, this.fromTravel(d, share))),
        type: (value) => this.act.hold(this.replace(d, value)),
        release: () => this.act.release(),
        refuse: () => this.showSliders(this.z),
      });
      home.append(slider.row);
      return slider;
    });
  }

  replace(d, value) { return this.act.held().map((v, i) => (i === d ? value : v)); }

  /** End points of the plain scale: the data's own extent, four prior deviations elsewhere. */
  extent(d) { return d < 2 ? this.atlas.bounds.slice(2 * d, 2 * d + 2) : [-4, 4]; }

  fromTravel(d, share) {
    if (this.scale === "prior") return probit(EDGE + share * (1 - 2 * EDGE));
    const [low, high] = this.extent(d);
    return low + share * (high - low);
  }

  toTravel(d, value) {
    if (this.scale === "prior") return (normalCdf(value) - EDGE) / (1 - 2 * EDGE);
    const [low, high] = this.extent(d);
    return (value - low) / (high - low);
  }

  /** Draws pixel means [H, W, C] from the browser's decoder. */
  showPixels(pixels, spot) {
    paint(pixels, this.channels, this.image.data);
    this.present(spot, "browser");
  }

  /** Draws bytes [H, W, C] that torch decoded. */
  showBytes(bytes, spot) {
    fill(this.image.data, bytes, this.channels);
    this.present(spot, "server");
  }

  present({ z, label, seed }, source) {
    this.pen.putImageData(this.image, 0, 0);
    Object.assign(this.canvas.dataset, { z: z.join(","), label: label ?? "", seed, source });
  }

  /** @param z where the picture is */
  showPlace(z, survey, theme) {
    const { atlas } = this, fact = (name) => this.find(`[data-fact="${name}"]`);
    fact("crowding").textContent = survey.crowding > 0
      ? `${survey.word}, percentile ${Math.round(100 * Math.min(0.99, survey.crowding))}` : "empty";
    fact("crowding").dataset.word = survey.word;
    fact("distance").textContent = survey.distance.toFixed(3);
    fact("prior").textContent = `${survey.logPrior.toFixed(2)} nats`;
    this.find(".la-mix").replaceChildren(...survey.mix.map(({ label, count }) => {
      const part = document.createElement("i");
      part.style.flexGrow = count;
      part.style.background = theme.classes[label % theme.classes.length];
      return part;
    }));
    const words = survey.mix.map(({ label, count }) => `${atlas.classes[label]} ${count}`).join(" · ");
    this.find(".la-mix-text").textContent = words;
    this.find(".la-mix").setAttribute("aria-label", `Classes of the 10 nearest items: ${words}`);
    this.showSliders(z);
  }

  showSliders(z) {
    this.z = z;
    if (!z) return;
    this.sliders.forEach((slider, d) => slider.show(z[d], this.toTravel(d, z[d])));
  }
}

/** Bytes [H, W, C] -> RGBA. */
export function fill(rgba, bytes, channels) {
  for (let p = 0, i = 0; i < bytes.length; p += 4, i += channels) {
    rgba[p] = bytes[i];
    rgba[p + 1] = bytes[i + (channels > 1 ? 1 : 0)];
    rgba[p + 2] = bytes[i + (channels > 1 ? 2 : 0)];
    rgba[p + 3] = 255;
  }
}
