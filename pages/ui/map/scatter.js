/** Plotly draws the axes and the items; it gets no pointer events, so it never resets the view. */

import { resolve } from "../component/load.js";
import { element } from "../component/element.js";
import { MARGIN } from "./viewport.js";

// One shape per class, so that colour never carries the meaning alone: Plotly's symbols and their outlines in a box of 12.
const SHAPES = Object.entries({
  circle: "M6 1a5 5 0 1 0 .001 0z", square: "M1.5 1.5h9v9h-9z", diamond: "M6 0l6 6-6 6-6-6z",
  cross: "M4 1h4v3h3v4H8v3H4V8H1V4h3z", x: "M3 1l3 3 3-3 2 2-3 3 3 3-2 2-3-3-3 3-2-2 3-3-3-3z",
  "triangle-up": "M6 1l5.5 10H.5z", "triangle-down": "M6 11L.5 1h11z",
  star: "M6 0l1.6 4h4.2L8.4 6.8 9.8 11 6 8.5 2.2 11l1.4-4.2L.2 4h4.2z",
  hexagon: "M3 .8h6L12 6l-3 5.2H3L0 6z", bowtie: "M1 1l10 10V1L1 11z",
});

/** [symbol, outline] of a class: colours repeat after ten, with other shapes. */
export const shapeOf = (label) => SHAPES[(label + 3 * Math.floor(label / SHAPES.length)) % SHAPES.length];

let library;

/** Loads plotly.min.js once per page. */
export function loadPlotly(url) {
  library ??= new Promise((loaded, failed) => {
    const onerror = () => { library = undefined; failed(new Error("plotly.min.js did not load")); };
    document.head.append(element("script", { src: resolve(url), onload: () => loaded(globalThis.Plotly), onerror }));
  });
  return library;
}

export class Plot {
  /** @type {Set<number>} */ hidden = new Set();
  shown = true;

  /** @param {HTMLElement} element   @param Plotly the library */
  constructor(element, Plotly) {
    this.element = element;
    this.Plotly = Plotly;
  }

  /** @param items codes [N, D], labels [N], the number of classes */
  async draw(items, view, theme) {
    this.theme = theme;
    this.labels = items.labels;
    this.classes = items.classes.length;
    const buckets = items.classes.map(() => ({ x: [], y: [] }));
    this.slots = new Uint32Array(items.count); // index of each item in its class
    for (let i = 0; i < items.count; i++) {
      const bucket = buckets[items.labels[i]];
      this.slots[i] = bucket.x.length;
      bucket.x.push(items.codes[i * items.latentSize]);
      bucket.y.push(items.codes[i * items.latentSize + 1]);
    }
    this.perPoint = items.count > 20_000 ? 3 : 5;
    const traces = buckets.map(({ x, y }, label) => ({
      type: "scattergl", mode: "markers", hoverinfo: "skip", visible: this.isVisible(label),
      x: Float32Array.from(x), y: Float32Array.from(y),
      marker: {
        symbol: shapeOf(label)[0], color: theme.classes[label % theme.classes.length],
        size: this.markerSize(view), opacity: items.count > 20_000 ? 0.5 : 0.75, line: { width: 0 },
      },
    }));
    const config = { staticPlot: true, displayModeBar: false, plotGlPixelRatio: devicePixelRatio || 1 };
    await this.Plotly.newPlot(this.element, traces, this.layout(view), config);
  }

  isVisible(label) { return this.shown && !this.hidden.has(label); }

  /** Markers grow on zooming in. */
  markerSize(view) { return Math.min(11, Math.max(this.perPoint, this.perPoint * Math.sqrt(8 / view.span))); }

  layout(view) {
    const { x, y } = view.ranges, { text, grid } = this.theme;
    const axis = (range) => ({
      range, autorange: false, gridcolor: grid, zerolinecolor: grid, zerolinewidth: 2, linecolor: grid,
      tickfont: { family: this.theme.mono, size: 11, color: text }, ticks: "", fixedrange: true, nticks: 9,
    });
    return {
      width: view.width, height: view.height, margin: MARGIN, showlegend: false, hovermode: false,
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", xaxis: axis(x), yaxis: axis(y),
    };
  }

  /** Follows the view; while Plotly is busy only the latest call waits. */
  async move(view) {
    if (this.busy) { this.next = view; return; }
    this.busy = true;
    const { x, y } = view.ranges, size = this.markerSize(view);
    await this.Plotly.relayout(this.element, { width: view.width, height: view.height, "xaxis.range": x, "yaxis.range": y });
    if (Math.abs(size - (this.size ?? 0)) > 0.6) {
      this.size = size;
      await this.Plotly.restyle(this.element, { "marker.size": size });
    }
    this.busy = false;
    if (this.next) { const next = this.next; this.next = null; await this.move(next); }
  }

  /** @param hidden classes   @param shown whether items are drawn at all */
  async setVisible(hidden, shown) {
    Object.assign(this, { hidden, shown });
    if (!this.classes) return;
    await this.Plotly.restyle(this.element, { visible: Array.from({ length: this.classes }, (_, k) => this.isVisible(k)) });
  }

  /** Turns all items but the selected ones grey. @param items their indices; null: none is grey */
  async select(items) {
    const chosen = Array.from({ length: this.classes }, () => (items ? [] : null));
    if (items) for (const i of items) chosen[this.labels[i]].push(this.slots[i]);
    await this.Plotly.restyle(this.element, {
      selectedpoints: chosen, "selected.marker.opacity": 0.95,
      "unselected.marker.color": `rgb(${this.theme.ink})`, "unselected.marker.opacity": 0.14,
    });
  }

  /** Fades all classes but one; null: none. */
  async setFocus(label) {
    if (!this.classes) return;
    const opacity = Array.from({ length: this.classes }, (_, k) => (label === null || k === label ? 0.9 : 0.12));
    await this.Plotly.restyle(this.element, { "marker.opacity": opacity });
  }

  async setTheme(theme, view) {
    this.theme = theme;
    if (!this.classes) return;
    const colors = Array.from({ length: this.classes }, (_, k) => theme.classes[k % theme.classes.length]);
    await this.Plotly.update(this.element, { "marker.color": colors }, this.layout(view));
  }

  destroy() { this.Plotly.purge(this.element); }
}

/** Frees a WebGL context at once: a browser has sixteen, and four maps use twelve. */
export function release(canvas) { canvas.getContext("webgl")?.getExtension("WEBGL_lose_context")?.loseContext(); }
