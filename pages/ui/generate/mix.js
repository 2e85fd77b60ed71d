/** Mixes of images: the weights of the selected ones, and their code. */

import { element, showNumber } from "../component/element.js";

const MOST_WEIGHTS = 8; // images with a weight of their own

/** One weight slider per selected image. */
export class MixWeights {
  selected = "";

  /** @param {HTMLElement} panel   @param {() => void} changed while a weight is dragged */
  constructor(panel, changed) { Object.assign(this, { panel, changed }); }

  /** @param {number[]} selected images, the current one first */
  show(selected) {
    if (this.selected === selected.join()) return;
    this.selected = selected.join();
    const shown = selected.length > 1 && selected.length <= MOST_WEIGHTS ? selected : [];
    this.panel.replaceChildren(...shown.map((index) => this.row(`image ${index + 1}`)));
    if (selected.length > MOST_WEIGHTS) this.panel.textContent = `Mix: ${selected.length} images with equal weights`;
  }

  row(name) {
    const slider = element("input", { type: "range", min: 0, max: 1, step: 0.01, defaultValue: 0.5, dataset: { digits: 2 }, "aria-label": name });
    slider.oninput = () => { showNumber(slider); this.changed(); };
    const row = element("label", { className: "sg-range" }, element("span", { textContent: name }), slider, element("output", { className: "la-mono" }));
    showNumber(slider);
    return row;
  }

  get sliders() { return [...this.panel.querySelectorAll("input")]; }

  values() { return this.sliders.map((slider) => Number(slider.value)); }

  set(values) { this.sliders.forEach((slider, i) => { slider.value = values[i] ?? slider.defaultValue; showNumber(slider); }); }
}

/** The weighted mean of codes, beyond two dimensions with the weighted mean of their norms (vae/latent/sampling.py). */
export function mix(codes, weights) {
  const total = weights.reduce((a, b) => a + b, 0), norm = (z) => Math.hypot(...z);
  const mean = codes[0].map((_, k) => codes.reduce((sum, z, i) => sum + weights[i] / total * z[k], 0));
  if (mean.length <= 2) return mean;
  const wanted = codes.reduce((sum, z, i) => sum + weights[i] / total * norm(z), 0), scale = wanted / Math.max(norm(mean), 1e-9);
  return mean.map((v) => v * scale);
}
