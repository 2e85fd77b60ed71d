/** Lists around a map: the legend, the pins, the nearest real items and one of them in detail. */

import { scaleGradient } from "../component/colour_scale.js";
import { element } from "../component/element.js";
import { picture, resolve } from "../component/load.js";
import { keyOf } from "../decoder/image_source.js";
import { lookOf, shapeOf } from "./scatter.js";

/** The marker of a class as SVG. */
export const mark = (label, colour) => markOf({ shape: shapeOf(label)[1], colour });

export const markOf = ({ shape, colour }) => `<svg viewBox="0 0 12 12" aria-hidden="true" fill="${colour}"><path d="${shape}"/></svg>`;

const ON_BOARD = "On the board";

/** Numbers in the monospaced font. */
const mono = (text) => element("span", { className: "la-mono", textContent: text });

/** The entry of a code in a list: its image, which can be pressed, and a button that deletes it. */
export function codeEntry(what, i, z, image, more, thumb, remove) {
  const place = mono(`${i + 1}: ${z.slice(0, 2).map((v) => v.toFixed(2)).join(", ")}`), type = "button";
  const words = { textContent: "×", title: `Delete this ${what}`, "aria-label": `Delete ${what} ${i + 1}` };
  return element("li", {}, element("button", { type, className: "la-thumb", ...thumb }, image, place, ...more),
    element("button", { type, className: "la-remove", ...words, onclick: remove }));
}

/** Marks a picture that is on the board, or is not. */
export function markSaved(button, saved = false) {
  button.dataset.saved = saved;
  button.title = `${saved ? `${ON_BOARD}. ` : ""}${button.title.replace(`${ON_BOARD}. `, "")}`;
}

/** Fills a <select> with classes, after an option for none of them. */
export function offerClasses(select, none, names) {
  select.replaceChildren(new Option(none, ""), ...names.map((name, label) => new Option(name, label)));
}

/** The legend of a column of numbers or dates. */
const scaleBar = ({ name, ends }, theme) => element("span", { className: "la-bar", role: "img", "aria-label": `${name} from ${ends[0]} to ${ends[1]}` },
  name, mono(ends[0]), element("i", { style: { background: scaleGradient(theme) } }), mono(ends[1]));

export class Lists {
  /** @type {import("./items").Items} */ items;
  /** @type {import("./items").Items} the same, with what colours them in place of the classes */ coloured;
  /** @type {import("../decoder/image_source").ImageSource} */ source;
  /** @type {{ key: string, latent: any, canvas: HTMLCanvasElement }[]} that are shown */ pins = [];
  /** @type {Set<string>} the keys of those that are on the board */ saved = new Set();

  /**
   * @param {HTMLElement} root
   * @param {{ toggleClass(label: number): void, goTo?(latent: any): void, removePin?(i: number): void,
   *   chooseItem?(item: number | null): void }} handlers
   */
  constructor(root, handlers) {
    this.find = (selector) => root.querySelector(selector);
    this.handlers = handlers;
  }

  setModel(items, source, itemsUrl) {
    Object.assign(this, { items, coloured: items, source, pins: [] });
    this.find('[data-testid="pin-list"]')?.replaceChildren();
    this.picture = (item) => resolve(`${itemsUrl}/${items.itemNumber(item)}.png`);
  }

  /** @param counts of the items inside the region per class, category or bin; none without a region */
  showLegend(hidden, theme, counts) {
    const { coloured, coloured: { classes, column, onScale } } = this, home = this.find(".la-legend");
    const chips = classes.map((name, label) => {
      if (onScale && label < column.own) return null;
      const key = !column && label < 10 ? ` (key ${label} jumps there)` : "";
      const chip = element("button", {
        type: "button", title: `Show or hide ${name}${key}`, "aria-pressed": !hidden.has(label),
        innerHTML: markOf(lookOf(coloured, label, theme)), onclick: () => this.handlers.toggleClass(label),
      }, name);
      if (counts && !hidden.has(label)) chip.append(mono(counts[label].toLocaleString("en")));
      return chip;
    });
    home.replaceChildren(...(onScale ? [scaleBar(column, theme)] : []), ...chips.filter(Boolean));
    home.setAttribute("aria-label", `${column ? `Values of ${column.name}` : "Classes"}: press to show or hide`);
    const said = this.splitNote();
    if (said) home.append(element("span", { className: "la-hint", textContent: said }));
  }

  /** What filled and outlined marks mean; "" where all items are held out. */
  splitNote() {
    const { items, items: { count } } = this;
    let held = 0;
    for (let i = 0; i < count; i++) held += Number(items.isHeldOut(i));
    if (held === count) return "";
    return held ? `Filled: held out (${held.toLocaleString("en")}); outlined: trained on` : "Outlined: trained on";
  }

