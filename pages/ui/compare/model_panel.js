/** One model of the comparison: its map, the image decoded at the cursor, facts about it. */

import { element } from "../component/element.js";
import { densityText, Items } from "../map/items.js";
import { LinkedPlane } from "../map/linked.js";
import { ImageSource } from "../decoder/image_source.js";
import { MARGIN } from "../map/viewport.js";
import { Picture } from "../decoder/pixels.js";

export class ComparePanel extends LinkedPlane {
  constructor(element, handlers) {
    super(element, handlers);
    this.picture = new Picture(this.find('[data-testid="decoded-image"]'), () => { if (this.item !== null) this.showFacts(); });
    this.source = ImageSource.onto(this.picture);
  }

  /** Loads one model: { facts, urls, title }. */
  async open({ facts, urls, title }, Plotly, theme, hidden) {
    this.digest = facts.digest;
    this.element.dataset.state = "loading";
    this.element.dataset.model = facts.name;
    this.find(".cm-name").textContent = facts.name;
    this.find(".cm-kind").textContent = title;
    this.over.setAttribute("aria-label", `Map of ${facts.name}. Arrow keys move the cursor in all maps, M switches between same z and same image, F shows everything.`);
    this.items = null;
    try {
      const [items, buffer] = await Promise.all([Items.load(urls, facts), ImageSource.load(urls.program)]);
      this.source.openOrServe(buffer, urls.decode, facts); // models are compared at zero noise
      this.picture.resize(items.image);
      Object.assign(this, { items, shown: null, original: null });
      await this.drawItems(Plotly, items, theme, hidden);
      this.element.dataset.state = "ready";
    } catch (error) {
      this.items = null;
      this.element.dataset.state = "failed";
      this.find(".la-status").textContent = `This map did not load (${error.message}). Reload the page.`;
    }
  }

  destroy() {
    this.source.close();
    super.destroy();
  }

  /** The decoder's input; a conditional model receives the label of the shown item. */
  latentAt(z, item) { return { z, label: item !== null && this.items.context === "label" ? this.items.labels[item] : null, seed: 0 }; }

  /** @param z the code to show   @param item the item with this code, or null */
  show(z, item) {
    const key = `${z.join(",")}/${item}`;
    if (key === this.shown) return;
    this.shown = key;
    Object.assign(this, { z, item });
    this.picture.canvas.setAttribute("aria-label", `Decoded by ${this.items.name} at ${z.join(", ")}`);
    this.source.draw(this.latentAt(z, item));
    this.find(".cm-original").hidden = item === null;
    this.find(".cm-decoded").textContent = item === null ? z.map((v) => v.toFixed(2)).join(", ") : "decoded";
    this.showFacts();
  }

  showOriginal(picture, item) {
    const canvas = this.find('[data-testid="original-image"]'), [, height, width] = this.items.image;
    Object.assign(canvas, { width, height });
    const ctx = canvas.getContext("2d", { willReadFrequently: true });
    ctx.drawImage(picture, 0, 0, width, height);
    canvas.dataset.item = item;
    canvas.setAttribute("aria-label", `Original: ${this.items.classes[this.items.labels[item]]}, ${this.items.itemName(item)}`);
    this.original = { item, data: ctx.getImageData(0, 0, width, height).data };
    this.showFacts();
  }

  showFacts() {
    const { items, z, item, source } = this, survey = items.survey(z), { mix, near } = survey;
    const lines = [`density ${densityText(survey)}`];
    lines.push(`${mix[0].count} of the ${near.length} nearest: ${items.classes[mix[0].label]}`);
    const error = item !== null && this.original?.item === item && this.picture.canvas.dataset.z === z.join(",") ? this.error() : null;
    if (error !== null) lines.push(`MSE ${error.toFixed(4)} per pixel`);
    else if (!source.local) lines.push("decoded on the server");
    this.find(".cm-facts").replaceChildren(...lines.map((text) => element("span", { textContent: text })));
  }

  /** Mean squared error per pixel between the decoded and the original image, both in [0, 1]. */
  error() {
    const a = this.picture.image.data, b = this.original.data;
    let sum = 0;
    for (let i = 0; i < a.length; i++) if (i % 4 !== 3) sum += ((a[i] - b[i]) / 255) ** 2;
    return sum / (0.75 * a.length);
  }

  /** Cursor, class names and the chosen item over the points; moves the points when the view moved. */
  draw(theme, scene, moved) {
    if (!this.view.width || this.element.dataset.state !== "ready") return;
    super.draw(theme, scene, moved);
    this.drawOutside(theme, scene.z);
  }

  /** An arrow at the edge where the cursor lies outside of the view. */
  drawOutside(theme, z) {
    const { view } = this, ctx = this.over.getContext("2d"), [x, y] = view.toPixel(z[0], z[1]);
    const left = MARGIN.l, top = MARGIN.t, right = left + view.plotWidth, bottom = top + view.plotHeight;
    if (x >= left && x <= right && y >= top && y <= bottom) return;
    const at = [Math.min(right - 9, Math.max(left + 9, x)), Math.min(bottom - 9, Math.max(top + 9, y))];
    ctx.save();
    ctx.translate(...at);
    ctx.rotate(Math.atan2(y - at[1], x - at[0]));
    ctx.beginPath(); ctx.moveTo(8, 0); ctx.lineTo(-5, -7); ctx.lineTo(-5, 7); ctx.closePath();
    ctx.fillStyle = theme.accentText; ctx.strokeStyle = theme.ground; ctx.lineWidth = 2;
    ctx.stroke(); ctx.fill();
    ctx.restore();
  }
}

/** The nearest item to item i within 45 degrees of the direction (dx, dy). */
export function neighbourTowards(items, i, dx, dy) {
  const [x, y] = items.code(i), length = Math.hypot(dx, dy);
  let best = i, least = Infinity;
  for (let j = 0; j < items.count; j++) {
    const ex = items.codes[j * items.latentSize] - x, ey = items.codes[j * items.latentSize + 1] - y;
    const along = (ex * dx + ey * dy) / length, square = ex * ex + ey * ey;
    // A minimum step of half the requested length crosses a dense region in visible steps.
    if (along < length / 2 || along * along < square / 2 || square >= least) continue;
    least = square; best = j;
  }
  return best;
}
