/** One layout of the shown images: its plane, and the image that the inverse gives at a point. */

import { loadFloats } from "../component/load.js";
import { drawLasso, inside, Lasso } from "../map/lasso.js";
import { Items } from "../map/items.js";
import { ImageSource } from "../decoder/image_source.js";
import { LinkedPlane } from "../map/linked.js";
import { Decoded, Linear } from "./inverse.js";

const REACH = 9; // pixels between the pointer and the image that it selects

export class ReducePlane extends LinkedPlane {
  lasso = new Lasso();

  /** @param command(plane, word) is called by the button */
  constructor(element, { command, ...handlers }) {
    super(element, handlers);
    this.canvas = this.find(".rm-foot canvas");
    this.button = this.find(".rm-status button");
    this.button.onclick = () => command(this, this.button.dataset.word);
  }

  /** Shows Python's message: { method, title, description, inverse, state, message, done, word }. */
  setMessage(plane) {
    this.method = this.element.dataset.method = plane.method;
    this.title = plane.title;
    this.find(".rm-title").textContent = plane.title;
    this.find(".rm-description").textContent = plane.description;
    this.inverseNote = plane.inverse;
    this.over.setAttribute("aria-label", `${plane.title}, ${plane.description}. Arrow keys move, S selects the hundred nearest images, Esc none, F shows everything.`);
    if (plane.urls) return;
    this.inverse?.close();
    this.items = this.inverse = this.url = null;
    this.canvas.hidden = true;
    this.element.dataset.state = plane.state;
    this.find(".rm-status p").textContent = plane.message;
    const bar = this.find("progress"), word = plane.word ?? "";
    Object.assign(bar, { hidden: plane.done === null, value: plane.done ?? 0 }).setAttribute("aria-label", plane.message);
    Object.assign(this.button, { hidden: !word, textContent: word }).dataset.word = word;
    this.find(".rm-inverse").textContent = "";
  }

  /** Loads a finished layout. @param selected set of items, or null   @param colour the column that colours it, or "" */
  async open({ facts, urls }, Plotly, theme, hidden, selected, colour) {
    const url = this.url = `${urls.points} ${urls.frame}`;
    this.items = null;
    if (this.element.dataset.state === "ready") this.element.dataset.state = "opening"; // the previous layout remains visible
    try {
      const [items, frame, program] = await Promise.all([Items.load(urls, facts), loadFloats(urls.frame), ImageSource.load(urls.program)]);
      if (this.url !== url) return; // the layout has changed meanwhile
      const coloured = await items.colouredBy(colour);
      if (this.url !== url) return;
      const parts = { facts, urls, frame, program };
      this.inverse?.close();
      this.inverse = !frame ? null : urls.decode ? new Decoded(this.canvas, parts) : new Linear(this.canvas, parts);
      this.canvas.hidden = !this.inverse;
      this.shown = undefined;
      this.coloured = coloured;
      await this.drawItems(Plotly, coloured, theme, hidden);
      if (this.url !== url) return;
      this.items = items;
      this.select(selected);
      this.element.dataset.state = "ready";
    } catch (error) {
      if (this.url !== url) return;
      this.url = null;
      this.element.dataset.state = "failed";
      this.find(".rm-status p").textContent = `This plane did not load (${error.message}). Reload the page.`;
    }
  }

  /** Draws the items with the kinds that colour them. */
  showColours(coloured, hidden, selected) {
    this.coloured = coloured;
    this.plot.hidden = hidden;
    this.plot.setItems(coloured);
    this.select(selected);
  }

  /** @param items those that do not turn grey; null: none turns grey */
  select(items) { this.plot.select(items && Uint8Array.from(this.items.labels, (_, i) => Number(items.has(i)))); }

  /** The view that the visitor has not changed stays fitted. */
  resize() {
    super.resize();
    if (!this.viewChanged) this.fit();
  }

  /** The image at a point of the plane, or null where there is none. */
  hit([x, y], hidden) {
    const { codes, latentSize: d, count, labels } = this.coloured;
    let best = null, nearest = (REACH * this.view.unit) ** 2;
    for (let i = 0; i < count; i++) {
      const square = (codes[i * d] - x) ** 2 + (codes[i * d + 1] - y) ** 2;
      if (square < nearest && !hidden.has(labels[i])) { nearest = square; best = i; }
    }
    return best;
  }

  /** The images of visible classes in a polygon. */
  within(polygon, hidden) { return this.visibleItems(hidden).filter((i) => inside(...this.point(i), polygon)); }

  /** The `count` images of visible classes nearest to a point. */
  nearest([x, y], count, hidden) {
    const distance = (i) => { const [a, b] = this.point(i); return (a - x) ** 2 + (b - y) ** 2; };
    return this.visibleItems(hidden).map((i) => [distance(i), i]).sort((a, b) => a[0] - b[0]).slice(0, count).map(([, i]) => i);
  }

  visibleItems(hidden) { return Array.from({ length: this.items.count }, (_, i) => i).filter((i) => !hidden.has(this.coloured.labels[i])); }

  point(i) { const { codes, latentSize } = this.items; return [codes[i * latentSize], codes[i * latentSize + 1]]; }

  /** Shows the inverse at coordinates `y`, or none for null. @param own whether they are those of an image */
  show(y, own) {
    const key = `${y?.join(",")}/${own}`;
    if (key === this.shown) return;
    this.shown = key;
    const note = this.find(".rm-inverse");
    if (!this.inverse) { note.textContent = this.inverseNote; return; }
    this.canvas.dataset.shown = y ? "yes" : "no";
    if (!y) { this.canvas.dataset.z = ""; note.textContent = this.inverseNote; return; }
    note.textContent = this.inverse.describe(y, own);
    this.canvas.setAttribute("aria-label", `${this.title}. ${note.textContent}`);
    this.inverse.draw(y);
  }

  /** @param scene { z: the cursor or null, item, hidden }   @param moved whether the view has moved */
  draw(theme, scene, moved) {
    if (!this.view.width || !this.items) return;
    super.draw(theme, { preview: false, ...scene }, moved);
    if (this.lasso.stroke) drawLasso(this.over.getContext("2d"), this.view, theme, this.lasso.stroke);
  }

  destroy() {
    this.url = null;
    this.inverse?.close();
    super.destroy();
  }
}
