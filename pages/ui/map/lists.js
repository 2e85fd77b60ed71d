/** Lists around a map: the legend, the pins, the nearest real items and one of them in detail. */

import { resolve } from "../component/load.js";
import { element } from "../component/element.js";
import { SHAPES } from "./highlight.js";
import { shapeOf } from "./scatter.js";
import { fill, paint } from "../decoder/pixels.js";

/** The marker of a class as SVG. */
export function mark(label, colour) {
  return `<svg viewBox="0 0 12 12" aria-hidden="true" fill="${colour}"><path d="${SHAPES[shapeOf(label)]}"/></svg>`;
}

export class Lists {
  /** @type {import("./items").Items} */ items;
  /** @type {import("../decoder/image_source").ImageSource} */ source;

  /**
   * @param {HTMLElement} root
   * @param {{ toggleClass(label: number): void, goTo?(latent: object): void, removePin?(i: number): void,
   *   chooseItem?(item: number | null): void }} handlers
   */
  constructor(root, handlers) {
    this.find = (selector) => root.querySelector(selector);
    this.handlers = handlers;
  }

  setModel(items, source, itemsUrl) {
    this.items = items;
    this.source = source;
    this.picture = (item) => resolve(`${itemsUrl}/${items.itemNumber(item)}.png`);
  }

  /** @param counts of the items inside the region per class; none without a region */
  showLegend(hidden, theme, counts) {
    const parts = this.items.classes.map((name, label) => {
      const chip = element("button", { type: "button", title: `Show or hide ${name} (key ${label} jumps there)`, onclick: () => this.handlers.toggleClass(label) });
      chip.setAttribute("aria-pressed", String(!hidden.has(label)));
      chip.innerHTML = mark(label, theme.classes[label % theme.classes.length]);
      chip.append(name);
      if (counts && !hidden.has(label)) chip.append(element("span", { className: "la-mono", textContent: counts[label].toLocaleString("en") }));
      return chip;
    });
    this.find(".la-legend").replaceChildren(...parts);
  }

  /** @param bytesAt(latent) the image that torch decoded, or undefined while it is not here */
  showPins(pins, bytesAt, undoable) {
    const [channels, height, width] = this.items.image;
    this.find('[data-testid="pin-list"]').replaceChildren(...pins.map((pin, i) => {
      const { z, label, seed } = pin, condition = this.items.conditionName(pin);
      const canvas = element("canvas", { width, height, dataset: { testid: "pin-image", z: z.join(","), label: label ?? "", seed } });
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `Image at ${z.join(", ")}${condition && `, ${condition}`}`);
      const ctx = canvas.getContext("2d"), image = ctx.createImageData(width, height), bytes = bytesAt(pin);
      if (bytes) fill(image.data, bytes, channels);
      else if (this.source.decoder) paint(this.source.decode(pin), channels, image.data);
      canvas.dataset.source = bytes ? "server" : "browser";
      ctx.putImageData(image, 0, 0);
      const go = element("button", { type: "button", className: "la-thumb", title: "Move the cursor here", onclick: () => this.handlers.goTo(pin) },
        canvas, element("span", { className: "la-mono", textContent: `${i + 1}: ${z.slice(0, 2).map((v) => v.toFixed(2)).join(", ")}` }));
      if (condition) go.append(element("span", { textContent: condition }));
      const remove = element("button", { type: "button", className: "la-remove", textContent: "×", title: "Delete this pin", onclick: () => this.handlers.removePin(i) });
      remove.setAttribute("aria-label", `Delete pin ${i + 1}`);
      return element("li", {}, go, remove);
    }));
    this.find(".la-pins .la-hint").hidden = pins.length > 0;
    this.find('[data-do="undo"]').disabled = !undoable;
    this.find('[data-do="clear"]').disabled = pins.length === 0;
  }

  showNear(near, where, chosen) {
    const { items } = this;
    this.find(".la-near-where").textContent = `to ${where}, among ${items.split}`;
    this.find('[data-testid="neighbour-list"]').replaceChildren(...near.map(({ item, distance }) => {
      const name = items.classes[items.labels[item]];
      const picture = element("img", { src: this.picture(item), alt: "", width: 56, height: 56 });
      const button = element("button", { type: "button", className: "la-thumb", title: "Posterior and reconstruction", onclick: () => this.handlers.chooseItem(item === chosen ? null : item) },
        picture, element("span", { textContent: name }), element("span", { className: "la-mono", textContent: distance.toFixed(3) }));
      button.setAttribute("aria-pressed", String(item === chosen));
      button.setAttribute("aria-label", `${name}, distance ${distance.toFixed(3)}`);
      return element("li", {}, button);
    }));
  }

  /** One item: the original next to its reconstruction. */
  showItem(item) {
    const home = this.find('[data-testid="item-detail"]');
    home.hidden = item === null;
    if (item === null) { home.replaceChildren(); return; }
    const { items, source } = this, [channels, height, width] = items.image, latent = items.latentOf(item), { z } = latent;
    const name = items.classes[items.labels[item]];
    const original = element("img", { src: this.picture(item), alt: `Original: ${name}` });
    const parts = [element("figure", {}, original, element("figcaption", { textContent: "original" }))];
    if (source.decoder) {
      const canvas = element("canvas", { width, height });
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `Reconstruction: ${name}`);
      const ctx = canvas.getContext("2d"), image = ctx.createImageData(width, height);
      paint(source.decode(latent), channels, image.data);
      ctx.putImageData(image, 0, 0);
      parts.push(element("figure", {}, canvas, element("figcaption", { textContent: "reconstruction" })));
    }
    const numbers = (values) => values.map((v) => v.toFixed(3)).join(", ");
    const std = items.std && Array.from(items.std.subarray(item * items.latentSize, (item + 1) * items.latentSize));
    const text = element("p", {}, element("strong", { textContent: name }), ` test image ${items.itemNumber(item)}`, element("br"),
      "code ", element("span", { className: "la-mono", textContent: numbers(z) }));
    if (std) text.append(element("br"), "posterior std ", element("span", { className: "la-mono", textContent: numbers(std) }),
      element("br"), "The ellipse on the map holds 95 % of the posterior.");
    else text.append(element("br"), "This model has no posterior: an item is a single point.");
    text.append(element("br"), element("button", { type: "button", textContent: "Go to this code", onclick: () => this.handlers.goTo(latent) }));
    home.replaceChildren(...parts, text);
  }
}
