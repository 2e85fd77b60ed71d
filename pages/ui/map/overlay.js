/** Drawn over the items: class names, pins, the nearest items, a posterior, the cursor. */

import { openCanvas } from "./viewport.js";

/** A filled circle with an edge around a code. @param {number[]} z */
export function disc(ctx, view, z, radius, fill, edge, width = 1.5) {
  ctx.beginPath();
  ctx.arc(...view.toPixel(z[0], z[1]), radius, 0, 2 * Math.PI);
  Object.assign(ctx, { fillStyle: fill, strokeStyle: edge, lineWidth: width });
  ctx.fill();
  ctx.stroke();
}

// Where a name may stand: at its place, above or below it, or beside it; in halves of its width and in lines.
const STEPS = [0, 1, -1, 2, -2].flatMap((dx) => [0, 1, -1, 2, -2, 3, -3].map((dy) => [dx, dy]));

export class Overlay {
  /** @type {CanvasRenderingContext2D} */ ctx;
  /** @type {import("./viewport").View} */ view;
  /** @type {import("../component/types").Theme} */ theme;
  /** @type {import("../component/types").Scene} */ scene;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) { this.canvas = canvas; }

  /** @param {import("../component/types").Scene} scene */
  draw(view, theme, scene) {
    const ctx = openCanvas(this.canvas, view);
    if (!scene.items) return;
    Object.assign(this, { ctx, view, theme, scene: { pins: [], near: [], item: null, ...scene } });
    if (scene.showNames) this.drawNames();
    this.drawNear();
    if (this.scene.item !== null) this.drawItem();
    this.drawPins();
    if (scene.z) this.drawCursor();
  }

  drawNames() {
    const { ctx, view, theme, scene } = this;
    ctx.font = `600 12px ${theme.sans}`;
    ctx.textAlign = "center"; ctx.textBaseline = "middle"; ctx.lineJoin = "round"; ctx.lineWidth = 4;
    const key = [...view.ranges.x, ...view.ranges.y, view.width, view.height, ...scene.hidden, ctx.font].join();
    if (key !== this.placed?.key || scene.items !== this.placed.items) this.placed = { key, items: scene.items, names: this.placeNames() };
    for (const { name, x, y } of this.placed.names) {
      ctx.strokeStyle = theme.ground; ctx.strokeText(name, x, y);
      ctx.fillStyle = theme.text; ctx.fillText(name, x, y);
    }
  }

  /**
   * Class names where their density is highest. A name that would cover another is moved to where its class
   * is the nearest, else it is left out.
   */
  placeNames() {
    const { ctx, view, scene: { items, hidden } } = this, names = [];
    items.centres.forEach((centre, label) => {
      if (!centre || hidden.has(label)) return;
      const name = items.classes[label], half = ctx.measureText(name).width / 2 + 2, [x0, y0] = view.toPixel(centre[0], centre[1]);
      const isThere = (x, y) => items.labels[items.nearest([...view.toPlane(x, y), ...centre.slice(2)], 1)[0].item] === label;
      const place = STEPS.map(([dx, dy]) => [x0 + dx * half, y0 + 13 * dy]).find(([x, y]) => x > half && x < view.width - half
        && names.every((n) => Math.abs(n.x - x) > n.half + half || Math.abs(n.y - y) > 13) && ((x === x0 && y === y0) || isThere(x, y)));
      if (place) names.push({ name, half, x: place[0], y: place[1] });
    });
    return names;
  }

  drawNear() {
    const { ctx, theme, scene } = this;
    ctx.strokeStyle = theme.text; ctx.lineWidth = 1.25;
    for (const { item } of scene.near) this.ring(scene.items.code(item), 6);
  }

  /** The selected item with the ellipse that holds 95 % of its posterior. */
  drawItem() {
    const { theme, scene: { items, item } } = this, code = items.code(item), at = item * items.latentSize;
    this.ctx.strokeStyle = theme.accentText; this.ctx.lineWidth = 2;
    this.ring(code, 9);
    if (items.std) this.drawPosterior(code, items.std.subarray(at, at + 2));
  }

  /** The ellipse that holds 95 % of N(mean, diag(std^2)), in the first two latents. */
  drawPosterior(mean, std) {
    const { ctx, view, theme } = this, [x, y] = view.toPixel(mean[0], mean[1]);
    const reach = 2.448 / view.unit; // sqrt of the 95 % quantile of chi-squared(2)
    ctx.strokeStyle = theme.accentText; ctx.lineWidth = 2;
    ctx.beginPath();
    ctx.ellipse(x, y, std[0] * reach, std[1] * reach, 0, 0, 2 * Math.PI);
    ctx.globalAlpha = 0.18; ctx.fillStyle = theme.accentText; ctx.fill();
    ctx.globalAlpha = 1; ctx.stroke();
  }

  drawPins() {
    const { ctx, view, theme, scene } = this;
    ctx.font = `11px ${theme.mono}`; ctx.textAlign = "center"; ctx.textBaseline = "middle";
    scene.pins.forEach(({ z }, i) => {
      const [x, y] = view.toPixel(z[0], z[1]);
      ctx.beginPath();
      ctx.moveTo(x, y);
      ctx.bezierCurveTo(x - 4, y - 8, x - 10, y - 11, x - 10, y - 18);
      ctx.arc(x, y - 18, 10, Math.PI, 0);
      ctx.bezierCurveTo(x + 10, y - 11, x + 4, y - 8, x, y);
      ctx.fillStyle = theme.accentText; ctx.fill();
      ctx.strokeStyle = theme.ground; ctx.lineWidth = 1.5; ctx.stroke();
      ctx.fillStyle = theme.ground; ctx.fillText(String(i + 1), x, y - 17.5);
    });
  }

  drawCursor() {
    const { ctx, view, theme, scene } = this, [x, y] = view.toPixel(scene.z[0], scene.z[1]);
    const cross = (r, gap) => {
      ctx.beginPath();
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        ctx.moveTo(x + dx * gap, y + dy * gap);
        ctx.lineTo(x + dx * r, y + dy * r);
      }
      ctx.stroke();
    };
    // A halo in the background colour keeps the cross visible on any image.
    ctx.strokeStyle = theme.ground; ctx.lineWidth = 5; cross(13, 4); this.ring(scene.z, 7);
    ctx.strokeStyle = scene.preview ? theme.text : theme.accentText; ctx.lineWidth = 2; cross(13, 4); this.ring(scene.z, 7);
    if (scene.preview) disc(ctx, view, scene.held, 4, theme.accentText, theme.ground, 2);
  }

  /** @param {number[]} z   @param {number} radius */
  ring(z, radius) {
    const [x, y] = this.view.toPixel(z[0], z[1]);
    this.ctx.beginPath();
    this.ctx.arc(x, y, radius, 0, 2 * Math.PI);
    this.ctx.stroke();
  }
}
