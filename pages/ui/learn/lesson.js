/**
 * The interactive figure of one step of the Learn page, and the symbols of its formula with their
 * current values. Pointing at a symbol highlights it in the figure.
 */

import { loadFloats, resolve } from "../component/load.js";
import { element } from "../component/element.js";
import { FIGURES } from "./figures.js";
import { Items } from "../map/items.js";
import { ImageSource } from "../decoder/image_source.js";

export default class Lesson {
  constructor(root) {
    this.root = root;
    this.home = root.querySelector(".ls-figure");
    this.legend = root.querySelector(".ls-legend");
    this.symbols = new Map();
    this.onKey = (event) => {
      const by = { ArrowLeft: -1, PageUp: -1, ArrowRight: 1, PageDown: 1 }[event.key];
      const busy = event.target.closest?.("input, textarea, select, canvas, [role=radiogroup], [role=combobox], [contenteditable]");
      if (!by || busy || !this.send || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.send?.("go", { asked: Date.now(), by });
    };
    document.addEventListener("keydown", this.onKey);
  }

  async update({ data, setStateValue }, theme) {
    this.send = setStateValue;
    this.root.dataset.large = String(data.large);
    if (data.figure === this.name && theme === this.theme) { this.figure.light?.(null); return; } // draws the words at their size
    this.root.dataset.state = "loading";
    const models = await Promise.all(data.models.map(open));
    this.leave();
    this.symbols.clear();
    this.legend.replaceChildren();
    this.home.replaceChildren();
    this.models = models;
    this.figure = new FIGURES[data.figure](this.home, { ...data, models, theme, say: (...what) => this.say(...what) });
    this.root.dataset.figure = data.figure;
    this.root.dataset.state = "ready";
    Object.assign(this, { name: data.figure, theme });
    this.figure.start?.();
  }

  /** @param symbol as in the formula   @param name its meaning   @param value its current value */
  say(symbol, name, value) {
    let chip = this.symbols.get(symbol);
    if (!chip) {
      chip = this.legend.appendChild(element("button", { type: "button", title: name, dataset: { symbol } }));
      const light = (on) => { chip.dataset.lit = String(on); this.figure?.light?.(on ? symbol : null); };
      chip.onpointerenter = chip.onfocus = () => light(true);
      chip.onpointerleave = chip.onblur = () => light(false);
      this.symbols.set(symbol, chip);
    }
    const text = typeof value === "number" ? value.toFixed(Math.abs(value) >= 100 ? 1 : 3) : value;
    chip.dataset.value = String(value);
    chip.textContent = `${symbol} = ${text}`;
    chip.setAttribute("aria-label", `${name}: ${text}`);
  }

  destroy() {
    document.removeEventListener("keydown", this.onKey);
    this.leave();
  }

  /** Ends the figure and its models' decoders. */
  leave() {
    this.figure?.destroy?.();
    for (const { source } of this.models ?? []) source.close();
  }
}

async function open({ urls, facts }) {
  const [items, program, details] = await Promise.all([Items.load(urls, facts), ImageSource.load(urls.program), loadFloats(urls.noise)]);
  const source = new ImageSource(() => {}, () => {}, { decodes: [], served: 0 });
  try { source.open(program, urls.decode, facts, details); } catch { source.open(null, urls.decode, facts, details); }
  return { items, source, facts, item: (i) => resolve(`${urls.items}/${items.itemNumber(i)}.png`) };
}
