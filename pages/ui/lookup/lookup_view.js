/** What a look-up found: the picture and its reconstruction, where it lies, what it is, what is nearest to it. */

import { loadJson, resolve } from "../component/load.js";
import { element } from "../component/element.js";
import { LookupMap } from "./map.js";
import { fill } from "../decoder/pixels.js";

const SIDES = ["code", "pixels"];
const PATIENCE = 400; // milliseconds after which old words make room for "measuring"
const STRANGE = 0.95; // share of test images from which on a picture is hardly one of their kind
const percent = (share) => (share > 0 && share < 0.005 ? "< 1 %" : `${Math.round(100 * share)} %`);

export default class LookupView {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.map = new LookupMap(this.find(".lk-map"), { over: (mark) => this.highlight(mark), choose: (mark) => this.choose(mark) });
    for (const button of root.querySelectorAll("[data-close]")) {
      button.onclick = () => {
        for (const other of root.querySelectorAll("[data-close]")) other.setAttribute("aria-pressed", other === button);
        this.map.setClose(button.dataset.close === "true");
      };
    }
  }

  /** Called with every message of Python. */
  async update({ data, setStateValue }, theme) {
    this.send = setStateValue;
    if (theme !== this.theme) { this.theme = theme; this.map.setTheme(theme); }
    const fresh = data.found.key !== this.found?.key;
    Object.assign(this, { facts: data.facts, itemsUrl: data.urls.items, found: data.found });
    if (data.facts.digest !== this.digest) {
      this.digest = data.facts.digest;
      this.opened = this.map.open(data, theme);
    }
    if (fresh) this.show(data.found);
    Object.assign(this.root.dataset, { state: "ready", key: data.found.key });
  }

  /** Everything that came with the message; the class and the rest are asked for. */
  show(found) {
    const { z, std } = found, several = z.length > 2 ? `, the first two of ${z.length} latents` : "";
    this.paint(this.find('[data-testid="looked-up"]'), found.picture);
    const canvas = this.find('[data-testid="decoded-image"]');
    this.paint(canvas, found.reconstruction);
    canvas.dataset.z = z.join(",");
    const spread = std ? ` The ellipse holds 95 % of the posterior (standard deviations ${std.slice(0, 2).map((s) => s.toFixed(3)).join(" and ")}).`
      : found.draws.length ? " The dots are draws from the posterior, which is no ellipse here." : " This model has no posterior: the code is a single place.";
    const place = this.find(".lk-place");
    place.replaceChildren("z = ", element("span", { className: "la-mono", textContent: z.slice(0, 2).map((v) => v.toFixed(4)).join(", ") }), `${several}.${spread}`);
    this.find('[data-testid="itself"]').textContent = found.itself === null ? ""
      : `Test image ${found.itself.item.toLocaleString("en")}, labelled ${found.itself.label}. It is left out of its own neighbours.`;
    this.tiles = new Map();
    const marks = [], focused = this.root.contains(document.activeElement) && document.activeElement.dataset.side;
    for (const side of SIDES) {
      this.find(`[data-testid="near-${side}"]`).replaceChildren(...found[side].map((near) => {
        const mark = { ...near, side };
        marks.push(mark);
        const tile = element("button", { type: "button", title: "Look this one up", onclick: () => this.choose(mark) },
          element("img", { src: resolve(`${this.itemsUrl}/${near.item}.png`), alt: "", width: 64, height: 64 }),
          element("span", { textContent: near.label }),
          element("span", { className: "la-mono", textContent: near.distance.toFixed(3) }));
        tile.setAttribute("aria-label", `Test image ${near.item}: ${near.label}, distance ${near.distance.toFixed(3)}`);
        Object.assign(tile.dataset, { item: near.item, side });
        tile.onpointerenter = tile.onfocus = () => this.highlight(mark);
        tile.onpointerleave = tile.onblur = () => this.highlight(null);
        this.tiles.set(mark, tile);
        return element("li", {}, tile);
      }));
    }
    if (focused) this.find(`[data-side="${focused}"]`)?.focus({ preventScroll: true }); // who came by a tile goes on from the tiles
    this.opened.then(() => { if (this.found === found) this.map.show(found, marks); });
    this.judge(found);
  }

  paint(canvas, text) {
    const [channels, height, width] = this.facts.image;
    Object.assign(canvas, { width, height });
    const ctx = canvas.getContext("2d"), image = ctx.createImageData(width, height);
    fill(image.data, Uint8Array.from(atob(text), (c) => c.charCodeAt(0)), channels);
    ctx.putImageData(image, 0, 0);
  }

  /** Asks for the class and for how unusual the picture is: what that takes is measured once for a model. */
  judge(found) {
    const say = (name, words) => { this.find(`[data-testid="${name}"]`).textContent = words; };
    const list = this.find(".lk-classes"), mark = this.find(".lk-scale i");
    this.ask(found, found.answerUrl, () => {
      list.replaceChildren();
      say("such", "Measuring on held-out images how sure it may be; the first time for a model this takes some seconds…");
      say("judge", "");
    }, ({ classes, such, judge }) => {
      list.replaceChildren(...classes.map(({ name, share }) => {
        const bar = element("span", { className: "lk-bar" }, element("i"));
        bar.setAttribute("aria-hidden", "true");
        bar.firstChild.style.width = `${100 * share}%`;
        return element("li", {}, element("span", { textContent: name }), bar, element("span", { className: "la-mono", textContent: percent(share) }));
      }));
      say("such", `Of ${such.of.toLocaleString("en")} test images answered about as surely, ${percent(such.right)} were right.`);
      say("judge", judge ? `The classifier that judges samples, which sees pixels only, says ${judge.name} (${percent(judge.share)}).` : "");
      list.dataset.key = found.key;
    }, (trouble) => say("such", `The class did not come (${trouble}). Reload the page.`));
    this.ask(found, found.unusualUrl, () => { mark.style.display = "none"; say("unusual", "Measuring what is usual…"); }, (unusual) => {
      mark.style.display = unusual ? "block" : "none";
      if (unusual) mark.style.left = `${100 * unusual.share}%`;
      const caution = unusual?.share >= STRANGE ? " What is said of its class holds for pictures like those, less for this one." : "";
      say("unusual", unusual ? `More unusual than ${percent(unusual.share)} of ${unusual.of.toLocaleString("en")} test images. The score: ${unusual.sentence[0].toLowerCase()}${unusual.sentence.slice(1)}${caution}`
        : "There are too few test images to say what is usual.");
      mark.parentNode.dataset.key = found.key;
    }, (trouble) => say("unusual", `This did not come (${trouble}). Reload the page.`));
  }

  /** Fetches JSON for a picture; what was there before stays for an instant, then `wait` takes its place. */
  async ask(found, url, wait, tell, fail) {
    const waiting = setTimeout(wait, PATIENCE);
    let answer, trouble;
    try {
      answer = await loadJson(url);
    } catch (error) { trouble = error.message; }
    clearTimeout(waiting);
    if (this.found !== found) return; // another picture is shown by now
    if (trouble) fail(trouble); else tell(answer);
  }

  highlight(mark) {
    for (const [other, tile] of this.tiles ?? []) tile.dataset.current = other === mark;
    this.map.highlight(mark);
  }

  choose({ item }) { this.send("ask", { digest: this.digest, item, turn: Date.now() }); }

  destroy() { this.map.destroy(); }
}
