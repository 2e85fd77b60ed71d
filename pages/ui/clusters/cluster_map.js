/**
 * Clusters on the map, in a list, and the chosen one's card: its decoded centre, what it holds.
 *
 * A choice shows at once and is told to Python, which keeps it in the address bar; names and
 * samples are asked of Python.
 */

import { loadBuffer, loadImage, resolve } from "../component/load.js";
import { element } from "../component/element.js";
import { Items } from "../map/items.js";
import { Lists, mark } from "../map/lists.js";
import { Overlay } from "../map/overlay.js";
import { loadPlotly, Plot } from "../map/scatter.js";
import { View } from "../map/viewport.js";

const REACH = 14; // pixels from a click to the item it means
const percent = (share) => `${Math.round(100 * share)} %`;

export default class ClusterMap {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.over = this.find(".la-over");
    this.overlay = new Overlay(this.over);
    this.view = new View();
    this.hidden = new Set();
    this.lists = new Lists(root, { toggleClass: (label) => this.toggleClass(label) });
    this.name = this.find('[data-testid="cluster-name"]');
    this.name.onchange = () => this.rename();
    this.name.onkeydown = (event) => { if (event.key === "Enter") this.name.blur(); };
    this.find('[data-do="draw"]').onclick = () => this.ask("draw");
    for (const button of root.querySelectorAll("[data-colour]")) button.onclick = () => this.colourBy(button.dataset.colour);
    this.over.onclick = (event) => this.press(event);
    this.find(".cl-list").onkeydown = (event) => this.key(event);
    this.resizer = new ResizeObserver(() => this.fit());
    this.resizer.observe(this.find(".la-plot"));
  }

  /** Called with every message of Python. */
  async update({ data, setStateValue }, theme) {
    this.send = setStateValue;
    const before = this.data, repaint = theme !== this.theme;
    this.theme = theme;
    if (before?.facts.digest !== data.facts.digest) await this.open(data);
    if (before?.labels !== data.labels || before?.sprite.url !== data.sprite.url) await this.fetch(data);
    this.data = data;
    const other = before?.key !== data.key;
    if (other || this.chosen === undefined) this.chosen = data.chosen;
    if (other || this.colour === undefined) this.colour = data.colour;
    this.showList();
    this.showCard();
    if (other || repaint) await this.drawItems();
    else this.draw();
    this.root.dataset.state = "ready";
  }

  async open({ urls, facts, plotly }) {
    const [Plotly, items] = await Promise.all([loadPlotly(plotly), Items.load(urls, facts)]);
    this.plot ??= new Plot(this.find(".la-plotly"), Plotly);
    this.classed = items;
    this.lists.setModel(items, null, urls.items);
    this.hidden.clear();
  }

  /** The labels of the items that the map shows, and the decoded centres. */
  async fetch({ labels, sprite }) {
    const all = new Int16Array(await loadBuffer(labels));
    this.labels = Int16Array.from({ length: this.classed.count }, (_, i) => all[this.classed.itemNumber(i)]);
    this.sprite = sprite.url ? await loadImage(sprite.url) : null;
  }

  /** The items as the map draws them now: noise is one class more, the last. */
  get items() {
    if (this.colour === "classes") return this.classed;
    const { cards, noise } = this.data, names = cards.map((card) => card.name);
    const labels = Int16Array.from(this.labels, (k) => (k < 0 ? names.length : k));
    const items = Object.create(this.classed);
    return Object.assign(items, {
      classes: noise ? [...names, "noise"] : names, labels, centres: [...cards.map((card) => card.centre), null],
    });
  }

  /** Colours come round after ten; noise is grey. */
  get colours() {
    if (this.colour === "classes") return this.theme;
    const { classes, ink } = this.theme;
    const own = this.data.cards.map((_, k) => classes[k % classes.length]);
    return { ...this.theme, classes: [...own, `rgba(${ink}, 0.42)`] };
  }

  // --- what people do -------------------------------------------------------------------------

  choose(k) {
    if (!this.data.cards[k]) return;
    this.chosen = k;
    this.showList();
    this.showCard();
    this.focus();
    this.ask("choose");
  }

  press(event) {
    if (!this.labels) return;
    const box = this.over.getBoundingClientRect(), at = [event.clientX - box.left, event.clientY - box.top];
    const [{ item }] = this.classed.nearest(this.view.toPlane(...at), 1);
    const latent = this.view.toPixel(...this.classed.code(item));
    if (Math.hypot(latent[0] - at[0], latent[1] - at[1]) > REACH) return;
    if (this.labels[item] < 0) this.say("This image is noise: it is in no cluster.");
    else this.choose(this.labels[item]);
  }

  key(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.choose(Math.min(this.data.cards.length - 1, Math.max(0, this.chosen + step)));
    this.find('.cl-list [aria-pressed="true"]').focus();
  }

  rename() {
    const card = this.data.cards[this.chosen], name = this.name.value.trim().slice(0, this.data.longest);
    if (!card || name === card.name) return;
    card.name = name || `Cluster ${this.chosen + 1}`;
    this.showList();
    this.showCard();
    this.draw();
    this.ask("rename", name);
  }

  colourBy(colour) {
    if (!this.data || colour === this.colour) return;
    this.colour = colour;
    this.drawItems();
    this.ask("colour", colour);
  }

  toggleClass(label) {
    if (!this.hidden.delete(label)) this.hidden.add(label);
    this.lists.showLegend(this.hidden, this.theme);
    this.plot.setVisible(this.hidden, true);
    this.draw();
  }

  ask(what, name = "") { this.send("ask", { turn: Date.now(), do: what, cluster: this.chosen, name }); }

  say(words) { this.find(".cl-noise").hidden = false; this.find(".cl-noise").textContent = words; }

  // --- what people see ------------------------------------------------------------------------

  async drawItems() {
    this.root.dataset.colour = this.colour;
    for (const button of this.root.querySelectorAll("[data-colour]")) button.setAttribute("aria-pressed", String(button.dataset.colour === this.colour));
    const legend = this.find(".la-legend"), byClass = this.colour === "classes";
    legend.hidden = !byClass;
    if (byClass) this.lists.showLegend(this.hidden, this.theme);
    const { clientWidth, clientHeight } = this.find(".la-plot");
    this.view.resize(clientWidth, clientHeight);
    this.view.fit(this.classed.bounds);
    this.plot.hidden = byClass ? this.hidden : new Set();
    await this.plot.draw(this.items, this.view, this.colours);
    this.drawn = true;
    await this.focus();
    this.draw();
  }

  /** The chosen cluster stands out; in the colours of classes all stand alike. */
  async focus() {
    if (this.drawn && this.colour === "clusters") await this.plot.setFocus(this.data.cards.length > 1 ? this.chosen : null);
    this.draw();
  }

  fit() {
    const { clientWidth, clientHeight } = this.find(".la-plot");
    if (!this.drawn || !clientWidth) return;
    this.view.resize(clientWidth, clientHeight);
    this.view.fit(this.classed.bounds);
    this.plot.move(this.view);
    this.draw();
  }

  draw() {
    if (!this.drawn || !this.view.width) return;
    const card = this.data.cards[this.chosen], hidden = this.colour === "classes" ? this.hidden : new Set();
    const z = card?.centre ?? [NaN, NaN], items = this.items;
    // The chosen one's name stands below the cross on its centre.
    if (card && this.colour === "clusters") items.centres = items.centres.map((c, k) => (k === this.chosen ? [c[0], c[1] - 22 * this.view.unit] : c));
    this.overlay.draw(this.view, this.theme, { z, held: z, preview: false, pins: [], near: [], item: null, hidden, items, showNames: true });
  }

  showList() {
    const { cards, noise } = this.data, { classes } = this.colours;
    const list = this.find(".cl-list"), held = list.contains(document.activeElement);
    list.replaceChildren(...cards.map((card, k) => {
      const button = element("button", { type: "button", title: `${card.name}: its centre and its images`, onclick: () => this.choose(k) });
      button.setAttribute("aria-pressed", String(k === this.chosen));
      button.innerHTML = mark(k, classes[k] ?? this.theme.classes[k % this.theme.classes.length]);
      const [name, size] = ["span", "small"].map((tag) => element(tag));
      name.textContent = card.name;
      size.textContent = `${card.size.toLocaleString("en")} · ${percent(card.shares[0][1])} ${this.classed.classes[card.shares[0][0]]}`;
      button.prepend(this.paintCentre(element("canvas"), k));
      button.append(name, size);
      const line = element("li");
      line.append(button);
      return line;
    }));
    if (held) this.find('.cl-list [aria-pressed="true"]')?.focus();
    this.find(".cl-noise").hidden = !noise;
    if (noise) this.find(".cl-noise").textContent = `${noise.toLocaleString("en")} images (${percent(noise / this.classed.total)}) are noise: too far from others to be in a cluster. They are grey on the map.`;
  }

  showCard() {
    const card = this.data.cards[this.chosen], aside = this.find(".cl-card");
    aside.hidden = !card;
    if (!card) return;
    this.paintCentre(this.find('[data-testid="decoded-image"]'), this.chosen).dataset.z = card.centre.join(",");
    if (document.activeElement !== this.name || this.cardOf !== this.chosen) this.name.value = card.name;
    this.cardOf = this.chosen;
    this.name.maxLength = this.data.longest;
    const { classes } = this.classed, most = card.shares.filter(([, share]) => share >= 0.05).slice(0, 4);
    const lines = [
      `${card.size.toLocaleString("en")} of ${this.classed.split} (${percent(card.size / this.classed.total)})`,
      (most.length ? most : card.shares.slice(0, 1)).map(([label, share]) => `${percent(share)} ${classes[label]}`).join(", "),
      `centre ${card.centre.slice(0, 4).map((v) => v.toFixed(2)).join(", ")}${card.centre.length > 4 ? ", …" : ""}`,
    ];
    this.find(".cl-facts").replaceChildren(...lines.map((text, i) => element("span", { textContent: text, className: i === 2 ? "la-mono" : "" })));
    this.find(".la-mix").replaceChildren(...card.shares.map(([label, share]) => {
      const bar = element("i");
      Object.assign(bar.style, { flexGrow: share, background: this.theme.classes[label % this.theme.classes.length] });
      return bar;
    }));
    this.showItems("most-typical", card.typical);
    this.showItems("least-typical", card.least);
  }

  showItems(where, items) {
    this.find(`[data-testid="${where}"]`).replaceChildren(...items.map((item) => {
      const name = this.classed.classes[this.classLabel(item)] ?? "", figure = element("figure");
      const source = resolve(`${this.data.urls.items}/${item}.png`);
      const picture = element("img", { src: source, alt: `${name}, test image ${item}`, title: `${name}, test image ${item}` });
      figure.append(picture, element("figcaption", { textContent: name }));
      const line = element("li");
      line.append(figure);
      return line;
    }));
  }

  /** The class of an item by its number in the data set; the map may show a sample of them. */
  classLabel(number) {
    const { index, labels } = this.classed;
    return labels[index ? index.indexOf(number) : number];
  }

  paintCentre(canvas, k) {
    const [, height, width] = this.data.facts.image, { columns } = this.data.sprite;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    if (this.sprite) canvas.getContext("2d").drawImage(this.sprite, width * (k % columns), height * Math.floor(k / columns), width, height, 0, 0, width, height);
    return canvas;
  }

  destroy() { this.resizer.disconnect(); this.plot?.destroy(); }
}
