/** The stops as pictures, and the places that new ones come from: pins, real items, typed numbers. */

import { resolve } from "../component/load.js";
import { element } from "../component/element.js";
import { fill, paint } from "../decoder/pixels.js";


const GALLERY = 14;

export class Stops {
  /** @param act { add(z), remove(i), choose(i) }   @param source decodes */
  constructor(root, act, source) {
    Object.assign(this, { act, source });
    this.find = (selector) => root.querySelector(selector);
    this.select = this.find('[data-testid="item-class"]');
    this.select.onchange = () => this.showGallery(this.from);
    const number = this.find('[data-testid="item-number"]'), typed = this.find('[data-testid="typed-code"]');
    const said = this.find(".pm-typed");
    this.addItem = () => {
      const item = this.itemOf(Number(number.value));
      if (number.value === "" || item < 0) { number.setCustomValidity(`Expected a test image from 0 to ${this.atlas.total - 1}.`); number.reportValidity(); return; }
      number.setCustomValidity("");
      this.act.add(this.atlas.code(item));
    };
    this.addCode = () => {
      const parts = typed.value.split(/[\s,;]+/).filter(Boolean), z = parts.map(Number), { latent } = this.atlas;
      const good = z.length === latent && z.every((v) => Number.isFinite(v) && Math.abs(v) <= 1000);
      said.textContent = good ? "" : `Expected ${latent} numbers between −1000 and 1000, separated by commas.`;
      if (good) { this.act.add(z); typed.value = ""; }
    };
    number.oninput = () => number.setCustomValidity("");
    number.onkeydown = (event) => { if (event.key === "Enter") this.addItem(); };
    typed.onkeydown = (event) => { if (event.key === "Enter") this.addCode(); };
  }

  setModel(atlas, itemsUrl) {
    this.atlas = atlas;
    this.from = null;
    this.picture = (item) => resolve(`${itemsUrl}/${atlas.itemNumber(item)}.png`);
    this.select.replaceChildren(new Option("Any class", ""), ...atlas.classes.map((name, label) => new Option(name, label)));
    this.find('[data-testid="item-number"]').max = atlas.total - 1;
    this.find('[data-testid="typed-code"]').placeholder = atlas.latent === 2 ? "0.5, −1.2" : `${atlas.latent} numbers`;
  }

  /** Index on the map of a test image; -1 where it is not shown. */
  itemOf(number) {
    if (!Number.isInteger(number) || number < 0) return -1;
    return this.atlas.index ? this.atlas.index.indexOf(number) : number < this.atlas.count ? number : -1;
  }

  /** A picture of a spot, decoded here or fetched. */
  canvas(spot, name) {
    const [channels, height, width] = this.atlas.image, canvas = element("canvas", { width, height });
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", name);
    canvas.dataset.z = spot.z.join(",");
    const pen = canvas.getContext("2d"), image = pen.createImageData(width, height);
    if (this.source.remote) {
      this.source.fetchBytes(spot).then((bytes) => { if (bytes) { fill(image.data, bytes, channels); pen.putImageData(image, 0, 0); } });
    } else {
      paint(this.source.decode(spot), channels, image.data);
      pen.putImageData(image, 0, 0);
    }
    return canvas;
  }

  /** @param spots the stops   @param chosen index of the selected one, or null */
  show(spots, chosen) {
    this.find('[data-testid="stop-list"]').replaceChildren(...spots.map((spot, i) => {
      const go = element("button", { type: "button", className: "la-thumb", title: "Choose: arrow keys on the map move it, Delete removes it", onclick: () => this.act.choose(i) },
        this.canvas(spot, `Stop ${i + 1} at ${spot.z.join(", ")}`),
        element("span", { className: "la-mono", textContent: `${i + 1}: ${spot.z.slice(0, 2).map((v) => v.toFixed(2)).join(", ")}` }));
      go.setAttribute("aria-pressed", String(i === chosen));
      const remove = element("button", { type: "button", className: "la-remove", textContent: "×", title: "Delete this stop", onclick: () => this.act.remove(i) });
      remove.setAttribute("aria-label", `Delete stop ${i + 1}`);
      return element("li", {}, go, remove);
    }));
    this.find('[data-do="reverse"]').disabled = spots.length < 2;
    this.find('[data-do="clear"]').disabled = spots.length === 0;
  }

  showPins(pins) {
    const home = this.find(".pm-pins");
    home.hidden = pins.length === 0;
    home.querySelector("ol").replaceChildren(...pins.map((pin, i) => {
      const button = element("button", { type: "button", title: `Add pin ${i + 1} as a stop`, onclick: () => this.act.add(pin.z) }, this.canvas(pin, `Pin ${i + 1}`));
      return element("li", {}, button);
    }));
  }

  /** Real items of the chosen class, nearest to a code first. */
  showGallery(z) {
    if (!z) return;
    const { atlas } = this, wanted = this.select.value, key = `${z.join()}/${wanted}`;
    if (key === this.shown) return;
    Object.assign(this, { from: z, shown: key });
    const near = wanted === "" ? atlas.nearest(z, GALLERY) : this.nearestOf(z, Number(wanted));
    this.find('[data-testid="gallery"]').replaceChildren(...near.map(({ item }) => {
      const name = `${atlas.classes[atlas.labels[item]]}, test image ${atlas.itemNumber(item)}`;
      const button = element("button", { type: "button", title: `Add ${name}`, onclick: () => this.act.add(atlas.code(item)) },
        element("img", { src: this.picture(item), alt: "", width: 44, height: 44 }));
      button.setAttribute("aria-label", `Add ${name}`);
      return element("li", {}, button);
    }));
  }

  nearestOf(z, label) {
    const { atlas } = this, found = [];
    for (let item = 0; item < atlas.count; item++) {
      if (atlas.labels[item] !== label) continue;
      let square = 0;
      for (let d = 0; d < atlas.latent; d++) square += (atlas.codes[item * atlas.latent + d] - z[d]) ** 2;
      found.push({ item, square });
    }
    return found.sort((a, b) => a.square - b.square).slice(0, GALLERY);
  }
}
