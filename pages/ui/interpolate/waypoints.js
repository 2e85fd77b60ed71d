/** The list of waypoints, and the sources of new ones: pins, real items, typed coordinates. */

import { element } from "../component/element.js";
import { loadJson } from "../component/load.js";
import { codeEntry, offerClasses } from "../map/lists.js";

const GALLERY = 14;

export class Waypoints {
  /** @param handlers { add(z), remove(i), select(i), latentAt(z) }   @param source decodes */
  constructor(root, handlers, source) {
    Object.assign(this, { handlers, source });
    this.find = (selector) => root.querySelector(selector);
    this.select = this.find('[data-testid="item-class"]');
    this.select.onchange = () => this.showGallery(this.from);
    const [number, typed, message] = ['[data-testid="item-number"]', '[data-testid="typed-code"]', ".pm-typed"].map(this.find);
    this.addItem = () => {
      const item = this.itemOf(Number(number.value)), valid = number.value !== "" && item >= 0;
      number.setCustomValidity(valid ? "" : this.expected());
      if (valid) this.addReal(item); else number.reportValidity();
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

  /** @param itemUrl of an item's image   @param typicalUrl of the numbers of typical items of each class */
  setModel(items, itemUrl, typicalUrl) {
    Object.assign(this, { itemUrl, from: null, typical: [] });
    this.setItems(items);
    this.note("");
    loadJson(typicalUrl).then((typical) => {
      if (this.itemUrl !== itemUrl) return; // another model has been opened
      Object.assign(this, { typical, shown: null });
      this.showGallery(this.from);
    }, () => {});
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

  /** Real items of the chosen class: typical ones, and others by distance to a code. */
  showGallery(z) {
    if (!z) return;
    const wanted = this.select.value, key = `${z.join()}/${wanted}`;
    if (key === this.shown) return;
    Object.assign(this, { from: z, shown: key });
    const typical = this.typicalItems(wanted), near = this.kinds.nearest(z, GALLERY, wanted === "" ? null : Number(wanted)).map(({ item }) => item);
    const panel = this.find('[data-testid="typical"]');
    panel.parentElement.hidden = typical.length === 0;
    panel.replaceChildren(...typical.map((item) => this.tile(item)));
    this.find('[data-testid="gallery"]').replaceChildren(...near.filter((item) => !typical.includes(item)).map((item) => this.tile(item)));
  }

  /** Typical items of a class, or one of each; none of the kinds of a column. */
  typicalItems(wanted) {
    if (this.kinds.column) return [];
    const numbers = wanted === "" ? this.typical.map(([first]) => first) : this.typical[wanted] ?? [];
    return numbers.map((number) => this.itemOf(number)).filter((item) => item >= 0);
  }

  /** An item's image beside its reconstruction, which is added. */
  tile(item) {
    const { items } = this, name = `${items.kindOf(item)}, ${items.itemName(item)}`, other = this.reading(item);
    const title = `Add ${name}${other && `. Its reconstruction reads as ${other}`}`;
    const made = this.canvas(this.handlers.latentAt(items.code(item)), `Reconstruction of ${name}`);
    const pictures = [element("img", { src: this.itemUrl(item), alt: "", width: 44, height: 44 }), made];
    if (other) pictures.push(element("span", { textContent: `reads as ${other}` }));
    return element("li", {}, element("button", { type: "button", title, "aria-label": title, onclick: () => this.addReal(item) }, ...pictures));
  }

  addReal(item) {
    const other = this.reading(item), { items } = this;
    this.note(other && `The reconstruction of this ${items.kindOf(item)} reads as ${other}: most real items near its code are of that class.`);
    this.handlers.add(items.code(item));
  }

  note(text) { this.find('[data-testid="item-note"]').textContent = text; }

  /** The class that a reconstruction reads as, if it is not its item's: that of most items near its code. */
  reading(item) {
    const { classes, labels, context } = this.items.uncoloured;
    if (classes.length < 2 || context === "label") return ""; // there the class is chosen, not read from the code
    const { mix: [first], near } = this.items.uncoloured.survey(this.items.code(item));
    return first.label !== labels[item] && 2 * first.count > near.length ? classes[first.label] : "";
  }
}
