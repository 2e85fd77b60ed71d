/** The map of a similarity search: the code of the image, its posterior, and its nearest items. */

import { ColouredMap } from "../map/minimap.js";

const MARGIN = 1.25; // around the content of a close-up
const MIN_RADIUS = 0.05; // of a close-up, in units of z
const REACH = 12; // pixels between the pointer and the mark that it selects

export class LookupMap extends ColouredMap {
  /** @param root of the view   @param handlers { over(mark or null), choose(mark) }   a mark is one of `marks` */
  constructor(element, root, handlers) {
    super(element, root);
    Object.assign(this, { handlers, marks: [], current: null, close: false });
    this.over.onpointermove = (event) => this.handlers.over(this.at(event));
    this.over.onpointerleave = () => this.handlers.over(null);
    this.over.onclick = (event) => { const mark = this.at(event); if (mark) this.handlers.choose(mark); };
  }

  /** @param found { z, std or null, draws }   @param marks [{ z, side: "code" or "pixels" }] */
  show(found, marks) { Object.assign(this, { found, marks, current: null }); this.fit(); }

  setClose(close) { this.close = close; this.fit(); }

  /** The mark under the pointer or in focus. */
  highlight(mark) { this.current = mark; this.over.style.cursor = mark ? "pointer" : "default"; this.draw(); }

  window() {
    if (!this.close || !this.found) return this.items.bounds;
    const { z, std } = this.found, near = this.marks.filter(({ side }) => side === "code");
    const radius = [0, 1].map((k) => MARGIN * Math.max(MIN_RADIUS, 2.448 * (std?.[k] ?? 0), ...near.map((m) => Math.abs(m.z[k] - z[k]))));
    return [z[0] - radius[0], z[0] + radius[0], z[1] - radius[1], z[1] + radius[1]];
  }

  at(event) {
    const box = this.over.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    const distances = this.marks.map((mark) => [Math.hypot(...this.view.toPixel(mark.z[0], mark.z[1]).map((v, k) => v - [x, y][k])), mark]);
    distances.sort((a, b) => a[0] - b[0]);
    return distances.length && distances[0][0] < REACH ? distances[0][1] : null;
  }

  mark(ctx) {
    if (!this.found) return;
    const { found, view, theme, marks, current } = this;
    this.drawCross(found.z);
    if (found.std) this.overlay.drawPosterior(found.z, found.std);
    ctx.fillStyle = theme.accentText;
    for (const z of found.draws) { ctx.beginPath(); ctx.arc(...view.toPixel(z[0], z[1]), 1.5, 0, 2 * Math.PI); ctx.fill(); }
    for (const mark of marks) if (mark !== current) this.drawMark(ctx, mark, this.close ? 6 : 3.5, theme.ground);
    this.overlay.drawCursor(); // above the marks
    if (current) this.drawMark(ctx, current, 8, theme.accentText);
    this.over.dataset.marks = marks.length;
    this.over.dataset.ellipse = found.std ? found.std.slice(0, 2).map((s) => (2.448 * s / view.unit).toFixed(1)).join(",") : "";
  }

  /** A circle for a neighbour by code, a square for one by pixels: the shapes differ, not the colours. */
  drawMark(ctx, { z, side }, r, fill) {
    const [x, y] = this.view.toPixel(z[0], z[1]);
    ctx.beginPath();
    if (side === "code") ctx.arc(x, y, r, 0, 2 * Math.PI); else ctx.rect(x - r, y - r, 2 * r, 2 * r);
    ctx.fillStyle = fill; ctx.strokeStyle = this.theme.text; ctx.lineWidth = 1.5;
    ctx.fill(); ctx.stroke();
  }
}
