/** The list of waypoints, and the sources of new ones: pins, real items, typed coordinates. */

import { resolve } from "../component/load.js";
import { element } from "../component/element.js";
import { fill, paint } from "../decoder/pixels.js";

const GALLERY = 14;

export class Waypoints {
  /** @param handlers { add(z), remove(i), select(i) }   @param source decodes */
  constructor(root, handlers, source) {
    Object.assign(this, { handlers, source });
    this.find = (selector) => root.querySelector(selector);
    this.select = this.find('[data-testid="item-class"]');
    this.select.onchange = () => this.showGallery(this.from);
    const number = this.find('[data-testid="item-number"]'), typed = this.find('[data-testid="typed-code"]');
    const message = this.find(".pm-typed");
    this.addItem = () => {
      const item = this.itemOf(Number(number.value));
      const valid = number.value !== "" && item >= 0;
      number.setCustomValidity(valid ? "" : `Expected a test image from 0 to ${this.items.total - 1}.`);
      if (valid) this.handlers.add(this.items.code(item)); else number.reportValidity();
    };
    this.addCode = () => {
      const parts = typed.value.split(/[\s,;]+/).filter(Boolean), z = parts.map(Number), { latentSize } = this.items;
      const good = z.length === latentSize && z.every((v) => Number.isFinite(v) && Math.abs(v) <= 1000);
      message.textContent = good ? "" : `Expected ${latentSize} numbers between −1000 and 1000, separated by commas.`;
      if (good) { this.handlers.add(z); typed.value = ""; }
    };
    number.oninput = () => number.setCustomValidity("");
    number.onkeydown = (event) => { if (event.key === "Enter") this.addItem(); };
    typed.onkeydown = (event) => { if (event.key === "Enter") this.addCode(); };
  }

  setModel(items, itemsUrl) {
    this.items = items;
    this.from = null;
    this.itemUrl = (item) => resolve(`${itemsUrl}/${items.itemNumber(item)}.png`);
    this.select.replaceChildren(new Option("Any class", ""), ...items.classes.map((name, label) => new Option(name, label)));
    this.find('[data-testid="item-number"]').max = items.total - 1;
    this.find('[data-testid="typed-code"]').placeholder = items.latentSize === 2 ? "0.5, −1.2" : `${items.latentSize} numbers`;
  }

  /** Index on the map of a test image; -1 if it is not shown. */
  itemOf(number) {
    if (!Number.isInteger(number) || number < 0) return -1;
    return this.items.index ? this.items.index.indexOf(number) : number < this.items.count ? number : -1;
  }

  /** The decoded image of a latent. */
  canvas(latent, name) {
    const [channels, height, width] = this.items.image, canvas = element("canvas", { width, height });
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", name);
    canvas.dataset.z = latent.z.join(",");
    const ctx = canvas.getContext("2d"), image = ctx.createImageData(width, height);
    if (this.source.remote) {
      this.source.fetchBytes(latent).then((bytes) => { if (bytes) { fill(image.data, bytes, channels); ctx.putImageData(image, 0, 0); } });
    } else {
      paint(this.source.decode(latent), channels, image.data);
      ctx.putImageData(image, 0, 0);
    }
    return canvas;
  }

  /** @param latents of the waypoints   @param selected index or null */
  show(latents, selected) {
    this.find('[data-testid="waypoint-list"]').replaceChildren(...latents.map((latent, i) => {
      const title = "Select: arrow keys on the map move it, Delete removes it";
      const go = element("button", { type: "button", className: "la-thumb", title, onclick: () => this.handlers.select(i) },
        this.canvas(latent, `Waypoint ${i + 1} at ${latent.z.join(", ")}`),
        element("span", { className: "la-mono", textContent: `${i + 1}: ${latent.z.slice(0, 2).map((v) => v.toFixed(2)).join(", ")}` }));
      go.setAttribute("aria-pressed", String(i === selected));
      const remove = element("button", {
        type: "button", className: "la-remove", textContent: "×", title: "Delete this waypoint", onclick: () => this.handlers.remove(i),
      });
      remove.setAttribute("aria-label", `Delete waypoint ${i + 1}`);
      return element("li", {}, go, remove);
    }));
    this.find('[data-do="reverse"]').disabled = latents.length < 2;
    this.find('[data-do="clear"]').disabled = latents.length === 0;
  }

  showPins(pins) {
    const panel = this.find(".pm-pins");
    panel.hidden = pins.length === 0;
    panel.querySelector("ol").replaceChildren(...pins.map((pin, i) => {
      const title = `Add pin ${i + 1} as a waypoint`, onclick = () => this.handlers.add(pin.z);
      return element("li", {}, element("button", { type: "button", title, onclick }, this.canvas(pin, `Pin ${i + 1}`)));
    }));
  }

  /** Real items of the chosen class, by distance to a code. */
  showGallery(z) {
    if (!z) return;
    const { items } = this, wanted = this.select.value, key = `${z.join()}/${wanted}`;
    if (key === this.shown) return;
    Object.assign(this, { from: z, shown: key });
    const near = wanted === "" ? items.nearest(z, GALLERY) : this.nearestOf(z, Number(wanted));
    this.find('[data-testid="gallery"]').replaceChildren(...near.map(({ item }) => {
      const name = `${items.classes[items.labels[item]]}, test image ${items.itemNumber(item)}`;
      const button = element("button", { type: "button", title: `Add ${name}`, onclick: () => this.handlers.add(items.code(item)) },
        element("img", { src: this.itemUrl(item), alt: "", width: 44, height: 44 }));
      button.setAttribute("aria-label", `Add ${name}`);
      return element("li", {}, button);
    }));
  }

  nearestOf(z, label) {
    const { items } = this, found = [];
    for (let item = 0; item < items.count; item++) {
      if (items.labels[item] !== label) continue;
      let square = 0;
      for (let d = 0; d < items.latentSize; d++) square += (items.codes[item * items.latentSize + d] - z[d]) ** 2;
      found.push({ item, square });
    }
    return found.sort((a, b) => a.square - b.square).slice(0, GALLERY);
  }
}
