/** Three small curves: −ELBO and its two terms, on training and validation images. */

import { sharpContext, tracePath } from "../component/canvas.js";
import { element } from "../component/element.js";

const PARTS = [
  { name: "−ELBO", validation: (r) => r[4] + r[5], train: (r) => r[2] + r[3] },
  { name: "Reconstruction", validation: (r) => r[4], train: (r) => r[2] },
  { name: "KL", validation: (r) => r[5], train: (r) => r[3] },
];

export class Curves {
  constructor(home) {
    this.rows = [];
    this.parts = PARTS.map((part) => {
      const canvas = element("canvas", { role: "img" });
      const value = element("b", { className: "la-mono", dataset: { testid: `curve-${part.name}` } });
      const caption = element("span", {}, element("span", { textContent: part.name }), value);
      home.append(element("div", { className: "rv-curve" }, caption, canvas));
      return { ...part, canvas, value };
    });
    home.append(element("small", { textContent: "nats per image; strong: validation, faint: train" }));
    this.resizer = new ResizeObserver(() => this.draw());
    this.resizer.observe(home);
  }

  set(rows, theme) { Object.assign(this, { rows, theme }); this.draw(); }

  mark(epoch) {
    if (epoch === this.at) return;
    this.at = epoch;
    this.draw();
  }

  draw() { if (this.theme) for (const part of this.parts) this.drawPart(part); }

  drawPart({ name, validation, train, canvas, value }) {
    const { rows, theme } = this, { clientWidth: width, clientHeight: height } = canvas;
    if (!width) return;
    const ctx = sharpContext(canvas);
    value.textContent = rows.length ? validation(rows.at(-1)).toFixed(1) : "";
    canvas.setAttribute("aria-label", rows.length
      ? `${name} on validation images: ${value.textContent} nats, ${rows.length} points` : `${name}: no points yet`);
    canvas.dataset.points = rows.length;
    if (!rows.length) return;
    const all = rows.flatMap((row) => [validation(row), train(row)]).sort((a, b) => a - b);
    // The first steps are far above the rest and may be cut off.
    const low = all[0], high = Math.max(all[Math.floor(0.92 * (all.length - 1))], low + 1e-6), pad = 4, last = Math.max(rows.at(-1)[1], 1e-6);
    const x = (row) => pad + ((width - 2 * pad) * row[1]) / last;
    const y = (v) => pad + (height - 2 * pad) * (1 - Math.min(1.05, (v - low) / (high - low)));
    ctx.strokeStyle = theme.grid;
    ctx.strokeRect(0.5, 0.5, width - 1, height - 1);
    if (this.at !== undefined) {
      const at = x([0, Math.min(this.at, last)]);
      tracePath(ctx, [[at, 0], [at, height]]);
      ctx.stroke();
    }
    for (const [read, alpha, thick] of [[train, 0.4, 1.5], [validation, 1, 2]]) {
      Object.assign(ctx, { globalAlpha: alpha, strokeStyle: theme.accentText, fillStyle: theme.accentText, lineWidth: thick });
      tracePath(ctx, rows.map((row) => [x(row), y(read(row))]));
      ctx.stroke();
      if (rows.length === 1) ctx.fillRect(x(rows[0]) - 2, y(read(rows[0])) - 2, 4, 4);
    }
  }

  destroy() { this.resizer.disconnect(); }
}
