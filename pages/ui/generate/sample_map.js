/** A small map of generated images, on which a lasso selects some of them or defines a region. */

import { drawLasso, inside, Lasso } from "../map/lasso.js";
import { ColouredMap } from "../map/minimap.js";

export class SampleMap extends ColouredMap {
  /** @param root of the page's component   @param handlers { lasso(polygon, indices of the images inside), point(index) } */
  constructor(element, root, handlers) {
    super(element, root);
    Object.assign(this, { handlers, lasso: new Lasso(), polygon: null, records: [] });
    this.over.onpointerdown = (event) => this.press(event);
  }

  /** @param records whose z are marked   @param selected set of their indices   @param current one of them */
  show(records, selected, current) { Object.assign(this, { records, selected, current }); this.draw(); }

  mark(ctx) {
    const { view, theme, records, selected, current } = this;
    this.drawCross(records[current]?.z ?? [0, 0]);
    records.forEach(({ z: [z1, z2] }, i) => {
      const [x, y] = view.toPixel(z1, z2);
      ctx.beginPath();
      ctx.arc(x, y, selected.has(i) ? 4.5 : 3, 0, 2 * Math.PI);
      ctx.fillStyle = selected.has(i) ? theme.accentText : theme.text;
      ctx.strokeStyle = theme.ground;
      ctx.lineWidth = 1.5;
      ctx.fill();
      ctx.stroke();
    });
    const corners = this.lasso.stroke ?? this.polygon;
    if (corners?.length) drawLasso(ctx, view, theme, corners);
  }

  /** A drag draws a lasso, a click on a mark selects its image, a click elsewhere clears the lasso. */
  press(event) {
    if (!this.items || event.button) return;
    const box = this.over.getBoundingClientRect(), at = (e) => [e.clientX - box.left, e.clientY - box.top];
    this.over.setPointerCapture(event.pointerId);
    const start = at(event);
    this.lasso.begin(this.view.toPlane(...start));
    this.over.onpointermove = (move) => { this.lasso.extend(this.view.toPlane(...at(move))); this.draw(); };
    this.over.onpointerup = this.over.onpointercancel = (up) => {
      this.over.onpointermove = this.over.onpointerup = this.over.onpointercancel = null;
      const drawn = this.lasso.end(this.view.unit);
      if (up.type === "pointercancel") { this.draw(); return; } // the finger scrolls the page
      this.polygon = drawn;
      if (!this.polygon) {
        const pixels = ([z1, z2]) => Math.hypot(...this.view.toPixel(z1, z2).map((v, k) => v - start[k]));
        const near = this.records.map(({ z }, i) => [pixels(z), i]).sort((a, b) => a[0] - b[0])[0];
        if (near && near[0] < 12) this.handlers.point(near[1]);
        this.handlers.lasso(null, []);
      } else { this.handlers.lasso(this.polygon, this.records.flatMap(({ z }, i) => inside(z[0], z[1], this.polygon) ? [i] : [])); }
      this.draw();
    };
  }
}
