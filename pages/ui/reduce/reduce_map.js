/**
 * Linked layouts of the same images: what is highlighted or selected in one is so in all.
 *
 * An item is its index among the shown images, the same in every plane. `held` is the target of the
 * last click or key, `preview` that of the hovering pointer. Python only receives the commands to
 * stop or restart a layout.
 */

import { element } from "../component/element.js";
import { ItemChoices } from "../controls/item_choices.js";
import { LinkedMaps } from "../map/linked.js";
import { markOf } from "../map/lists.js";
import { loadPlotly, lookOf } from "../map/scatter.js";
import { ReducePlane } from "./plane.js";
import { sliderRow } from "../controls/slider.js";
import { round } from "../map/viewport.js";

const NEAREST = 100; // images that the key S selects
const SILENCE = 5000; // milliseconds without a message, while something is computed, after which Python is asked for one
const NO_TARGET = { plane: null, point: null, item: null };

export default class ReduceMap extends LinkedMaps {
  selected = null;
  held = NO_TARGET;
  preview = null;
  others = [];

  constructor(root) {
    super(root);
    const ask = () => this.send?.("items", this.choices.message(this.digest));
    this.choices = new ItemChoices(root, this, { colour: ask, show: ask });
    this.find('[data-do="clear"]').onclick = () => this.select(null);
    this.find('[data-do="mean"]').onclick = () => { this.others = this.meanOfOthers(); this.targetModel(); };
  }

  /** Called with every message from Python. The selection survives changes of the layouts. */
  async update({ data, setStateValue }, theme) {
    this.send = setStateValue;
    const repaint = theme !== this.theme;
    this.theme = theme;
    this.expectMessage(data.busy);
    this.Plotly ??= await loadPlotly(data.plotly);
    const fresh = data.digest !== this.digest;
    this.digest = data.digest;
    if (fresh && data.items.colour !== this.choices.colour) this.hidden = new Set();
    if (fresh) this.choices.setModel({ columns: data.columns, choices: [], classes: data.classes }, data.items);
    else this.choices.follow(data.items);
    if (data.images !== this.imagesKey) { // other images: indices and the selection are no longer valid
      Object.assign(this, { imagesKey: data.images, held: NO_TARGET, preview: null, selected: null });
      this.latestImage.forget();
    }
    this.total = data.total;
    const home = this.find(".rm-planes"), wanted = data.planes.map(({ method }) => method);
    for (const plane of this.planes) if (!wanted.includes(plane.method)) plane.destroy();
    this.planes = data.planes.map((message) => {
      const plane = this.planes.find((p) => p.method === message.method) ?? this.addPlane();
      plane.setMessage(message);
      return plane;
    });
    home.dataset.count = wanted.length;
    if ([...home.children].some((child, i) => child !== this.planes[i]?.element)) home.append(...this.planes.map((p) => p.element));
    await Promise.all(data.planes.map((message, i) => message.urls && this.planes[i].url !== `${message.urls.points} ${message.urls.frame}`
      && this.open(this.planes[i], message, data)));
    if (repaint && this.lists.items) {
      await Promise.all(this.ready().map((plane) => plane.plot.setTheme(theme, plane.view)));
    }
    await this.colourPlanes();
    this.root.dataset.state = "ready";
    this.moveAll();
  }

  /** Streamlit's timed runs end where its message about them is lost, as when a busy machine drops a connection. */
  expectMessage(busy) {
    clearTimeout(this.silence);
    const ask = () => { this.send?.("ask", { do: "continue", turn: Date.now() }); this.expectMessage(busy); };
    if (busy) this.silence = setTimeout(ask, SILENCE);
  }

  addPlane() {
    const command = (plane, word) => this.send?.("ask", { do: word, method: plane.method, turn: Date.now() });
    return new ReducePlane(this.addCopy(".rm-plane-template", ".rm-planes"), { ...this.handlers(), command });
  }

  async open(plane, message, data) {
    await plane.open(message, this.Plotly, this.theme, this.hidden, this.selected, this.choices.colour);
    if (!plane.items) return;
    this.lists.setModel(plane.items, null, data.pictures);
    this.lists.coloured = plane.coloured;
    if (plane.method === "model") this.buildSliders(plane, message);
    if (this.held.item === null && this.held.plane === null) this.held = { plane: null, point: null, item: message.facts.first };
    if (this.held.plane === plane) this.held = { ...NO_TARGET, item: this.held.item ?? message.facts.first };
  }

  // --- Colours ------------------------------------------------------------------------------------

  get items() { return this.lists.items; }
  get coloured() { return this.lists.coloured; }

  /** Called when another column colours the items of one plane. */
  showColours(coloured) {
    this.lists.coloured = coloured;
    this.colourPlanes();
  }

  /** Colours the items of all planes by the chosen column. */
  async colourPlanes() {
    const { choices: { colour } } = this, other = this.ready().filter(({ coloured }) => (coloured.column?.name ?? "") !== colour);
    await Promise.all(other.map(async (plane) => {
      const { items } = plane, found = await items.colouredBy(colour);
      if (items !== plane.items || colour !== this.choices.colour) return; // something else was chosen, or another layout is shown
      plane.showColours(found, this.hidden, this.selected);
      if (items === this.lists.items) this.lists.coloured = found;
    })).catch((error) => this.choices.display(`The column did not load (${error.message}).`));
    if (this.lists.items) this.lists.showLegend(this.hidden, this.theme);
    this.showSelection();
    this.redraw();
  }

  model() { return this.ready().find((plane) => plane.method === "model"); }

  // --- Input ------------------------------------------------------------------------------------

