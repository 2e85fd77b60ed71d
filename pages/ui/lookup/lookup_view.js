/** The result of a similarity search: the image, its code, its classes, its anomaly score, its neighbours. */

import { loadJson, resolve } from "../component/load.js";
import { element, onButtons, pressOnly } from "../component/element.js";
import { ItemChoices } from "../controls/item_choices.js";
import { LookupMap } from "./map.js";
import { draw, fill } from "../decoder/pixels.js";

const SIDES = ["code", "pixels"];
const PATIENCE = 400; // milliseconds before a text is replaced by "Calibrating…"
const ANOMALOUS = 0.95; // share of test images with a lower score, from which on the classes are unreliable
const percent = (share) => (share > 0 && share < 0.005 ? "< 1 %" : `${Math.round(100 * share)} %`);

function posteriorText(std, draws) {
  if (std) return `The ellipse contains 95 % of the posterior (standard deviations ${std.slice(0, 2).map((s) => s.toFixed(3)).join(" and ")}).`;
  return draws.length ? "The dots are samples from the posterior, which has no density here." : "This model has no posterior: the code is a single point.";
}

function anomalyText({ share, count, description }, kind) {
  const caution = share >= ANOMALOUS ? " The classes above are unreliable for an image this anomalous." : "";
  return `More anomalous than ${percent(share)} of ${count.toLocaleString("en")} ${kind}. Score: ${description[0].toLowerCase()}${description.slice(1)}${caution}`;
}

