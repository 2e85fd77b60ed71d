/** Plotly draws the axes and the items; it gets no pointer events, so it never resets the view. */

import { resolve } from "../component/load.js";
import { element } from "../component/element.js";
import { MARGIN } from "./viewport.js";

/** One shape per class, so that colour never carries the meaning alone. */
export const SYMBOLS = [
  "circle", "square", "diamond", "cross", "x",
  "triangle-up", "triangle-down", "star", "hexagon", "bowtie",
];

/** Index of a class's shape: colours repeat after ten, with other shapes. */
export const shapeOf = (label) => (label + 3 * Math.floor(label / SYMBOLS.length)) % SYMBOLS.length;

let library;

/** Loads plotly.min.js once per page. */
export function loadPlotly(url) {
  library ??= new Promise((loaded, failed) => {
    const script = element("script");
    script.src = resolve(url);
    script.onload = () => loaded(globalThis.Plotly);
    script.onerror = () => { library = undefined; failed(new Error("plotly.min.js did not load")); };
    document.head.append(script);
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
    this.classes = items.classes.length;
    const buckets = items.classes.map(() => ({ x: [], y: [] }));
    this.slots = new Uint32Array(items.count); // index of each item in its class
    this.labels = items.labels;
    for (let i = 0; i < items.count; i++) {
      const bucket = buckets[items.labels[i]];
      this.slots[i] = bucket.x.length;
      bucket.x.push(items.codes[i * items.latentSize]);
      bucket.y.push(items.codes[i * items.latentSize + 1]);
    }
    this.perPoint = items.count > 20_000 ? 3 : 5;
    const traces = buckets.map(({ x, y }, label) => ({
      type: "scattergl", mode: "markers", hoverinfo: "skip",
      x: Float32Array.from(x), y: Float32Array.from(y),
      visible: this.isVisible(label),
      marker: {
        symbol: SYMBOLS[shapeOf(label)], color: theme.classes[label % theme.classes.length],
        size: this.markerSize(view), opacity: items.count > 20_000 ? 0.5 : 0.75, line: { width: 0 },
      },
    }));
    await this.Plotly.newPlot(this.element, traces, this.layout(view), {
      staticPlot: true, displayModeBar: false, plotGlPixelRatio: devicePixelRatio || 1,
    });
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
    await this.Plotly.relayout(this.element, {
      width: view.width, height: view.height, "xaxis.range": x, "yaxis.range": y,
    });
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
