/**
 * A canvas draws the items and, while the view moves or where there is no Plotly, the axes; else Plotly draws these.
 * Neither gets pointer events, so Plotly never resets the view.
 */

import { resolve } from "../component/load.js";
import { scaleColour } from "../component/colour_scale.js";
import { element } from "../component/element.js";
import { drawAxes } from "./axes.js";
import { PointLayer } from "./points.js";
import { Thumbnails } from "./thumbnails/thumbnails.js";
import { MARGIN } from "./viewport.js";

// One shape per class, so that colour never carries the meaning alone: Plotly's symbols and outlines in a box of 12.
const SHAPES = Object.entries({
  circle: "M6 1a5 5 0 1 0 .001 0z", square: "M1.5 1.5h9v9h-9z", diamond: "M6 0l6 6-6 6-6-6z",
  cross: "M4 1h4v3h3v4H8v3H4V8H1V4h3z", x: "M3 1l3 3 3-3 2 2-3 3 3 3-2 2-3-3-3 3-2-2 3-3-3-3z",
  "triangle-up": "M6 1l5.5 10H.5z", "triangle-down": "M6 11L.5 1h11z",
  star: "M6 0l1.6 4h4.2L8.4 6.8 9.8 11 6 8.5 2.2 11l1.4-4.2L.2 4h4.2z",
  hexagon: "M3 .8h6L12 6l-3 5.2H3L0 6z", bowtie: "M1 1l10 10V1L1 11z",
});

/** [symbol, outline] of a class: colours repeat after ten, with other shapes. */
export const shapeOf = (label) => SHAPES[(label + 3 * Math.floor(label / SHAPES.length)) % SHAPES.length];

const GREY = "#8c8c8c"; // stands out on light and on dark ground

/**
 * Symbol, outline and colour of a kind of items: of a class or a category, of a bin of a scale, or of values without one.
 * @param {{ column?: import("./items").Items["column"] }} items
 */
export function lookOf({ column }, kind, theme) {
  const [symbol, shape] = shapeOf(column && (column.ends || kind >= column.own) ? 0 : kind), { classes } = theme;
  const colour = column && kind >= column.own ? GREY
    : column?.ends ? scaleColour(kind / (column.own - 1), theme) : classes[kind % classes.length];
  return { symbol, shape, colour };
}

const REST = 150; // milliseconds without a movement, after which Plotly draws the axes
const OPAQUE = 200_000; // above this number of items, marks are drawn without blending, which is faster
let library, source;

/** Loads plotly.min.js once per page; resolves to null without a URL. */
export function loadPlotly(url) {
  if (!url) return Promise.resolve(null);
  source = resolve(url);
  library ??= new Promise((loaded, failed) => {
    const onerror = () => { library = undefined; failed(new Error("plotly.min.js did not load")); };
    document.head.append(element("script", { src: source, onload: () => loaded(globalThis.Plotly), onerror }));
  });
  return library;
}

/** The text of plotly.min.js. */
export const plotlySource = async () => (await fetch(source)).text();

export class Plot {
  /** @type {Set<number>} */ hidden = new Set();
  shown = true; items; view; theme;
  /** @type {number | null} while the view moves, what ends that */ moving = null;
  /** @type {number | null} the class that is not faded */ focus = null;
  /** @type {Uint8Array | null} 1 for an item that is not grey */ mask = null;

  /** @param {HTMLElement} home   @param Plotly the library, or null */
  constructor(home, Plotly) {
    this.home = home;
    this.Plotly = Plotly;
    this.canvas = element("canvas", { className: "la-points", ariaHidden: "true" });
    home.after(this.canvas);
    this.points = new PointLayer(this.canvas);
    this.thumbnails = new Thumbnails(this.canvas, () => this.paint());
  }

  /** @param items codes [N, D], labels [N], the number of classes */
  async draw(items, view, theme) {
    Object.assign(this, { view, theme });
    this.setItems(items);
    this.drawn = this.Plotly?.newPlot(this.home, [], this.layout(view), { staticPlot: true, displayModeBar: false });
    await this.drawn;
  }

  /** Draws other items, or the same ones in other colours, at the same place. None is selected. */
  setItems(items) {
    Object.assign(this, { items, mask: null });
    this.points.setItems(items);
    this.thumbnails.setItems(items);
    this.paint();
  }

  /** Marks grow on zooming in. */
  markSize(view) {
    const size = this.items.count > 20_000 ? 3 : 5;
    return Math.min(11, Math.max(size, size * Math.sqrt(8 / view.span)));
  }

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

  /** Draws the items before the next frame, once for all changes until then. */
  paint() {
    this.painting ??= Promise.resolve().then(() => {
      const { view, theme, items, items: { classes, count }, points: { mask } } = this, dense = count > 20_000;
      this.painting = null;
      const markOf = (label, within) => {
        if (this.hidden.has(label)) return null;
        const { shape, colour } = lookOf(items, label, theme), faded = this.focus !== null && this.focus !== label;
        // Where a grey mark covers another one, it must not get darker.
        if (!within) return { shape, colour: `color-mix(in srgb, ${theme.ground}, ${theme.text} 32%)`, opacity: dense ? 0.6 : 0.85 };
        const opacity = faded ? 0.12 : count > OPAQUE ? 1 : mask || this.focus === label ? 0.9 : dense ? 0.5 : 0.75;
        return { shape, colour, opacity };
      };
      this.points.draw(view, this.markSize(view), this.shown ? markOf : () => null, classes.length);
      this.thumbnails.draw(view, markOf, this.mask, theme.ground);
      if (this.moving || !this.Plotly) drawAxes(this.canvas, view, theme);
    });
  }

  /** Follows the view. Plotly takes the axes over once it has been at rest for a moment. */
  move(view) {
    this.view = view;
    if (!this.Plotly) { this.paint(); return; }
    this.home.style.visibility = "hidden";
    clearTimeout(this.moving);
    this.moving = setTimeout(() => this.rest(), REST);
    this.paint();
  }

  async rest() {
    const { view, moving } = this, { x, y } = view.ranges;
    await this.drawn; // Plotly moves nothing that it still draws
    if (!this.home.isConnected) return; // the page was left meanwhile
    await this.Plotly.relayout(this.home, { width: view.width, height: view.height, "xaxis.range": x, "yaxis.range": y });
    if (this.moving !== moving) return; // it moves again
    this.moving = null;
    this.home.style.visibility = "";
    this.paint();
  }

  /** @param hidden classes   @param shown whether items are drawn at all */
  setVisible(hidden, shown) { this.change({ hidden, shown }); }

  /** Turns all items but the selected ones grey. @param {Uint8Array | null} mask 1 for those; null: none is grey */
  select(mask) { this.mask = mask; this.points.setMask(mask); this.paint(); }

  /** Fades all classes but one; null: none. */
  setFocus(focus) { this.change({ focus }); }

  async setTheme(theme, view) {
    this.change({ theme });
    if (this.items) await this.Plotly?.relayout(this.home, this.layout(view));
  }

  change(values) { Object.assign(this, values); if (this.items) this.paint(); }

  /** Shows or hides the items' pictures. */
  showThumbnails(on) { this.thumbnails.show(on); this.change({}); }

  destroy() {
    clearTimeout(this.moving);
    this.Plotly?.purge(this.home);
    this.thumbnails.destroy();
    this.canvas.remove();
  }
}
