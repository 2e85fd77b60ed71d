/** A lasso: what a drag draws becomes a closed polygon of a few corners, in units of z. */

import { simplified } from "./path_overlay.js";

const LEAST_STEP = 6; // pixels between two corners
const LEAST_AREA = 100; // square pixels that are worth calling a region
export const MOST_CORNERS = 64;

export class Lasso {
  stroke = null;

  begin(place) { this.stroke = [place]; }

  extend(place) { this.stroke.push(place); }

  drop() { this.stroke = null; }

  /** Ends the stroke. @param unit of z a pixel   @returns the polygon, or null: it encloses nothing */
  end(unit) {
    let corners = this.stroke;
    this.stroke = null;
    for (let step = LEAST_STEP; ; step *= 1.4) {
      corners = simplified(corners, step * unit);
      if (corners.length <= MOST_CORNERS) return closed(corners, unit);
    }
  }
}

/** Corners rounded as places are, as a polygon; null where they enclose nothing. */
export function closed(corners, unit) {
  const polygon = corners.map((z) => z.map((v) => Math.round(v * 1e4) / 1e4 || 0));
  let twice = 0;
  polygon.forEach(([x, y], k) => { const [x1, y1] = polygon[(k + 1) % polygon.length]; twice += x * y1 - x1 * y; });
  return corners.length >= 3 && Math.abs(twice) / 2 >= LEAST_AREA * unit ** 2 ? polygon : null;
}

/** Whether a code lies in a polygon: a ray to the right crosses its edges an odd number of times. */
export function inside(x, y, polygon) {
  let within = false;
  for (let k = 0, last = polygon.length - 1; k < polygon.length; last = k++) {
    const [x0, y0] = polygon[last], [x1, y1] = polygon[k];
    if ((y0 > y) !== (y1 > y) && x < x0 + (y - y0) * (x1 - x0) / (y1 - y0)) within = !within;
  }
  return within;
}

/** @param corners of a polygon or a stroke   @param tint how strongly its inside is coloured, 0 to 1 */
export function drawLasso(ctx, view, theme, corners, { tint = 0.16, open = false } = {}) {
  ctx.save();
  ctx.lineJoin = "round";
  ctx.beginPath();
  corners.forEach(([z1, z2], k) => ctx[k ? "lineTo" : "moveTo"](...view.toPixel(z1, z2)));
  if (!open) ctx.closePath();
  ctx.globalAlpha = tint;
  ctx.fillStyle = theme.accentText;
  ctx.fill();
  ctx.globalAlpha = 1;
  // A halo in the colour of the ground keeps the line visible on any picture below it.
  ctx.strokeStyle = theme.ground; ctx.lineWidth = 4; ctx.stroke();
  ctx.strokeStyle = theme.accentText; ctx.lineWidth = 2; ctx.stroke();
  ctx.restore();
}
