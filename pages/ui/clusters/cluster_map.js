/**
 * Clusters on the map and in a list, and a card of the selected one with its decoded centre.
 *
 * A selection is shown at once and sent to Python, which writes it to the address bar; names and
 * samples are commands to Python.
 */

import { loadBuffer, loadImage, resolve } from "../component/load.js";
import { element, onButtons, pressOnly } from "../component/element.js";
import { Items } from "../map/items.js";
import { Lists, mark } from "../map/lists.js";
import { SmallMap } from "../map/minimap.js";
import { openFigure } from "../map/plotly_figure.js";
import { loadPlotly, Plot } from "../map/scatter.js";

const COLUMN = "column:"; // before the name of a column, as in settings.py
const REACH = 14; // pixels between a click and the item that it selects
const percent = (share) => `${Math.round(100 * share)} %`;

export default class ClusterMap extends SmallMap {
  /** @type {Record<string, Set<number>>} kinds that are not drawn, by what the colours show */ hiddenBy = {};
  /** @type {Items | null} coloured by a column */ columnItems = null;

  constructor(root) {
    super(root.querySelector(".la-plot"));
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.lists = new Lists(root, { toggleClass: (label) => this.toggleClass(label) });
    this.name = this.find('[data-testid="cluster-name"]');
    this.name.onchange = () => this.rename();
    this.name.onkeydown = (event) => { if (event.key === "Enter") this.name.blur(); };
    this.find('[data-do="draw"]').onclick = () => this.command("draw");
    this.find('[data-do="figure"]').onclick = () => { if (this.items) openFigure([{ plot: this.plot }]); };
    this.wireThumbnails(this.find('[data-do="thumbnails"]'));
    onButtons(root, "colour", (colour) => this.colourBy(colour));
    this.columns = this.find('[data-testid="colour-by"]');
    this.columns.onchange = () => this.colourBy(this.columns.value || "classes");
    this.over.onclick = (event) => this.click(event);
    this.find(".cl-list").onkeydown = (event) => this.key(event);
  }

  async update({ data, setStateValue }, theme) {
    this.send = setStateValue;
    const before = this.data, repaint = theme !== this.theme;
    this.theme = theme;
    const others = before?.facts.digest !== data.facts.digest || before.facts.shown !== data.facts.shown;
    if (others) await this.open(data);
    if (others || before?.labels !== data.labels || before?.sprite.url !== data.sprite.url) await this.loadClusters(data);
    this.data = data;
    const changed = before?.key !== data.key;
    if (changed || this.selected === undefined) this.selected = data.selected;
    if (changed || this.colour === undefined) {
      await this.loadColumn(data.colour);
      this.colour = data.colour;
    }
    this.showList();
    this.showCard();
    if (changed || repaint) await this.drawItems();
    else this.draw();
    this.root.dataset.state = "ready";
  }

  async open({ urls, facts, plotly }) {
    const [Plotly, items] = await Promise.all([loadPlotly(plotly), Items.load(urls, facts)]);
    this.plot ??= new Plot(this.find(".la-plotly"), Plotly);
    this.plot.showThumbnails(this.thumbnails);
    this.classItems = items;
    this.lists.setModel(items, null, urls.items);
    Object.assign(this, { hiddenBy: {}, columnItems: null });
    this.columns.replaceChildren(new Option("Column…", ""), ...items.columns.map((name) => new Option(name, COLUMN + name)));
    this.columns.hidden = !items.columns.length;
  }

  async loadColumn(colour) {
    if (colour.startsWith(COLUMN)) this.columnItems = await this.classItems.colouredBy(colour.slice(COLUMN.length));
  }

  /** Loads the cluster labels of the shown items and the decoded centres. */
  async loadClusters({ labels, sprite }) {
    const all = new Int16Array(await loadBuffer(labels));
    this.labels = Int16Array.from({ length: this.classItems.count }, (_, i) => all[this.classItems.itemNumber(i)]);
    this.sprite = sprite.url ? await loadImage(sprite.url) : null;
  }

