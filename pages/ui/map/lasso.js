/** Strokes, and the lasso: the stroke of a drag, simplified to a closed polygon in units of z. */

import { tracePath } from "../component/canvas.js";
import { round } from "./viewport.js";

const MAX_POINTS = 190; // of a simplified stroke
const MIN_STEP = 6; // pixels between two corners
const MIN_AREA = 100; // square pixels of a region
export const MAX_CORNERS = 64;

export class Lasso {
  stroke = null;

  begin(point) { this.stroke = [point]; }
  extend(point) { this.stroke.push(point); }
  drop() { this.stroke = null; }

  /** Ends the stroke. @param unit of z per pixel   @returns the polygon, or null where it encloses no area */
  end(unit) {
    let corners = this.stroke;
    this.stroke = null;
    for (let step = MIN_STEP; ; step *= 1.4) {
      corners = simplified(corners, step * unit);
      if (corners.length <= MAX_CORNERS) return closed(corners, unit);
    }
  }
}

/** Rounded corners as a polygon; null where they enclose no area. */
export function closed(corners, unit) {
  const polygon = corners.map(round);
  let twice = 0;
  polygon.forEach(([x, y], k) => { const [x1, y1] = polygon[(k + 1) % polygon.length]; twice += x * y1 - x1 * y; });
  return corners.length >= 3 && Math.abs(twice) / 2 >= MIN_AREA * unit ** 2 ? polygon : null;
}

/** Whether a point lies in a polygon: a ray to the right crosses its edges an odd number of times. */
export function inside(x, y, polygon) {
  let within = false;
  for (let k = 0, last = polygon.length - 1; k < polygon.length; last = k++) {
    const [x0, y0] = polygon[last], [x1, y1] = polygon[k];
    if ((y0 > y) !== (y1 > y) && x < x0 + (y - y0) * (x1 - x0) / (y1 - y0)) within = !within;
  }
  return within;
}

/** @param corners of a polygon or a stroke   @param options opacity of the filled inside, and whether the line is open */
export function drawLasso(ctx, view, theme, corners, { tint = 0.16, open = false } = {}) {
  ctx.save();
  ctx.lineJoin = "round";
  trace(ctx, view, corners);
  if (!open) ctx.closePath();
  ctx.globalAlpha = tint;
  ctx.fillStyle = theme.accentText;
  ctx.fill();
  ctx.globalAlpha = 1;
  // A halo in the background colour keeps the line visible on any image.
  ctx.strokeStyle = theme.ground; ctx.lineWidth = 4; ctx.stroke();
  ctx.strokeStyle = theme.accentText; ctx.lineWidth = 2; ctx.stroke();
  ctx.restore();
}

/** A stroke without the points closer than `spacing` to the previous one; both ends stay. */
export function simplified(stroke, spacing) {
  const points = stroke.slice(0, 1);
  for (const z of stroke) if (Math.hypot(z[0] - points.at(-1)[0], z[1] - points.at(-1)[1]) >= spacing) points.push(z);
  if (points.length > 1) points[points.length - 1] = stroke.at(-1);
  return points.length <= MAX_POINTS ? points : simplified(stroke, spacing * 1.5);
}

/** Begins a path through codes. */
export const trace = (ctx, view, codes) => tracePath(ctx, codes.map(([z1, z2]) => view.toPixel(z1, z2)));