export default class LookupView {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.map = new LookupMap(this.find(".lk-map"), root, { over: (mark) => this.highlight(mark), choose: (mark) => this.choose(mark) });
    const ask = () => this.send("items", this.map.choices.message(this.digest));
    this.map.choices = new ItemChoices(root, this.map, { colour: ask, show: ask });
    this.map.onColours = () => this.showValues();
    this.map.wireThumbnails(this.find('[data-do="thumbnails"]'));
    onButtons(root, "close", (close) => { pressOnly(root, "close", close); this.map.setClose(close === "true"); });
  }

  async update({ data, setStateValue }, theme) {
    this.send = setStateValue;
    if (theme !== this.theme) { this.theme = theme; this.map.setTheme(theme); }
    const fresh = data.found.key !== this.found?.key;
    Object.assign(this, { facts: data.facts, itemsUrl: data.urls.items, found: data.found, digest: data.facts.digest });
    this.map.take(data, theme);
    if (fresh) this.show(data.found);
    Object.assign(this.root.dataset, { state: "ready", key: data.found.key });
  }

  /** Shows what the message contains and requests the rest. */
  show(found) {
    const { z, std, draws, identical } = found;
    this.paint(this.find('[data-testid="query-image"]'), found.image);
    const canvas = this.find('[data-testid="decoded-image"]');
    this.paint(canvas, found.reconstruction);
    canvas.dataset.z = z.join(",");
    const code = element("span", { className: "la-mono", textContent: z.slice(0, 2).map((v) => v.toFixed(4)).join(", ") });
    const dimensions = z.length > 2 ? `, the first two of ${z.length} latents` : "";
    this.find(".lk-code").replaceChildren("z = ", code, `${dimensions}. ${posteriorText(std, draws)}`);
    this.find('[data-testid="identical"]').textContent = identical === null ? ""
      : `The same pixels as ${identical.name}, labelled ${identical.label}. It is excluded from its own neighbours.`;
    this.tiles = new Map();
    for (const among of this.root.querySelectorAll(".lk-among")) among.textContent = found.voters ? `, among ${this.facts.split}` : "";
    const marks = [], focused = this.root.contains(document.activeElement) && document.activeElement.dataset.side;
    for (const side of SIDES) {
      this.find(`[data-testid="near-${side}"]`).replaceChildren(...found[side].map((near) => {
        const mark = { ...near, side };
        marks.push(mark);
        const tile = element("button", {
          type: "button", title: `Search with ${near.name}`, onclick: () => this.choose(mark), dataset: { item: near.item, side },
          "aria-label": `${near.label}, ${near.name}, distance ${near.distance.toFixed(3)}`,
          onpointerenter: () => this.highlight(mark), onfocus: () => this.highlight(mark),
          onpointerleave: () => this.highlight(null), onblur: () => this.highlight(null),
        },
          element("img", { src: resolve(`${this.itemsUrl}/${near.item}.png`), alt: "", width: 64, height: 64 }),
          element("span", { textContent: near.label }), element("span", { className: "la-value", hidden: true }),
          element("span", { className: "la-mono", textContent: near.distance.toFixed(3) }));
        this.tiles.set(mark, tile);
        return element("li", {}, tile);
      }));
    }
    if (focused) this.find(`[data-side="${focused}"]`)?.focus({ preventScroll: true }); // the focus stays among the neighbours
    this.map.taken.then(() => { if (this.found === found) { this.map.show(found, marks); this.showValues(); } });
    this.requestScores(found);
  }

  /** What the column that colours the map says of each neighbour. */
  showValues() {
    const { coloured } = this.map;
    for (const [{ item, name }, tile] of this.tiles ?? []) {
      const at = coloured?.column ? coloured.itemOf(item) : -1, value = tile.querySelector(".la-value"), text = at < 0 ? "" : coloured.valueText(at);
      Object.assign(value, { hidden: at < 0, textContent: text, title: text });
      tile.title = `Search with ${name}${at < 0 ? "" : `, ${coloured.column.name}: ${text}`}`;
    }
  }

  paint(canvas, text) {
    const [channels, height, width] = this.facts.image;
    Object.assign(canvas, { width, height });
    draw(canvas, (rgba) => fill(rgba, Uint8Array.from(atob(text), (c) => c.charCodeAt(0)), channels));
  }

  /** Requests the classes and the anomaly score; their calibration is measured once per model. */
  requestScores(found) {
    const say = (name, words) => { this.find(`[data-testid="${name}"]`).textContent = words; };
    const list = this.find(".lk-classes"), marker = this.find(".lk-scale i"), { kind, voters } = found;
    this.request(found, found.classesUrl, () => {
      list.replaceChildren();
      say("calibration", "Calibrating the confidence on held-out images; the first time for a model this takes some seconds…");
      say("classifier", "");
    }, ({ classes, calibration, classifier }) => {
      list.replaceChildren(...classes.map(({ name, share }) => element("li", {},
        element("span", { textContent: name }),
        element("span", { className: "lk-bar", "aria-hidden": "true" }, element("i", { style: { width: `${100 * share}%` } })),
        element("span", { className: "la-mono", textContent: percent(share) }))));
      say("calibration", `Calibrated confidence: of the ${calibration.count.toLocaleString("en")} ${kind} with a similar one, ${percent(calibration.accuracy)} were classified correctly.${voters && ` The class votes are always those of the nearest among ${voters}.`}`);
      say("classifier", classifier ? `The bundled classifier, which sees only the pixels, predicts ${classifier.name} (${percent(classifier.share)}).` : "");
      list.dataset.key = found.key;
    }, (message) => say("calibration", `The classes did not load (${message}). Reload the page.`));
    this.request(found, found.anomalyUrl, () => {
      marker.style.display = "none";
      say("anomaly", `Scoring ${kind} for comparison…`);
    }, (score) => {
      marker.style.display = score ? "block" : "none";
      if (score) marker.style.left = `${100 * score.share}%`;
      say("anomaly", score ? anomalyText(score, kind) : `There are too few ${kind} to compare with.`);
      marker.parentNode.dataset.key = found.key;
    }, (message) => say("anomaly", `The anomaly score did not load (${message}). Reload the page.`));
  }

  /** Loads JSON about an image; the text before remains for `PATIENCE`, then `wait` replaces it. */
  async request(found, url, wait, show, fail) {
    const waiting = setTimeout(wait, PATIENCE);
    let answer, message;
    try {
      answer = await loadJson(url);
    } catch (error) { message = error.message; }
    clearTimeout(waiting);
    if (this.found !== found) return; // another image is shown by now
    if (message) fail(message); else show(answer);
  }

  highlight(mark) {
    for (const [other, tile] of this.tiles ?? []) tile.dataset.current = other === mark;
    this.map.highlight(mark);
  }

  choose({ item }) { this.send("ask", { digest: this.digest, item, turn: Date.now() }); }

  destroy() { this.map.destroy(); }
}