  /** The items as the map draws them: noise is an additional last class. */
  get shownItems() {
    if (this.colour !== "clusters") return this.colour === "classes" ? this.classItems : this.columnItems;
    const { cards, noise } = this.data, names = cards.map((card) => card.name);
    const labels = Int16Array.from(this.labels, (k) => (k < 0 ? names.length : k));
    const items = Object.create(this.classItems);
    return Object.assign(items, {
      classes: noise ? [...names, "noise"] : names, labels, centres: [...cards.map((card) => card.centre), null],
    });
  }

  /** The colours repeat after ten clusters; noise is grey. */
  get colours() {
    if (this.colour !== "clusters") return this.theme;
    const { classes, ink } = this.theme;
    const clusters = this.data.cards.map((_, k) => classes[k % classes.length]);
    return { ...this.theme, classes: [...clusters, `rgba(${ink}, 0.42)`] };
  }

  // --- Input ------------------------------------------------------------------------------------

  select(k) {
    if (!this.data.cards[k]) return;
    this.selected = k;
    this.showList();
    this.showCard();
    this.focus();
    this.command("choose");
  }

  click(event) {
    if (!this.labels) return;
    const box = this.over.getBoundingClientRect(), at = [event.clientX - box.left, event.clientY - box.top];
    const [{ item }] = this.classItems.nearest(this.view.toPlane(...at), 1);
    const pixel = this.view.toPixel(...this.classItems.code(item));
    if (Math.hypot(pixel[0] - at[0], pixel[1] - at[1]) > REACH) return;
    if (this.labels[item] < 0) this.say("This image is noise: it belongs to no cluster.");
    else this.select(this.labels[item]);
  }

  key(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.select(Math.min(this.data.cards.length - 1, Math.max(0, this.selected + step)));
    this.find('.cl-list [aria-pressed="true"]').focus();
  }

  rename() {
    const card = this.data.cards[this.selected], name = this.name.value.trim().slice(0, this.data.longest);
    if (!card || name === card.name) return;
    card.name = name || `Cluster ${this.selected + 1}`;
    this.showList();
    this.showCard();
    this.draw();
    this.command("rename", name);
  }

  async colourBy(colour) {
    if (!this.data || colour === this.colour) { this.showColour(); return; }
    this.wanted = colour;
    try { await this.loadColumn(colour); } catch (error) {
      this.showColour();
      this.say(`The column did not load (${error.message}).`);
      return;
    }
    if (colour !== this.wanted) return; // something else was chosen meanwhile
    this.colour = colour;
    this.drawItems();
    this.command("colour", colour);
  }

  toggleClass(label) {
    const { hidden } = this;
    if (!hidden.delete(label)) hidden.add(label);
    this.lists.showLegend(hidden, this.theme);
    this.plot.setVisible(hidden, true);
    this.draw();
  }

  /** Of what the colours show; no cluster is hidden. */
  get hidden() { return this.colour === "clusters" ? new Set() : this.hiddenBy[this.colour] ??= new Set(); }

  command(action, name = "") { this.send("ask", { turn: Date.now(), do: action, cluster: this.selected, name }); }

  say(words) { this.find(".cl-noise").hidden = false; this.find(".cl-noise").textContent = words; }

  // --- Output -----------------------------------------------------------------------------------

  async drawItems() {
    const byCluster = this.colour === "clusters";
    this.root.dataset.colour = byCluster ? "clusters" : "classes"; // whether the list is the legend
    this.showColour();
    this.find(".la-legend").hidden = byCluster;
    if (!byCluster) this.lists.coloured = this.shownItems;
    if (!byCluster) this.lists.showLegend(this.hidden, this.theme);
    this.view.measure(this.element);
    this.view.fit(this.classItems.bounds);
    this.plot.hidden = this.hidden;
    await this.plot.draw(this.shownItems, this.view, this.colours);
    this.items = this.classItems; // the plot can be moved from here on
    await this.focus();
  }

  showColour() {
    pressOnly(this.root, "colour", this.colour);
    this.columns.value = this.colour.startsWith(COLUMN) ? this.colour : "";
  }

  /** Emphasises the selected cluster, except when the colours show classes. */
  async focus() {
    if (this.items) await this.plot.setFocus(this.colour === "clusters" && this.data.cards.length > 1 ? this.selected : null);
    this.draw();
  }

