/** A small map of where generated pictures fall, on which a lasso chooses among them or bounds a region. */

import { thinned } from "./path_overlay.js";
import { SmallMap } from "./small_map.js";

const LEAST_STEP = 6; // pixels between two corners of a lasso
const MOST_CORNERS = 64;

export class SampleMap extends SmallMap {
  /** @param act { lasso(polygon, indices of the pictures inside), point(index) } */
  constructor(element, act) {
    super(element);
    Object.assign(this, { act, records: [] });
    this.over.onpointerdown = (event) => this.press(event);
  }

  open(data, theme) {
    this.polygon = null;
    return super.open(data, theme);
  }

  /** @param records whose z are marked   @param picked set of their indices   @param current one of them */
  show(records, picked, current) { Object.assign(this, { records, picked, current }); this.draw(); }

  mark(pen) {
    const { view, theme, records, picked, current } = this;
    this.drawCross(records[current]?.z ?? [0, 0]);
    records.forEach(({ z: [z1, z2] }, i) => {
      const [x, y] = view.toPixel(z1, z2);
      pen.beginPath();
      pen.arc(x, y, picked.has(i) ? 4.5 : 3, 0, 2 * Math.PI);
      pen.fillStyle = picked.has(i) ? theme.accentText : theme.text;
      pen.strokeStyle = theme.ground;
      pen.lineWidth = 1.5;
      pen.fill();
      pen.stroke();
    });
    const corners = this.stroke ?? this.polygon;
    if (!corners?.length) return;
    pen.beginPath();
    corners.forEach(([z1, z2], k) => pen[k ? "lineTo" : "moveTo"](...view.toPixel(z1, z2)));
    pen.closePath();
    pen.globalAlpha = 0.16;
    pen.fillStyle = theme.accentText;
    pen.fill();
    pen.globalAlpha = 1;
    pen.strokeStyle = theme.accentText;
    pen.lineWidth = 2;
    pen.stroke();
  }

  /** A drag draws a lasso; a press on a picture's mark chooses it; a press beside all ends the lasso. */
  press(event) {
    if (!this.atlas || event.button) return;
    const box = this.over.getBoundingClientRect(), at = (e) => [e.clientX - box.left, e.clientY - box.top];
    this.over.setPointerCapture(event.pointerId);
    const start = at(event);
    this.stroke = [this.view.toPlane(...start)];
    this.over.onpointermove = (move) => { this.stroke.push(this.view.toPlane(...at(move))); this.draw(); };
    this.over.onpointerup = this.over.onpointercancel = (up) => {
      this.over.onpointermove = this.over.onpointerup = this.over.onpointercancel = null;
      let corners = this.stroke;
      this.stroke = null;
      for (let step = LEAST_STEP; ; step *= 1.4) {
        corners = thinned(corners, step * this.view.unit);
        if (corners.length <= MOST_CORNERS) break;
      }
      if (up.type === "pointercancel") corners = [];
      if (corners.length < 3) {
        this.polygon = null;
        const near = this.records.map(({ z }, i) => [Math.hypot(...this.view.toPixel(z[0], z[1]).map((v, k) => v - start[k])), i]).sort((a, b) => a[0] - b[0])[0];
        if (near && near[0] < 12) this.act.point(near[1]);
        this.act.lasso(null, []);
      } else {
        this.polygon = corners.map((z) => z.map((v) => Number(v.toFixed(3))));
        this.act.lasso(this.polygon, this.records.flatMap(({ z }, i) => inside(z, this.polygon) ? [i] : []));
      }
      this.draw();
    };
  }
}

/** Whether a code lies in a polygon: a ray to the right crosses its edges an odd number of times. */
function inside([x, y], polygon) {
  let within = false;
  polygon.forEach(([x0, y0], k) => {
    const [x1, y1] = polygon[(k + 1) % polygon.length];
    if ((y0 > y) !== (y1 > y) && x < x0 + (y - y0) * (x1 - x0) / (y1 - y0)) within = !within;
  });
  return within;
}
