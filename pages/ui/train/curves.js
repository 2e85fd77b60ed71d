/** Three small curves: −ELBO and its two terms, on training and validation images. */

import { sharpContext, tracePath } from "../component/canvas.js";
import { element } from "../component/element.js";

const PARTS = [
  { name: "−ELBO", validation: (r) => r[4] + r[5], train: (r) => r[2] + r[3] },
  { name: "Reconstruction", validation: (r) => r[4], train: (r) => r[2] },
  { name: "KL", validation: (r) => r[5], train: (r) => r[3] },
];

/** Round numbers from low to high, about as many as asked for. */
export function ticks(low, high, count) {
  const power = 10 ** Math.floor(Math.log10((high - low) / count)), step = power * [1, 2, 5, 10].find((m) => m * power * count >= high - low);
  const first = Math.ceil(low / step - 1e-9), last = Math.floor(high / step + 1e-9), digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) => ({ at: (first + i) * step, text: ((first + i) * step).toFixed(digits) }));
}

/** The row of the curve that is nearest to an epoch, the last one for none. */
export const rowAt = (rows, epoch) => (
  epoch === undefined ? rows.at(-1) : rows.reduce((best, row) => (Math.abs(row[1] - epoch) <= Math.abs(best[1] - epoch) ? row : best)));

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
    home.append(element("small", { textContent: "Nats per image over epochs; strong: validation, faint: train" }));
    this.resizer = new ResizeObserver(() => this.draw());
    this.resizer.observe(home);
  }

  set(rows, theme) { Object.assign(this, { rows, theme }); this.draw(); }

  /** Marks an epoch and shows the numbers there; none: those of the last one. */
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
    canvas.dataset.points = rows.length;
    canvas.setAttribute("aria-label", `${name}: no points yet`);
    value.textContent = "";
    if (!rows.length) return;
    const shown = rowAt(rows, this.at);
    value.textContent = validation(shown).toFixed(1);
    canvas.setAttribute("aria-label", `${name} on validation images: ${value.textContent} nats at epoch ${shown[1].toFixed(1)}, ${rows.length} points`);
    const all = rows.flatMap((row) => [validation(row), train(row)]).sort((a, b) => a - b);
    // The first steps are far above the rest and may be cut off.
    const low = all[0], high = Math.max(all[Math.floor(0.92 * (all.length - 1))], low + 1e-6), pad = 6, last = Math.max(rows.at(-1)[1], 1e-6);
    const left = 44, bottom = height - 18;
    const x = (row) => left + ((width - left - pad) * row[1]) / last;
    const y = (v) => pad + (bottom - pad) * (1 - (v - low) / (high - low));
    const line = (...points) => { tracePath(ctx, points); ctx.stroke(); };
    Object.assign(ctx, { strokeStyle: theme.grid, fillStyle: theme.text, font: `11px ${theme.mono}`, textBaseline: "middle", textAlign: "right" });
    for (const { at, text } of ticks(low, high, 3)) { line([left, y(at)], [width - pad, y(at)]); ctx.fillText(text, left - 6, y(at)); }
    ctx.textAlign = "center";
    for (const { at, text } of ticks(0, last, 4)) { line([x([0, at]), pad], [x([0, at]), bottom]); ctx.fillText(text, x([0, at]), height - 7); }
    ctx.strokeStyle = theme.text;
    if (this.at !== undefined) line([x(shown), pad], [x(shown), bottom]);
    ctx.beginPath();
    ctx.rect(left, pad - 2, width, bottom - pad + 4);
    ctx.clip();
    for (const [read, alpha, thick] of [[train, 0.4, 1.5], [validation, 1, 2]]) {
      Object.assign(ctx, { globalAlpha: alpha, strokeStyle: theme.accentText, fillStyle: theme.accentText, lineWidth: thick });
      tracePath(ctx, rows.map((row) => [x(row), y(read(row))]));
      ctx.stroke();
      if (rows.length === 1) ctx.fillRect(x(rows[0]) - 2, y(read(rows[0])) - 2, 4, 4);
    }
  }

  destroy() { this.resizer.disconnect(); }
}
