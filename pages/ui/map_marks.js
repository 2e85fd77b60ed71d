/**
 * The items once more, for as long as a region is chosen: those inside in their colours, the others
 * in grey below them. Plotly takes hundreds of milliseconds to recolour single items (it uploads all
 * of them again), so its own are hidden meanwhile and stamps are drawn on a canvas.
 */

import { openCanvas } from "./map_view.js";

// Outlines of the ten marker shapes in a box of 12, to match Plotly's symbols.
export const SHAPES = [
  "M6 1a5 5 0 1 0 .001 0z", "M1.5 1.5h9v9h-9z", "M6 0l6 6-6 6-6-6z",
  "M4 1h4v3h3v4H8v3H4V8H1V4h3z", "M3 1l3 3 3-3 2 2-3 3 3 3-2 2-3-3-3 3-2-2 3-3-3-3z",
  "M6 1l5.5 10H.5z", "M6 11L.5 1h11z",
  "M6 0l1.6 4h4.2L8.4 6.8 9.8 11 6 8.5 2.2 11l1.4-4.2L.2 4h4.2z",
  "M3 .8h6L12 6l-3 5.2H3L0 6z", "M1 1l10 10V1L1 11z",
];
const GREY = 0.32; // how much of the text's ink the grey has; crowds of it do not get darker

export class Marks {
  constructor(canvas) { this.canvas = canvas; }

  /** @param scene { atlas, mask: 1 for an item inside, hidden, shown }; null: nothing   @param size of a mark, pixels */
  draw(view, theme, scene, size) {
    const pen = openCanvas(this.canvas, view);
    if (!scene?.shown) return;
    const { atlas, mask, hidden } = scene, { codes, labels, latent, count } = atlas;
    const { x: [x0], y: [, y1] } = view.ranges, { unit } = view, [left, top] = view.toPixel(x0, y1), half = 0.6 * size;
    for (const within of [0, 1]) {
      const stamps = atlas.classes.map((_, k) => stamp(k, size, theme, within));
      pen.globalAlpha = count > 20_000 ? 0.6 : 0.85;
      for (let i = 0, at = 0; i < count; i++, at += latent) {
        if (mask[i] !== within || hidden.has(labels[i])) continue;
        const x = left + (codes[at] - x0) / unit, y = top + (y1 - codes[at + 1]) / unit;
        if (x < -half || y < -half || x > view.width + half || y > view.height + half) continue;
        pen.drawImage(stamps[labels[i]], x - half, y - half, 2 * half, 2 * half);
      }
    }
  }

  clear() { if (this.canvas.width > 1) Object.assign(this.canvas, { width: 1, height: 1 }); }
}

/** One mark at the screen's resolution, in the colour of its class or in grey. */
function stamp(label, size, theme, coloured) {
  const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
  canvas.width = canvas.height = Math.ceil(1.2 * size * (devicePixelRatio || 1));
  pen.scale(canvas.width / 12, canvas.width / 12);
  const shape = new Path2D(SHAPES[label % SHAPES.length]);
  pen.fillStyle = coloured ? theme.classes[label % theme.classes.length] : theme.ground;
  pen.fill(shape);
  if (!coloured) {
    pen.globalAlpha = GREY;
    pen.fillStyle = theme.text;
    pen.fill(shape);
  }
  return canvas;
}
