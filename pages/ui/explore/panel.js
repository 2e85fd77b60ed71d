/** The panel next to the map: the decoded image, facts about its position, the sliders. */

import { densityText, nearText } from "../map/items.js";
import { element, onButtons, pressOnly } from "../component/element.js";
import { lookOf } from "../map/scatter.js";
import { sliderRow } from "../controls/slider.js";
import { normalCdf, probit } from "./normal.js";

const EDGE = 0.0005; // tail probability at the ends of the quantile scale, z = ±3.29

export class Panel {
  /** @param handlers { held() -> z, hold(z), release() } */
  constructor(root, handlers) {
    this.find = (selector) => root.querySelector(selector);
    this.handlers = handlers;
    this.scale = "linear";
    onButtons(root, "scale", (scale) => {
      this.scale = scale;
      pressOnly(root, "scale", scale);
      this.showSliders(this.z);
    });
    this.root = root;
  }

  setModel(items) {
    this.items = items;
    for (const element of this.root.querySelectorAll(".la-prior")) element.hidden = !items.prior;
    if (!items.prior) this.scale = "linear";
    this.buildSliders(items.latentSize);
  }

  buildSliders(latentSize) {
    this.sliders = Array.from({ length: latentSize }, (_, d) => sliderRow(`z${d + 1}`, d, {
      hold: (share) => this.handlers.hold(this.replace(d, this.fromTravel(d, share))),
      type: (value) => this.handlers.hold(this.replace(d, value)),
      release: () => this.handlers.release(),
      refuse: () => this.showSliders(this.z),
    }));
    this.find(".la-sliders").replaceChildren(...this.sliders.map(({ row }) => row));
  }

  replace(d, value) { return this.handlers.held().map((v, i) => (i === d ? value : v)); }

  /** Ends of the linear scale: the extent of the data on the map's axes, four standard deviations of the prior elsewhere. */
  extent(d) { return d < 2 ? this.items.bounds.slice(2 * d, 2 * d + 2) : [-4, 4]; }

  fromTravel(d, share) {
    if (this.scale === "quantile") return probit(EDGE + share * (1 - 2 * EDGE));
    const [low, high] = this.extent(d);
    return low + share * (high - low);
  }

  toTravel(d, value) {
    if (this.scale === "quantile") return (normalCdf(value) - EDGE) / (1 - 2 * EDGE);
    const [low, high] = this.extent(d);
    return (value - low) / (high - low);
  }

  /** Facts about the position z of the image. @param items coloured   @param survey of them */
  showPosition(z, survey, theme, items) {
    const fact = (name) => this.find(`[data-fact="${name}"]`);
    fact("density").textContent = densityText(survey);
    fact("density").dataset.level = survey.level;
    fact("distance").textContent = `${survey.distance.toFixed(3)} in z`;
    fact("prior").textContent = `${survey.logPrior.toFixed(2)} nats`;
    this.find(".la-column").hidden = !items.column;
    if (items.column) {
      this.find(".la-column dt").textContent = items.column.name;
      fact("column").textContent = items.valueText(survey.near[0].item);
    }
    const words = nearText(survey, items), mix = items.onScale ? survey.mix.sort((a, b) => a.label - b.label) : survey.mix;
    this.find(".la-mix").replaceChildren(...mix.map(({ label, count }) => element("i", {
      title: items.onScale ? words : `${count} of the ${survey.near.length} nearest items: ${items.classes[label]}`,
      style: { flexGrow: count, background: lookOf(items, label, theme).colour },
    })));
    this.find(".la-mix-text").textContent = words;
    this.find(".la-mix").setAttribute("aria-label", words);
    this.showSliders(z);
  }

  showSliders(z) {
    this.z = z;
    if (!z) return;
    this.sliders.forEach((slider, d) => slider.show(z[d], this.toTravel(d, z[d])));
  }
}
