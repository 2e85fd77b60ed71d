/**
 * Linked layouts of the same images: what is highlighted or selected in one is so in all.
 *
 * An item is its index among the shown images, the same in every plane. `held` is the target of the
 * last click or key, `preview` that of the hovering pointer. Python only receives the commands to
 * stop or restart a layout.
 */

import { element } from "../component/element.js";
import { Lists, mark } from "../map/lists.js";
import { LatestImage } from "../decoder/latest_image.js";
import { loadPlotly } from "../map/scatter.js";
import { ReducePlane } from "./plane.js";
import { sliderRow } from "../controls/slider.js";
import { round } from "../map/viewport.js";

const NEAREST = 100; // images that the key S selects
const NO_TARGET = { plane: null, point: null, item: null };

export default class ReduceMap {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    Object.assign(this, { planes: [], hidden: new Set(), selected: null, held: NO_TARGET, preview: null, others: [] });
    this.lists = new Lists(root, { toggleClass: (label) => this.toggleClass(label) });
    this.latestImage = new LatestImage((item) => this.lists.picture(item), (picture, item) => this.showOriginal(picture, item));
    this.find('[data-do="clear"]').onclick = () => this.select(null);
    this.find('[data-do="fit"]').onclick = () => this.fit();
    this.find('[data-do="mean"]').onclick = () => { this.others = this.meanOfOthers(); this.targetModel(); };
  }

  actions() {
    const whenReady = (handler) => (plane, ...values) => plane.items && handler(plane, ...values);
    return {
      preview: whenReady((plane, point) => { this.preview = point && this.target(plane, point); this.redraw(); }),
      hold: whenReady((plane, point) => { if (plane.lasso.stroke) plane.lasso.extend(point); else plane.lasso.begin(point); this.preview = null; this.redraw(); }),
      release: whenReady((plane) => {
        const polygon = plane.lasso.end(plane.view.unit);
        this.select(polygon && plane.within(polygon, this.hidden));
      }),
      pin: whenReady((plane, point) => this.hold(this.target(plane, point))),
      moved: (plane) => this.changeView(plane),
      resized: (plane) => { (this.moved ??= new Set()).add(plane); this.redraw(); },
      nudge: whenReady((plane, dx, dy) => this.nudge(plane, dx, dy)),
      key: (plane, key) => this.key(plane, key),
      command: (plane, word) => this.send?.("ask", { do: word, method: plane.method, turn: Date.now() }),
    };
  }

  /** Called with every message from Python. The selection survives changes of the layouts. */
  async update({ data, setStateValue }, theme) {
    this.send = setStateValue;
    const repaint = theme !== this.theme;
    this.theme = theme;
    this.Plotly ??= await loadPlotly(data.plotly);
    if (data.items !== this.itemsKey) { // other images: indices and the selection are no longer valid
      Object.assign(this, { itemsKey: data.items, held: NO_TARGET, preview: null, selected: null });
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
      await Promise.all(this.ready().map((plane) => plane.plot.setTheme(theme, plane.view).then(() => plane.plot.select(this.selected))));
    }
    if (this.lists.items) this.lists.showLegend(this.hidden, theme);
    this.showSelection();
    this.root.dataset.state = "ready";
    this.moved = new Set(this.planes);
    this.redraw();
  }

  addPlane() {
    const element = this.find(".rm-plane-template").content.firstElementChild.cloneNode(true);
    this.find(".rm-planes").append(element);
    return new ReducePlane(element, this.actions());
  }

  async open(plane, message, data) {
    await plane.open(message, this.Plotly, this.theme, this.hidden, this.selected);
    if (!plane.items) return;
    this.lists.setModel(plane.items, null, data.pictures);
    if (plane.method === "model") this.buildSliders(plane, message);
    if (this.held.item === null && this.held.plane === null) this.held = { plane: null, point: null, item: message.facts.first };
    if (this.held.plane === plane) this.held = { ...NO_TARGET, item: this.held.item ?? message.facts.first };
  }

  ready() { return this.planes.filter((plane) => plane.items); }

  model() { return this.ready().find((plane) => plane.method === "model"); }

  // --- Input ------------------------------------------------------------------------------------

  /** The target at a point: the image there, else the point itself. */
  target(plane, point) { return { plane, point, item: plane.hit(point, this.hidden) }; }

  hold(held) {
    this.held = held;
    this.preview = null;
    // The other latents take the values of the image: the plane then contains its code.
    if (held.item !== null && this.model()) this.others = round(this.model().items.code(held.item).slice(2));
    this.redraw();
    this.say();
  }

  nudge(plane, dx, dy) {
    const { held } = this, from = held.plane === plane ? held.point : held.item !== null ? plane.point(held.item) : plane.view.centre;
    const point = [from[0] + dx, from[1] + dy];
    if (plane.view.reveal(...point)) this.changeView(plane);
    this.hold(this.target(plane, point));
  }

  key(plane, key) {
    if (!plane.items) return false;
    const zoom = (factor) => () => { plane.view.zoom(factor); this.changeView(plane); };
    const here = () => (this.held.plane === plane ? this.held.point : this.held.item !== null ? plane.point(this.held.item) : plane.view.centre);
    const actions = {
      "+": zoom(1.5), "=": zoom(1.5), "-": zoom(1 / 1.5), f: () => this.fit(), F: () => this.fit(),
      s: () => this.select(plane.nearest(here(), NEAREST, this.hidden)), Escape: () => this.select(null),
    };
    actions.S = actions.s;
    if (actions[key]) { actions[key](); return true; }
    const centre = /^[0-9]$/.test(key) && plane.items.centres[Number(key)];
    if (!centre) return false;
    if (plane.view.reveal(...centre)) this.changeView(plane);
    this.hold(this.target(plane, centre));
    return true;
  }

  /** Selects items in every plane; null selects none. */
  select(items) {
    this.selected = items?.length ? new Set(items) : null;
    for (const plane of this.ready()) plane.plot.select(this.selected);
    this.showSelection();
    this.redraw();
    this.say();
  }

  /** The visitor has moved the view of a plane: it is no longer fitted on a resize. */
  changeView(plane) {
    plane.viewChanged = true;
    (this.moved ??= new Set()).add(plane);
    this.redraw();
  }

  fit() {
    for (const plane of this.planes) plane.fit();
    this.moved = new Set(this.planes);
    this.redraw();
  }

  toggleClass(label) {
    if (!this.hidden.delete(label)) this.hidden.add(label);
    this.lists.showLegend(this.hidden, this.theme);
    for (const plane of this.ready()) plane.plot.setVisible(this.hidden, true);
    this.redraw();
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
    const plane = this.model(), { held } = this;
    const point = held.plane === plane ? held.point : held.item !== null ? plane.point(held.item) : plane.view.centre;
    this.held = { plane, point, item: null };
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
    canvas.setAttribute("aria-label", `Test image ${items.itemNumber(item)}: ${items.classes[items.labels[item]]}`);
  }

  showSelection() {
    const { selected, lists: { items }, theme } = this, home = this.find('[data-testid="selection"]');
    home.dataset.count = selected?.size ?? "";
    this.find('[data-do="clear"]').disabled = !selected;
    this.find(".rm-count").textContent = selected ? `${selected.size.toLocaleString("en")} of ${this.total.toLocaleString("en")} images selected` : "No images selected";
    const counts = new Map();
    for (const i of selected ?? []) counts.set(items.labels[i], (counts.get(items.labels[i]) ?? 0) + 1);
    this.find(".rm-classes").replaceChildren(...[...counts].sort((a, b) => b[1] - a[1]).map(([label, count]) => {
      const row = element("li"), number = element("b");
      row.innerHTML = mark(label, theme.classes[label % theme.classes.length]);
      number.textContent = count;
      row.append(items.classes[label], number);
      return row;
    }));
  }

  redraw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.drawPlanes();
    });
  }

  drawPlanes() {
    const { theme, hidden, others } = this, { plane: targeted, point, item } = this.preview ?? this.held, moved = this.moved ?? new Set();
    this.moved = null;
    for (const plane of this.ready()) {
      const more = plane.items.latentSize > 2 ? others : [];
      plane.show(item !== null ? plane.items.code(item) : plane === targeted ? [...point, ...more] : null, item !== null);
      plane.draw(theme, { z: item === null && plane === targeted ? point : null, held: point, item, hidden }, moved.has(plane));
    }
    this.showOthers();
    const { items } = this.lists;
    if (!items) return;
    this.find(".rm-name").textContent = item !== null ? items.classes[items.labels[item]] : "No image here";
    this.find(".rm-number").textContent = item !== null ? `test image ${items.itemNumber(item)}` : `in the plane of ${targeted.title}`;
    this.find(".rm-original").style.opacity = item !== null ? 1 : 0.15;
    if (item !== null) this.latestImage.want(item);
  }

  /** Announces the target and the selection to screen readers, once they have not changed for a while. */
  say() {
    clearTimeout(this.saying);
    this.saying = setTimeout(() => {
      this.find(".la-live").textContent = [this.find(".rm-name"), this.find(".rm-number"), this.find(".rm-count"), this.find(".rm-classes")].map((e) => e.textContent).join("; ");
    }, 400);
  }

  destroy() {
    for (const plane of this.planes) plane.destroy();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.saying);
  }
}