  showPins(pins, undoable) {
    const keys = pins.map(keyOf);
    this.find(".la-pins .la-hint").hidden = pins.length > 0;
    this.find('[data-do="undo"]').disabled = !undoable;
    for (const action of ["clear", "save"]) this.find(`[data-do="${action}"]`).disabled = pins.length === 0;
    if (keys.join("|") !== this.pins.map(({ key }) => key).join("|")) this.listPins(pins, keys);
    const buttons = this.find('[data-testid="pin-list"]').querySelectorAll(".la-thumb");
    for (const [i, button] of buttons.entries()) markSaved(button, this.saved.has(keys[i]));
  }

  listPins(pins, keys) {
    const { handlers } = this, before = new Map(this.pins.map((pin) => [pin.key, pin.canvas]));
    this.pins = pins.map((pin, i) => {
      const canvas = before.get(keys[i]) ?? this.pinCanvas(pin);
      before.delete(keys[i]); // of two equal pins, each has its own
      return { key: keys[i], latent: pin, canvas };
    });
    this.find('[data-testid="pin-list"]').replaceChildren(...this.pins.map(({ latent, canvas }, i) => {
      const thumb = { title: "Move the cursor here", onclick: () => handlers.goTo(latent) }, condition = this.items.conditionName(latent);
      const more = condition ? [element("span", { textContent: condition })] : [];
      return codeEntry("pin", i, latent.z, canvas, more, thumb, () => handlers.removePin(i));
    }));
  }

  /** The browser's image of a pin. */
  pinCanvas(pin) {
    const { items, source } = this, { z, label, seed } = pin, [, height, width] = items.image, condition = items.conditionName(pin);
    const canvas = element("canvas", {
      width, height, role: "img", "aria-label": `Image at ${z.join(", ")}${condition && `, ${condition}`}`,
      dataset: { testid: "pin-image", z: z.join(","), label: label ?? "", seed, source: "browser" },
    });
    if (source.local && !source.answer(pin)) source.paintOn(canvas, pin);
    return canvas;
  }

  /** Draws torch's images of the pins that have arrived since. */
  fillPins() {
    for (const { latent, canvas } of this.pins) {
      const bytes = canvas.dataset.source === "browser" && this.source.answer(latent);
      if (!bytes) continue;
      this.source.fillOn(canvas, bytes);
      canvas.dataset.source = "server";
    }
  }

  showNear(near, where, chosen) {
    const { items, coloured } = this;
    this.find(".la-near-where").textContent = `to ${where}, among ${items.split}`;
    this.find('[data-testid="neighbour-list"]').replaceChildren(...near.map(({ item, distance }) => {
      const name = items.classes[items.labels[item]];
      return element("li", {}, element("button", {
        type: "button", className: "la-thumb", title: `${items.itemName(item)}: posterior and reconstruction`, "aria-pressed": item === chosen,
        "aria-label": `${name}, distance ${distance.toFixed(3)}`, onclick: () => this.handlers.chooseItem(item === chosen ? null : item),
      },
      picture(this.picture(item), { alt: "", width: 56, height: 56 }),
      element("span", { textContent: name }),
      ...(coloured.column ? [element("span", { className: "la-value", textContent: coloured.valueText(item), title: coloured.column.name })] : []),
      mono(distance.toFixed(3))));
    }));
  }

  /** One item: the original next to its reconstruction. */
  showItem(item) {
    const home = this.find('[data-testid="item-detail"]');
    home.hidden = item === null;
    if (item === null) { home.replaceChildren(); return; }
    const { items, coloured, source } = this, [, height, width] = items.image, latent = items.latentOf(item), { z } = latent;
    const name = items.classes[items.labels[item]], br = () => element("br"), number = items.itemNumber(item);
    const original = items.originals
      ? [element("a", { href: `${items.originals}/${number}`, target: "_blank", rel: "noopener", textContent: items.itemName(item) })] : [items.itemName(item)];
    const column = coloured.column ? [`${coloured.column.name}: ${coloured.valueText(item)}`, br()] : [];
    const figure = (image, caption) => element("figure", {}, image, element("figcaption", { textContent: caption }));
    const parts = [figure(picture(this.picture(item), { alt: `Original: ${name}` }), "original")];
    if (source.local) {
      const canvas = element("canvas", { width, height, role: "img", "aria-label": `Reconstruction: ${name}` });
      source.paintOn(canvas, latent);
      parts.push(figure(canvas, "reconstruction"));
    }
    const numbers = (values) => mono(values.map((v) => v.toFixed(3)).join(", "));
    const std = items.std && Array.from(items.std.subarray(item * items.latentSize, (item + 1) * items.latentSize));
    const posterior = std ? ["posterior std ", numbers(std), br(), "The ellipse on the map holds 95 % of the posterior."]
      : ["This model has no posterior: an item is a single point."];
    home.replaceChildren(...parts, element("p", {},
      element("strong", { textContent: name }), " ", ...original, br(), ...column,
      "code ", numbers(z), br(), ...posterior, br(),
      element("button", { type: "button", textContent: "Go to this code", onclick: () => this.handlers.goTo(latent) })));
  }
}
