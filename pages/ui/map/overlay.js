/** What lies over the items: class names, the pins, the nearest items, a posterior, the cursor. */

import { openCanvas } from "./viewport.js";

export class Overlay {
  constructor(canvas) { this.canvas = canvas; }

  /** @param scene { z (null: no cursor), held, pins, near: items, item, atlas, hidden, showNames } */
  draw(view, theme, scene) {
    const pen = openCanvas(this.canvas, view);
    if (!scene.atlas) return;
    Object.assign(this, { pen, view, theme, scene });
    if (scene.showNames) this.drawNames();
    this.drawNear();
    if (scene.item !== null) this.drawItem();
    this.drawPins();
    if (scene.z) this.drawCursor();
  }

  /** Class names at their crowded places; a name that would cover another steps down, then gives up. */
  drawNames() {
    const { pen, view, theme, scene } = this, taken = [];
    pen.font = `600 12px ${theme.sans}`;
    pen.textAlign = "center"; pen.textBaseline = "middle"; pen.lineJoin = "round"; pen.lineWidth = 4;
    scene.atlas.centres.forEach((centre, label) => {
      if (!centre || scene.hidden.has(label)) return;
      const name = scene.atlas.classes[label], half = pen.measureText(name).width / 2 + 2;
      const [x, y0] = view.toPixel(centre[0], centre[1]);
      const free = (y) => taken.every((t) => Math.abs(t.x - x) > t.half + half || Math.abs(t.y - y) > 13);
      const y = [0, 13, -13, 26, -26].map((step) => y0 + step).find(free);
      if (y === undefined) return;
      taken.push({ x, y, half });
      pen.strokeStyle = theme.ground; pen.strokeText(name, x, y);
      pen.fillStyle = theme.text; pen.fillText(name, x, y);
    });
  }

  drawNear() {
    const { pen, view, theme, scene } = this;
    pen.strokeStyle = theme.text; pen.lineWidth = 1.25;
    for (const { item } of scene.near) {
      const [z1, z2] = scene.atlas.code(item);
      this.ring(...view.toPixel(z1, z2), 6);
    }
  }

  /** The chosen item with the ellipse that holds 95 % of its posterior. */
  drawItem() {
    const { theme, scene: { atlas, item } } = this, code = atlas.code(item), at = item * atlas.latent;
    this.pen.strokeStyle = theme.accentText; this.pen.lineWidth = 2;
    this.ring(...this.view.toPixel(code[0], code[1]), 9);
    if (atlas.std) this.drawPosterior(code, atlas.std.subarray(at, at + 2));
  }

  /** The ellipse that holds 95 % of N(mean, diag(std^2)), in the first two latents. */
  drawPosterior(mean, std) {
    const { pen, view, theme } = this, [x, y] = view.toPixel(mean[0], mean[1]);
    const reach = 2.448 / view.unit; // sqrt of the 95 % quantile of chi-squared(2)
    pen.strokeStyle = theme.accentText; pen.lineWidth = 2;
    pen.beginPath();
    pen.ellipse(x, y, std[0] * reach, std[1] * reach, 0, 0, 2 * Math.PI);
    pen.globalAlpha = 0.18; pen.fillStyle = theme.accentText; pen.fill();
    pen.globalAlpha = 1; pen.stroke();
  }

  drawPins() {
    const { pen, view, theme, scene } = this;
    pen.font = `11px ${theme.mono}`; pen.textAlign = "center"; pen.textBaseline = "middle";
    scene.pins.forEach(({ z }, i) => {
      const [x, y] = view.toPixel(z[0], z[1]);
      pen.beginPath();
      pen.moveTo(x, y);
      pen.bezierCurveTo(x - 4, y - 8, x - 10, y - 11, x - 10, y - 18);
      pen.arc(x, y - 18, 10, Math.PI, 0);
      pen.bezierCurveTo(x + 10, y - 11, x + 4, y - 8, x, y);
      pen.fillStyle = theme.accentText; pen.fill();
      pen.strokeStyle = theme.ground; pen.lineWidth = 1.5; pen.stroke();
      pen.fillStyle = theme.ground; pen.fillText(String(i + 1), x, y - 17.5);
    });
  }

  drawCursor() {
    const { pen, view, theme, scene } = this, [x, y] = view.toPixel(scene.z[0], scene.z[1]);
    const cross = (r, gap) => {
      pen.beginPath();
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        pen.moveTo(x + dx * gap, y + dy * gap);
        pen.lineTo(x + dx * r, y + dy * r);
      }
      pen.stroke();
    };
    // A halo in the colour of the ground keeps the cross visible on any picture below it.
    pen.strokeStyle = theme.ground; pen.lineWidth = 5; cross(13, 4); this.ring(x, y, 7);
    pen.strokeStyle = scene.preview ? theme.text : theme.accentText; pen.lineWidth = 2; cross(13, 4); this.ring(x, y, 7);
    if (!scene.preview) return;
    const [hx, hy] = view.toPixel(scene.held[0], scene.held[1]);
    pen.fillStyle = theme.accentText; pen.strokeStyle = theme.ground; pen.lineWidth = 2;
    pen.beginPath(); pen.arc(hx, hy, 4, 0, 2 * Math.PI); pen.fill(); pen.stroke();
  }

  ring(x, y, r) {
    this.pen.beginPath();
    this.pen.arc(x, y, r, 0, 2 * Math.PI);
    this.pen.stroke();
  }
}