  /** The target at a point: the image there, else the point itself. */
  target(plane, point) { return { plane, point, item: plane.hit(point, this.hidden) }; }

  /** Draws the lasso. */
  drag({ lasso }, point) {
    if (lasso.stroke) lasso.extend(point); else lasso.begin(point);
    this.preview = null;
    this.redraw();
  }

  release(plane) {
    const polygon = plane.items && plane.lasso.end(plane.view.unit);
    if (plane.items) this.select(polygon && plane.within(polygon, this.hidden));
  }

  pin(plane, point) {
    this.held = this.target(plane, point);
    this.preview = null;
    // The other latents take the values of the image: the plane then contains its code.
    if (this.held.item !== null && this.model()) this.others = round(this.model().items.code(this.held.item).slice(2));
    this.redraw();
    this.say();
  }

  goTo(plane, point) {
    if (plane.view.reveal(...point)) this.changeView(plane);
    this.pin(plane, point);
  }

  /** Where the target is in a plane; its centre, if it is nowhere. */
  place(plane) {
    const { held } = this;
    return held.plane === plane ? held.point : held.item !== null ? plane.point(held.item) : plane.view.centre;
  }

  nudge(plane, dx, dy) {
    const [x, y] = this.place(plane);
    this.goTo(plane, [x + dx, y + dy]);
  }

  keys(plane) { return { s: () => this.select(plane.nearest(this.place(plane), NEAREST, this.hidden)), Escape: () => this.select(null) }; }

  /** Selects items in every plane; null selects none. */
  select(items) {
    this.selected = items?.length ? new Set(items) : null;
    for (const plane of this.ready()) plane.select(this.selected);
    this.showSelection();
    this.redraw();
    this.say();
  }

  // --- Other latent dimensions ---------------------------------------------------------------------

  buildSliders(plane, { facts, names }) {
    const { latentSize, extents } = facts, home = this.find(".la-sliders");
    this.find(".rm-others").hidden = latentSize === 2;
    this.others = this.meanOfOthers();
    this.sliders = Array.from({ length: latentSize - 2 }, (_, k) => {
      const [low, high] = extents[k + 2];
      const put = (value) => { this.others[k] = round([value])[0]; this.targetModel(); };
      const slider = sliderRow(names[k + 2], k + 2, {
        hold: (share) => put(low + share * (high - low)), type: put, release: () => this.say(), refuse: () => this.showOthers(),
      });
      return { ...slider, share: (v) => (v - low) / (high - low || 1) };
    });
    home.replaceChildren(...this.sliders.map(({ row }) => row));
  }

  meanOfOthers() {
    const { codes, count, latentSize } = this.model().items;
    return round(Array.from({ length: latentSize - 2 }, (_, k) => {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += codes[i * latentSize + k + 2];
      return sum / count;
    }));
  }

  /** Moves the cursor to the model's plane, where the sliders apply. */
  targetModel() {
    const plane = this.model();
    this.held = { plane, point: this.place(plane), item: null };
    this.preview = null;
    this.redraw();
  }

  showOthers() { this.sliders?.forEach((slider, k) => slider.show(this.others[k], slider.share(this.others[k]))); }

  // --- Output -----------------------------------------------------------------------------------

  showOriginal(picture, item) {
    const canvas = this.find('[data-testid="original-image"]'), { items } = this.lists, [, height, width] = items.image;
    Object.assign(canvas, { width, height });
    canvas.getContext("2d").drawImage(picture, 0, 0, width, height);
    canvas.dataset.item = item;
    canvas.setAttribute("aria-label", `${items.itemName(item)}: ${this.coloured.kindOf(item)}`);
  }

  showSelection() {
    const { selected, coloured, theme } = this, items = coloured?.onScale ? this.items : coloured, home = this.find('[data-testid="selection"]');
    home.dataset.count = selected?.size ?? "";
    this.find('[data-do="clear"]').disabled = !selected;
    this.find(".rm-count").textContent = selected ? `${selected.size.toLocaleString("en")} of ${this.total.toLocaleString("en")} images selected` : "No images selected";
    const counts = new Map();
    for (const i of selected ?? []) counts.set(items.labels[i], (counts.get(items.labels[i]) ?? 0) + 1);
    this.find(".rm-classes").replaceChildren(...[...counts].sort((a, b) => b[1] - a[1]).map(([label, count]) => {
      const innerHTML = markOf(lookOf(items, label, theme));
      return element("li", { innerHTML }, items.classes[label], element("b", { textContent: count }));
    }));
  }

  drawPlanes(moved) {
    const { theme, hidden, others } = this, { plane: targeted, point, item } = this.preview ?? this.held;
    for (const plane of this.ready()) {
      const more = plane.items.latentSize > 2 ? others : [];
      plane.show(item !== null ? plane.items.code(item) : plane === targeted ? [...point, ...more] : null, item !== null);
      plane.draw(theme, { z: item === null && plane === targeted ? point : null, held: point, item, hidden }, moved.has(plane));
    }
    this.showOthers();
    const { items } = this.lists;
    if (!items) return;
    this.find(".rm-name").textContent = item !== null ? this.coloured.kindOf(item) : "No image here";
    this.find(".rm-number").textContent = item !== null ? items.itemName(item) : `in the plane of ${targeted.title}`;
    this.find(".rm-original").style.opacity = item !== null ? 1 : 0.15;
    if (item !== null) this.latestImage.want(item);
  }

  destroy() {
    clearTimeout(this.silence);
    super.destroy();
  }

  words() { return ["name", "number", "count", "classes"].map((part) => this.find(`.rm-${part}`).textContent); }
}
