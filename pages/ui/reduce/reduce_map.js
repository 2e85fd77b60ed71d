/**
 * Several layouts of the same images: what lights up or is chosen in one does so in all.
 *
 * An item is its index among the shown images, the same in every plane. `held` stays where a click
 * or a key left it, `preview` follows the hovering pointer. Nothing of it is sent to Python, which is
 * only asked to stop a layout in the making or to begin it again.
 */

import { element } from "../component/element.js";
import { Lists, mark } from "../map/lists.js";
import { LatestImage } from "../decoder/latest_image.js";
import { loadPlotly } from "../map/scatter.js";
import { ReducePlane } from "./plane.js";
import { sliderRow } from "../controls/slider.js";
import { round } from "../map/viewport.js";

const NEAREST = 100; // images that the key S chooses
const NOTHING = { plane: null, place: null, item: null };

export default class ReduceMap {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    Object.assign(this, { planes: [], hidden: new Set(), chosen: null, held: NOTHING, preview: null, rest: [] });
    this.lists = new Lists(root, { toggleClass: (label) => this.toggleClass(label) });
    this.latestImage = new LatestImage((item) => this.lists.picture(item), (picture, item) => this.showOriginal(picture, item));
    this.find('[data-do="clear"]').onclick = () => this.choose(null);
    this.find('[data-do="fit"]').onclick = () => this.fit();
    this.find('[data-do="middle"]').onclick = () => { this.rest = this.middle(); this.leadModel(); };
  }

  actions() {
    const whenReady = (handler) => (plane, ...values) => plane.items && handler(plane, ...values);
    return {
      preview: whenReady((plane, place) => { this.preview = place && this.aim(plane, place); this.redraw(); }),
      hold: whenReady((plane, place) => { if (plane.lasso.stroke) plane.lasso.extend(place); else plane.lasso.begin(place); this.preview = null; this.redraw(); }),
      release: whenReady((plane) => {
        const polygon = plane.lasso.end(plane.view.unit);
        this.choose(polygon && plane.within(polygon, this.hidden));
      }),
      pin: whenReady((plane, place) => this.hold(this.aim(plane, place))),
      moved: (plane) => this.turn(plane),
      resized: (plane) => { (this.moved ??= new Set()).add(plane); this.redraw(); },
      nudge: whenReady((plane, dx, dy) => this.nudge(plane, dx, dy)),
      key: (plane, key) => this.key(plane, key),
      ask: (plane, word) => this.send?.("ask", { do: word, method: plane.method, turn: Date.now() }),
    };
  }

  /** Called with every message of Python: layouts come and go, what is chosen stays. */
  async update({ data, setStateValue }, theme) {
    this.send = setStateValue;
    const repaint = theme !== this.theme;
    this.theme = theme;
    this.Plotly ??= await loadPlotly(data.plotly);
    if (data.items !== this.itemsKey) { // other images: an index means something else now
      Object.assign(this, { itemsKey: data.items, held: NOTHING, preview: null, chosen: null });
      this.latestImage.forget();
    }
    this.total = data.total;
    const home = this.find(".rm-planes"), wanted = data.planes.map(({ method }) => method);
    for (const plane of this.planes) if (!wanted.includes(plane.method)) plane.destroy();
    this.planes = data.planes.map((told) => {
      const plane = this.planes.find((p) => p.method === told.method) ?? this.addPlane();
      plane.tell(told);
      return plane;
    });
    home.dataset.count = wanted.length;
    if ([...home.children].some((child, i) => child !== this.planes[i]?.element)) home.append(...this.planes.map((p) => p.element));
    await Promise.all(data.planes.map((told, i) => told.urls && this.planes[i].url !== `${told.urls.points} ${told.urls.frame}`
      && this.open(this.planes[i], told, data)));
    if (repaint && this.lists.items) {
      await Promise.all(this.ready().map((plane) => plane.plot.setTheme(theme, plane.view).then(() => plane.plot.select(this.chosen))));
    }
    if (this.lists.items) this.lists.showLegend(this.hidden, theme);
    this.showChosen();
    this.root.dataset.state = "ready";
    this.moved = new Set(this.planes);
    this.redraw();
  }

  addPlane() {
    const element = this.find(".rm-plane-template").content.firstElementChild.cloneNode(true);
    this.find(".rm-planes").append(element);
    return new ReducePlane(element, this.actions());
  }

  async open(plane, told, data) {
    await plane.open(told, this.Plotly, this.theme, this.hidden, this.chosen);
    if (!plane.items) return;
    this.lists.setModel(plane.items, null, data.pictures);
    if (plane.method === "model") this.buildSliders(plane, told);
    if (this.held.item === null && this.held.plane === null) this.held = { plane: null, place: null, item: told.facts.first };
    if (this.held.plane === plane) this.held = { ...NOTHING, item: this.held.item ?? told.facts.first };
  }

  ready() { return this.planes.filter((plane) => plane.items); }

  model() { return this.ready().find((plane) => plane.method === "model"); }

  // --- what people do -------------------------------------------------------------------------

  /** What a place means: the image under it, else the place itself. */
  aim(plane, place) { return { plane, place, item: plane.hit(place, this.hidden) }; }

  hold(held) {
    this.held = held;
    this.preview = null;
    // Clicking an image puts the other numbers where its code has them: the plane then cuts through it.
    if (held.item !== null && this.model()) this.rest = round(this.model().items.code(held.item).slice(2));
    this.redraw();
    this.say();
  }

  nudge(plane, dx, dy) {
    const { held } = this, from = held.plane === plane ? held.place : held.item !== null ? plane.place(held.item) : plane.view.centre;
    const place = [from[0] + dx, from[1] + dy];
    if (plane.view.reveal(...place)) this.turn(plane);
    this.hold(this.aim(plane, place));
  }

  key(plane, key) {
    if (!plane.items) return false;
    const zoom = (factor) => () => { plane.view.zoom(factor); this.turn(plane); };
    const here = () => (this.held.plane === plane ? this.held.place : this.held.item !== null ? plane.place(this.held.item) : plane.view.centre);
    const actions = {
      "+": zoom(1.5), "=": zoom(1.5), "-": zoom(1 / 1.5), f: () => this.fit(), F: () => this.fit(),
      s: () => this.choose(plane.nearest(here(), NEAREST, this.hidden)), Escape: () => this.choose(null),
    };
    actions.S = actions.s;
    if (actions[key]) { actions[key](); return true; }
    const centre = /^[0-9]$/.test(key) && plane.items.centres[Number(key)];
    if (!centre) return false;
    if (plane.view.reveal(...centre)) this.turn(plane);
    this.hold(this.aim(plane, centre));
    return true;
  }

  /** @param items that stay in colour in every plane, or null */
  choose(items) {
    this.chosen = items?.length ? new Set(items) : null;
    for (const plane of this.ready()) plane.plot.select(this.chosen);
    this.showChosen();
    this.redraw();
    this.say();
  }

  /** The visitor has moved a plane's view: from now on it is left as it is. */
  turn(plane) {
    plane.turned = true;
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

  // --- the dimensions behind the plane ----------------------------------------------------------

  buildSliders(plane, { facts, names }) {
    const { latentSize, extents } = facts, home = this.find(".la-sliders");
    this.find(".rm-rest").hidden = latentSize === 2;
    this.rest = this.middle();
    this.sliders = Array.from({ length: latentSize - 2 }, (_, k) => {
      const [low, high] = extents[k + 2];
      const put = (value) => { this.rest[k] = round([value])[0]; this.leadModel(); };
      const slider = sliderRow(names[k + 2], k + 2, {
        hold: (share) => put(low + share * (high - low)), type: put, release: () => this.say(), refuse: () => this.showRest(),
      });
      return { ...slider, share: (v) => (v - low) / (high - low || 1) };
    });
    home.replaceChildren(...this.sliders.map(({ row }) => row));
  }

  middle() {
    const { codes, count, latentSize } = this.model().items;
    return round(Array.from({ length: latentSize - 2 }, (_, k) => {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += codes[i * latentSize + k + 2];
      return sum / count;
    }));
  }

  /** The cursor goes to the model's plane, where the sliders decide about the picture. */
  leadModel() {
    const plane = this.model(), { held } = this;
    const place = held.plane === plane ? held.place : held.item !== null ? plane.place(held.item) : plane.view.centre;
    this.held = { plane, place, item: null };
    this.preview = null;
    this.redraw();
  }

  showRest() { this.sliders?.forEach((slider, k) => slider.show(this.rest[k], slider.share(this.rest[k]))); }

  // --- what people see ------------------------------------------------------------------------

  showOriginal(picture, item) {
    const canvas = this.find('[data-testid="original-image"]'), { items } = this.lists, [, height, width] = items.image;
    Object.assign(canvas, { width, height });
    canvas.getContext("2d").drawImage(picture, 0, 0, width, height);
    canvas.dataset.item = item;
    canvas.setAttribute("aria-label", `Test image ${items.itemNumber(item)}: ${items.classes[items.labels[item]]}`);
  }

  showChosen() {
    const { chosen, lists: { items }, theme } = this, home = this.find('[data-testid="chosen"]');
    home.dataset.count = chosen?.size ?? "";
    this.find('[data-do="clear"]').disabled = !chosen;
    this.find(".rm-count").textContent = chosen ? `${chosen.size.toLocaleString("en")} of ${this.total.toLocaleString("en")} images chosen` : "No images chosen";
    const counts = new Map();
    for (const i of chosen ?? []) counts.set(items.labels[i], (counts.get(items.labels[i]) ?? 0) + 1);
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
      this.drawPlaces();
    });
  }

  drawPlaces() {
    const { theme, hidden, rest } = this, { plane: lead, place, item } = this.preview ?? this.held, moved = this.moved ?? new Set();
    this.moved = null;
    for (const plane of this.ready()) {
      const more = plane.items.latentSize > 2 ? rest : [];
      plane.show(item !== null ? plane.items.code(item) : plane === lead ? [...place, ...more] : null, item !== null);
      plane.draw(theme, { z: item === null && plane === lead ? place : null, held: place, item, hidden }, moved.has(plane));
    }
    this.showRest();
    const { items } = this.lists;
    if (!items) return;
    this.find(".rm-name").textContent = item !== null ? items.classes[items.labels[item]] : "No image here";
    this.find(".rm-number").textContent = item !== null ? `test image ${items.itemNumber(item)}` : `in the plane of ${lead.title}`;
    this.find(".rm-original").style.opacity = item !== null ? 1 : 0.15;
    if (item !== null) this.latestImage.want(item);
  }

  /** What is held and chosen, said to screen readers once it has come to rest. */
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
