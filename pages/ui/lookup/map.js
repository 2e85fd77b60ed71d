/** The map of a look-up: the picture's code, its posterior, and the items nearest to it. */

import { SmallMap } from "../map/minimap.js";

const ROOM = 1.25; // around what a close-up shows
const LEAST = 0.05; // units of z that it shows at least
const REACH = 12; // pixels from a mark within which the pointer is on it

export class LookupMap extends SmallMap {
  /** @param handlers { over(mark or null), choose(mark) }   a mark is one of `marks` */
  constructor(element, handlers) {
    super(element);
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
    const reach = [0, 1].map((k) => ROOM * Math.max(LEAST, 2.448 * (std?.[k] ?? 0), ...near.map((m) => Math.abs(m.z[k] - z[k]))));
    return [z[0] - reach[0], z[0] + reach[0], z[1] - reach[1], z[1] + reach[1]];
  }

  at(event) {
    const box = this.over.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    const away = this.marks.map((mark) => [Math.hypot(...this.view.toPixel(mark.z[0], mark.z[1]).map((v, k) => v - [x, y][k])), mark]);
    away.sort((a, b) => a[0] - b[0]);
    return away.length && away[0][0] < REACH ? away[0][1] : null;
  }

  mark(ctx) {
    if (!this.found) return;
    const { found, view, theme, marks, current } = this;
    this.drawCross(found.z);
    if (found.std) this.overlay.drawPosterior(found.z, found.std);
    ctx.fillStyle = theme.accentText;
    for (const z of found.draws) { ctx.beginPath(); ctx.arc(...view.toPixel(z[0], z[1]), 1.5, 0, 2 * Math.PI); ctx.fill(); }
    for (const mark of marks) if (mark !== current) this.one(ctx, mark, this.close ? 6 : 3.5, theme.ground);
    this.overlay.drawCursor(); // once more, over the marks
    if (current) this.one(ctx, current, 8, theme.accentText);
    this.over.dataset.marks = marks.length;
    this.over.dataset.ellipse = found.std ? found.std.slice(0, 2).map((s) => (2.448 * s / view.unit).toFixed(1)).join(",") : "";
  }

  /** Round by code, square by pixels, so that colour need not tell. */
  one(ctx, { z, side }, r, fill) {
    const [x, y] = this.view.toPixel(z[0], z[1]);
    ctx.beginPath();
    if (side === "code") ctx.arc(x, y, r, 0, 2 * Math.PI); else ctx.rect(x - r, y - r, 2 * r, 2 * r);
    ctx.fillStyle = fill; ctx.strokeStyle = this.theme.text; ctx.lineWidth = 1.5;
    ctx.fill(); ctx.stroke();
  }
}
