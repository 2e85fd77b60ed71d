/** A decoded grid of 11 x 11 codes, filled a few milliseconds per animation frame. */

import { element } from "../component/element.js";

export const SIDE = 11;
/** Spaced 0.5 from -2.5 to 2.5: a standard normal prior has 98 % of its mass there on each axis. */
export const SAME = [-2.5, 2.5, -2.5, 2.5];
const FRAME_BUDGET = 7;

export class Sheet {
  /** @param onSelect called with the code of a clicked cell */
  constructor(element, onSelect) {
    this.element = element;
    this.canvas = element.querySelector("canvas");
    this.here = element.querySelector(".cm-here");
    this.canvas.onclick = (event) => {
      if (!this.extent) return;
      const box = this.canvas.getBoundingClientRect(), cell = (v, size) => Math.min(SIDE - 1, Math.floor(v / size * SIDE));
      onSelect(this.codeAt(cell(event.clientX - box.left, box.width), cell(event.clientY - box.top, box.height)));
    };
  }

  /** The code of a column and a row; row 0 has the largest z2. */
  codeAt(column, row) {
    const [x0, x1, y0, y1] = this.extent, fraction = (k) => k / (SIDE - 1);
    return [x0 + fraction(column) * (x1 - x0), y1 - fraction(row) * (y1 - y0)];
  }

  /** @param panel whose model decodes   @param extent [z1 min, z1 max, z2 min, z2 max] */
  async draw(panel, extent) {
    const { items, source } = panel, key = `${items.digest}/${extent.join()}`;
    if (key === this.key) return;
    Object.assign(this, { key, extent });
    const [, height, width] = items.image, words = extent.map((v) => v.toFixed(1));
    this.element.querySelector("figcaption").textContent = items.name;
    Object.assign(this.canvas, { width: width * SIDE, height: height * SIDE });
    this.canvas.setAttribute("aria-label", `${SIDE * SIDE} points decoded by ${items.name}: z1 from ${words[0]} to ${words[1]}, z2 from ${words[2]} to ${words[3]}`);
    Object.assign(this.canvas.dataset, { extent: extent.join(), done: "false" });
    const ctx = this.canvas.getContext("2d"), cell = element("canvas", { width, height });
    let start = performance.now();
    for (let k = 0; k < SIDE * SIDE; k++) {
      const column = k % SIDE, row = Math.floor(k / SIDE), latent = panel.latentAt(this.codeAt(column, row), null);
      const painted = await source.paintOn(cell, latent);
      if (this.key !== key) return;
      if (!painted) continue;
      ctx.drawImage(cell, column * width, row * height);
      if (performance.now() - start > FRAME_BUDGET) {
        await new Promise((resolve) => setTimeout(resolve, 8));
        if (this.key !== key) return; // another model or extent meanwhile
        start = performance.now();
      }
    }
    this.canvas.dataset.done = "true";
  }

  /** Frames the cell nearest to z, if z lies in the extent. */
  point(z) {
    if (!this.extent) return;
    const [x0, x1, y0, y1] = this.extent;
    const column = Math.round((z[0] - x0) / (x1 - x0) * (SIDE - 1)), row = Math.round((y1 - z[1]) / (y1 - y0) * (SIDE - 1));
    this.here.hidden = !(column >= 0 && column < SIDE && row >= 0 && row < SIDE);
    Object.assign(this.here.style, { left: `${100 * column / SIDE}%`, top: `${100 * row / SIDE}%` });
  }

  destroy() { this.key = null; this.element.remove(); }
}