  mark() {
    const card = this.data.cards[this.selected], shown = this.shownItems;
    const z = card?.centre ?? [NaN, NaN], [items, hidden] = shown.onScale ? [this.classItems, new Set()] : [shown, this.hidden];
    // The name of the selected cluster is drawn below the cross at its centre.
    if (card && this.colour === "clusters") items.centres = items.centres.map((c, k) => (k === this.selected ? [c[0], c[1] - 22 * this.view.unit] : c));
    this.overlay.draw(this.view, this.theme, { z, held: z, preview: false, pins: [], near: [], item: null, hidden, items, showNames: true });
  }

  showList() {
    const { cards, noise } = this.data, { classes } = this.colours;
    const list = this.find(".cl-list"), focused = list.contains(document.activeElement);
    list.replaceChildren(...cards.map((card, k) => {
      const [label, share] = card.shares[0];
      const size = `${card.size.toLocaleString("en")} · ${percent(share)} ${this.classItems.classes[label]}`;
      const button = element("button", {
        type: "button", title: `Select ${card.name}`, onclick: () => this.select(k), "aria-pressed": k === this.selected,
        innerHTML: mark(k, classes[k] ?? this.theme.classes[k % this.theme.classes.length]),
      }, element("span", { textContent: card.name }), element("small", { textContent: size }));
      button.prepend(this.paintCentre(element("canvas"), k));
      return element("li", {}, button);
    }));
    if (focused) this.find('.cl-list [aria-pressed="true"]')?.focus();
    this.find(".cl-noise").hidden = !noise;
    if (noise) this.find(".cl-noise").textContent = `${noise.toLocaleString("en")} images (${percent(noise / this.classItems.total)}) are noise: they belong to no cluster. They are grey on the map.`;
  }

  showCard() {
    const card = this.data.cards[this.selected], aside = this.find(".cl-card");
    aside.hidden = !card;
    if (!card) return;
    this.paintCentre(this.find('[data-testid="decoded-image"]'), this.selected).dataset.z = card.centre.join(",");
    if (document.activeElement !== this.name || this.cardOf !== this.selected) this.name.value = card.name;
    this.cardOf = this.selected;
    this.name.maxLength = this.data.longest;
    const { classes } = this.classItems, largest = card.shares.filter(([, share]) => share >= 0.05).slice(0, 4);
    const lines = [
      `${card.size.toLocaleString("en")} of ${this.classItems.split} (${percent(card.size / this.classItems.total)})`,
      (largest.length ? largest : card.shares.slice(0, 1)).map(([label, share]) => `${percent(share)} ${classes[label]}`).join(", "),
      `centre ${card.centre.slice(0, 4).map((v) => v.toFixed(2)).join(", ")}${card.centre.length > 4 ? ", …" : ""}`,
    ];
    this.find(".cl-facts").replaceChildren(...lines.map((text, i) => element("span", { textContent: text, className: i === 2 ? "la-mono" : "" })));
    this.find(".la-mix").replaceChildren(...card.shares.map(([label, share]) => element("i", {
      style: { flexGrow: share, background: this.theme.classes[label % this.theme.classes.length] },
    })));
    this.showItems("most-typical", card.typical);
    this.showItems("least-typical", card.least);
  }

  showItems(list, items) {
    this.find(`[data-testid="${list}"]`).replaceChildren(...items.map((item) => {
      const name = this.classItems.classes[this.classLabel(item)] ?? "", text = `${name}, ${this.classItems.itemName(item)}`;
      return element("li", {}, element("figure", {},
        element("img", { src: resolve(`${this.data.urls.items}/${item}.png`), alt: text, title: text }),
        element("figcaption", { textContent: name })));
    }));
  }

  /** The class of an item by its index in the data set; the map may show only a sample of them. */
  classLabel(number) {
    const { index, labels } = this.classItems;
    return labels[index ? index.indexOf(number) : number];
  }

  paintCentre(canvas, k) {
    const [, height, width] = this.data.facts.image, { columns } = this.data.sprite;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    if (this.sprite) canvas.getContext("2d").drawImage(this.sprite, width * (k % columns), height * Math.floor(k / columns), width, height, 0, 0, width, height);
    return canvas;
  }
}
