/** Drawn under the items: density, pixel entropy, metric magnification, and the decoded grid as tiles. */

import { element } from "../component/element.js";
import { keyOf } from "../decoder/image_source.js";
import { openCanvas } from "./viewport.js";
import { draw } from "../decoder/pixels.js";

const TILE = 46; // preferred size of a tile on the screen, in pixels
const MAX_TILES = 4000;
const FADE = 0.06; // share of a field's side over which it fades out
/** Of each field: its values, its colour, its name and unit; without a unit it is relative to the highest value. */
const FIELDS = {
  density: ["density", "ink", "Density"], uncertainty: ["entropy", "accent", "Pixel entropy", "nats"], speed: ["speed", "accent", "log √det G", ""],
};
const FRAME_BUDGET = 7; // milliseconds of decoding per frame of the screen

export class Layers {
  /** @type {import("./items").Items} */ items;
  /** @type {import("../decoder/image_source").ImageSource} */ source;
  /** @type {() => void} called when tiles have been decoded */ onGrown;

  on = new Set();
  tiles = new Map();
  fields = {};

  constructor(canvas) {
    this.canvas = canvas;
    this.legend = canvas.parentElement.appendChild(element("div", { className: "la-scales" }));
  }

  /** Takes a new model. @param source decodes the tiles; without one there are none */
  setModel(items, source) {
    Object.assign(this, { items, source, fields: {} });
    this.tiles.clear();
  }

  setTheme(theme) { this.theme = theme; this.fields = {}; }

  /** @param latent whose other dimensions, label and seed all tiles share */
  draw(view, latent) {
    const ctx = openCanvas(this.canvas, view);
    if (!this.items) return;
    if (this.on.has("manifold") && this.source) this.drawManifold(ctx, view, latent);
    const shown = Object.keys(FIELDS).filter((name) => this.on.has(name) && (this.fields[name] ??= this.render(name))), { fields } = this;
    for (const name of shown) this.drawField(ctx, view, fields[name].picture);
    const scales = shown.map((name) => fields[name].scale), now = this.legend.children;
    if (this.on.has("uncertainty") && !this.items.entropy) scales.push(this.requestEntropy());
    if (scales.length !== now.length || scales.some((scale, i) => scale !== now[i])) this.legend.replaceChildren(...scales);
  }

  /** Draws again once the entropy is here, which is computed when it is first asked for; returns what is shown meanwhile. */
  requestEntropy() {
    const { items } = this;
    this.waiting ??= element("div", {}, "Pixel entropy is being computed…");
    if (!items.entropyRequest) {
      const redraw = () => { if (this.items === items) this.onGrown?.(); };
      items.loadEntropy().then(redraw, () => { items.entropyRequest = null; }); // the next drawing asks again
    }
    return this.waiting;
  }

  drawField(ctx, view, picture) {
    const [x0, x1, y0, y1] = this.items.bounds, [left, top] = view.toPixel(x0, y1), [right, bottom] = view.toPixel(x1, y0);
    ctx.imageSmoothingEnabled = true;
    ctx.drawImage(picture, left, top, right - left, bottom - top);
  }

  /** A field as an image of one colour whose opacity is the value, and what it means. */
  render(name) {
    const [key, colour, words, unit] = FIELDS[name], values = this.items[key], ink = this.theme[colour], density = name === "density";
    if (!values) return null;
    const size = Math.sqrt(values.length), picture = element("canvas", { width: size, height: size }), most = density ? 0.75 : 0.7;
    let low = Infinity, high = 0;
    for (const v of values) { if (v > high) high = v; if (v < low) low = v; }
    const edge = (k) => Math.min(1, (k + 0.5) / (FADE * size), (size - k - 0.5) / (FADE * size));
    draw(picture, (rgba) => values.forEach((v, i) => {
      // Densities span decades: the square root keeps low ones visible. Row 0 is the lowest z2.
      const row = Math.floor(i / size), share = density ? Math.sqrt(v / high) : (v - low) / (high - low || 1);
      rgba.set([...ink, 255 * most * share * edge(row) * edge(i % size)], 4 * ((size - 1 - row) * size + i % size));
    }));
    const bar = element("i", { style: { background: `linear-gradient(90deg, rgba(${ink}, 0), rgba(${ink}, ${most}))` } });
    const [from, to] = unit === undefined ? ["0", "highest"] : [low.toFixed(2), `${high.toFixed(2)} ${unit}`];
    return { picture, scale: element("div", {}, `${words} ${from}`, bar, to) };
  }

  /** Tiles lie on a grid whose step halves on zooming in; a missing tile shows its parent, an outdated one itself. */
  drawManifold(ctx, view, latent) {
    const level = Math.round(Math.log2(1 / (TILE * view.unit))), step = 2 ** -level, size = step / view.unit;
    const { x, y } = view.ranges, missing = [], slice = keyOf({ ...latent, z: latent.z.slice(2) });
    ctx.imageSmoothingEnabled = false;
    for (let i = Math.floor(x[0] / step); i * step < x[1]; i++) {
      for (let j = Math.floor(y[0] / step); j * step < y[1]; j++) {
        const [left, top] = view.toPixel(i * step, (j + 1) * step), key = `${level}/${i}/${j}`;
        let tile = this.tiles.get(key);
        if (tile?.slice !== slice) {
          missing.push({ key, slice, latent: { ...latent, z: [(i + 0.5) * step, (j + 0.5) * step, ...latent.z.slice(2)] } });
          tile ??= this.tiles.get(`${level - 1}/${Math.floor(i / 2)}/${Math.floor(j / 2)}`);
        }
        // Far from all items the decoder has learned nothing: such tiles are faint.
        ctx.globalAlpha = 0.2 + 0.8 * Math.min(1, 10 * this.items.densityRank([(i + 0.5) * step, (j + 0.5) * step]));
        if (tile) ctx.drawImage(tile.picture, left, top, size + 0.5, size + 0.5);
      }
    }
    ctx.globalAlpha = 1;
    if (missing.length) this.grow(missing, view);
  }

  /** Decodes missing tiles, nearest to the centre first, for a few milliseconds; a worker draws them one by one. */
  grow(missing, view) {
    if (this.growing) return;
    clearTimeout(this.timer);
    const [cx, cy] = view.centre, away = ({ latent: { z } }) => (z[0] - cx) ** 2 + (z[1] - cy) ** 2;
    missing.sort((a, b) => away(a) - away(b));
    this.timer = setTimeout(async () => {
      const start = performance.now(), { source, items, items: { image: [, height, width] } } = this;
      this.growing = true;
      for (const { key, slice, latent } of missing) {
        const picture = element("canvas", { width, height }), painted = source.paintOn(picture, latent);
        if (source.remote) await painted;
        if (items !== this.items) break; // another model meanwhile
        if (this.tiles.size > MAX_TILES) this.tiles.delete(this.tiles.keys().next().value);
        this.tiles.set(key, { slice, picture });
        if (performance.now() - start > FRAME_BUDGET) break;
      }
      this.growing = false;
      this.onGrown?.();
    }, 0);
  }

  destroy() { clearTimeout(this.timer); }
}
