/** The list of waypoints, and the sources of new ones: pins, real items, typed coordinates. */

import { element } from "../component/element.js";
import { codeEntry, offerClasses } from "../map/lists.js";

const GALLERY = 14;

export class Waypoints {
  /** @param handlers { add(z), remove(i), select(i) }   @param source decodes */
  constructor(root, handlers, source) {
    Object.assign(this, { handlers, source });
    this.find = (selector) => root.querySelector(selector);
    this.select = this.find('[data-testid="item-class"]');
    this.select.onchange = () => this.showGallery(this.from);
    const [number, typed, message] = ['[data-testid="item-number"]', '[data-testid="typed-code"]', ".pm-typed"].map(this.find);
    this.addItem = () => {
      const item = this.itemOf(Number(number.value)), valid = number.value !== "" && item >= 0;
      number.setCustomValidity(valid ? "" : this.expected());
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

  /** @param itemUrl of an item's image */
  setModel(items, itemUrl) {
    Object.assign(this, { itemUrl, from: null });
    this.setItems(items);
    this.find('[data-testid="typed-code"]').placeholder = items.latentSize === 2 ? "0.5, −1.2" : `${items.latentSize} numbers`;
  }

  /** Takes other items, or the same ones with what else colours them. */
  setItems(items) {
    const { from } = this, { column } = items, kinds = items.onScale ? items.uncoloured : items;
    Object.assign(this, { items, kinds, from: null, shown: null });
    offerClasses(this.select, kinds.column ? `Any ${column.name}` : "Any class", kinds.classes);
    this.select.setAttribute("aria-label", kinds.column ? `${column.name} of the items` : "Class of the items");
    this.find('[data-testid="item-number"]').max = this.last;
    this.showGallery(from);
  }

  /** Whether the items are a choice from their data set. */
  get chosen() { return this.items.index && this.items.total === this.items.count; }

  /** The number of the last item. */
  get last() { const { index, total, count } = this.items; return this.chosen ? index[count - 1] : total - 1; }

  /** Which numbers there are, for a message. */
  expected() {
    const { chosen, items: { index }, last } = this;
    return chosen ? `Expected the number of an image that is shown, from ${index[0]} to ${last}.` : `Expected a test image from 0 to ${last}.`;
  }

  /** Index on the map of an image; -1 if it is not shown. */
  itemOf(number) { return Number.isInteger(number) && number >= 0 ? this.items.itemOf(number) : -1; }

  /** The decoded image of a latent. */
  canvas(latent, name) {
    const { source } = this, [, height, width] = this.items.image;
    const canvas = element("canvas", { width, height, role: "img", "aria-label": name, dataset: { z: latent.z.join(",") } });
    source.paintOn(canvas, latent);
    return canvas;
  }

  /** @param latents of the waypoints   @param selected index or null */
  show(latents, selected) {
    this.find('[data-testid="waypoint-list"]').replaceChildren(...latents.map((latent, i) => {
      const title = "Select: arrow keys on the map move it, Delete removes it";
      const canvas = this.canvas(latent, `Waypoint ${i + 1} at ${latent.z.join(", ")}`);
      const go = { title, "aria-pressed": i === selected, onclick: () => this.handlers.select(i) };
      return codeEntry("waypoint", i, latent.z, canvas, [], go, () => this.handlers.remove(i));
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
    const near = this.kinds.nearest(z, GALLERY, wanted === "" ? null : Number(wanted));
    this.find('[data-testid="gallery"]').replaceChildren(...near.map(({ item }) => {
      const name = `${items.kindOf(item)}, ${items.itemName(item)}`;
      const add = { type: "button", title: `Add ${name}`, "aria-label": `Add ${name}`, onclick: () => this.handlers.add(items.code(item)) };
      return element("li", {}, element("button", add, element("img", { src: this.itemUrl(item), alt: "", width: 44, height: 44 })));
    }));
  }
}
