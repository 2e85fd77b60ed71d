/** The encoded items of a data set: which are near a code, and how dense they are there. */

import { loadBuffer, loadFloats, loadJson, resolve } from "../component/load.js";
import { seedName } from "../decoder/seed_groups.js";

/** @typedef {import("../component/types").Facts} Facts */
/** @typedef {import("../component/types").Latent} Latent */

const LOG_2PI = Math.log(2 * Math.PI);
const NEIGHBOURS = 10; // of a survey

export class Items {
  /** @type {string[] | null} the paths of the picture files */ files = null;
  /** @type {string | null} where these files are served */ originals = null;
  /** @type {string | null} where the images are served */ pictures = null;
  /** Of the facts (component/types.d.ts). */
  latentSize; count; total; context; classes; centres; bounds; image; split; heldOut; densitySize; densityQuantiles; grid;
  /** Of noise seeds (seed_groups.js). */ variations = 256; seedGroups = [];
  /** @type {string[]} the columns that may colour them */ columns = [];
  /** @type {Record<string, string>} where these are served */ columnUrls = {};
  /** @type {string[][]} what may be shown, [name, words] each, the default first */ choices = [];
  /** @type {string | undefined} which of these they are */ shown;
  /** @type {Items} the same with the classes */ uncoloured = this;
  /** @type {{ name: string, own: number, ends: string[] | null, texts: string[] } | null} of `colouredBy` */ column = null;

  /** Downloads what `facts` and `urls` describe. */
  static async load(urls, facts) {
    const files = urls.files ? loadJson(urls.files) : null;
    const [points, density] = await Promise.all([loadBuffer(urls.points), loadFloats(urls.density)]);
    const items = new Items(facts, points, density);
    items.entropyUrl = urls.entropy;
    items.files = await files;
    items.originals = urls.originals ? resolve(urls.originals) : null;
    items.pictures = urls.items ? resolve(urls.items) : null;
    items.columnUrls = Object.fromEntries(items.columns.map((name) => [name, urls[`column ${name}`]]));
    return items;
  }

  /**
   * The same items with the kinds of a column (vae/analysis/columns.py) in place of the classes: marks, names and the
   * legend follow them. "" is the class itself.
   * @param {string} name
   * @returns {Promise<Items>}
   */
  async colouredBy(name) {
    if (!name) return this;
    const { names, kinds, own, ends, texts, centres } = await loadJson(this.columnUrls[name]);
    return Object.assign(Object.create(this), { uncoloured: this, classes: names, labels: Uint8Array.from(kinds), centres, column: { name, own, ends, texts } });
  }

  /** Requests the entropy of the decoded pixels, once. */
  async loadEntropy() {
    const values = await (this.entropyRequest ??= loadFloats(this.entropyUrl));
    this.entropy = values;
  }

  /** Whether the kinds of the items, which colour them, are bins of a scale. */
  get onScale() { return Boolean(this.column?.ends); }

  /** What the column says of an item. */
  valueText(i) { return this.column?.texts[i] || "no value"; }

  /** Whether an item was not trained on. */
  isHeldOut(i) { return this.itemNumber(i) < (this.heldOut ?? Infinity); }

  /**
   * @param {Facts} facts
   * @param {ArrayBuffer} points codes [N, D], standard deviations [N, D] where `facts.posterior`, numbers in the data set [N]
   *   where `facts.numbered`, labels [N]
   * @param {Float32Array} density of the codes, on a square grid over `facts.bounds`
   */
  constructor(facts, points, density) {
    Object.assign(this, facts);
    this.density = density;
    /** @type {Float32Array} of the decoded pixels, on a grid of its own */ this.entropy = null;
    /** @type {Float32Array} magnification of the metric, which Interpolate loads later */ this.speed = null;
    const { count: n, latentSize: d } = facts;
    let at = 0;
    const block = (Type, size) => { const a = new Type(points, at, size); at += a.byteLength; return a; };
    this.codes = block(Float32Array, n * d);
    this.std = facts.posterior ? block(Float32Array, n * d) : null;
    this.index = facts.numbered ? block(Uint32Array, n) : null;
    this.labels = block(facts.classes?.length > 256 ? Uint16Array : Uint8Array, n);
  }

  /** Number of an item in its data set. */
  itemNumber(i) { return this.index ? this.index[i] : i; }

  /** The item with a number in the data set; -1 if it is not on the map. */
  itemOf(number) { return this.index ? this.index.indexOf(number) : number < this.count ? number : -1; }

  /** The class of an item, and what the column that colours them says of it. */
  kindOf(i) {
    const { classes, labels } = this.uncoloured, name = classes[labels[i]];
    return this.column ? `${name}, ${this.column.name}: ${this.valueText(i)}` : name;
  }

  /** What an item is called: the path of its file, else its number and whether it was trained on. */
  itemName(i) {
    const number = this.itemNumber(i);
    return this.files?.[number] ?? (number < (this.heldOut ?? this.total) ? `test image ${number}` : `training image ${number - this.heldOut}`);
  }

  /** @returns {number[]} z [D] */
  code(i) { return Array.from(this.codes.subarray(i * this.latentSize, (i + 1) * this.latentSize)); }

  /** Where the decoder reconstructs an item: its code, its label for a conditional model, no noise. @returns {Latent} */
  latentOf(i) { return { z: this.code(i), label: this.context === "label" ? this.labels[i] : null, seed: 0 }; }

  /** The class or the noise seed of a latent in words; "" where the decoder reads the code alone. */
  conditionName({ label, seed }) { return label !== null ? this.classes[label] : seed ? seedName(seed, this) : ""; }

  /** The k items, of a class or of all, nearest to z [D], or to [z1, z2] in the plane: [{ item, distance }], nearest first. */
  nearest(z, k, label = null) {
    const { codes, labels, latentSize: d, count } = this, items = new Int32Array(k), squares = new Float64Array(k).fill(Infinity);
    const compare = (i) => {
      if (label !== null && labels[i] !== label) return;
      let square = 0;
      for (let j = 0, at = i * d; j < z.length; j++) square += (codes[at + j] - z[j]) ** 2;
      if (square > squares[k - 1] || (square === squares[k - 1] && i > items[k - 1])) return;
      let slot = k - 1;
      for (; slot > 0 && (squares[slot - 1] > square || (squares[slot - 1] === square && items[slot - 1] > i)); slot--) {
        squares[slot] = squares[slot - 1]; items[slot] = items[slot - 1];
      }
      squares[slot] = square; items[slot] = i;
    };
    if (d === 2 && count > 1000) (this.grid ??= new Grid(codes, count)).visit(z, compare, () => squares[k - 1]);
    else for (let i = 0; i < count; i++) compare(i);
    return Array.from(items, (item, i) => ({ item, distance: Math.sqrt(squares[i]) })).filter(({ distance }) => distance < Infinity);
  }

  /** Density per unit of area at z, bilinear in the server's grid. */
  densityAt(z) {
    const g = this.densitySize, [x0, x1, y0, y1] = this.bounds;
    const column = (z[0] - x0) / (x1 - x0) * g - 0.5, row = (z[1] - y0) / (y1 - y0) * g - 0.5;
    const c = Math.floor(column), r = Math.floor(row), fc = column - c, fr = row - r;
    const cell = (i, j) => (i < 0 || j < 0 || i >= g || j >= g ? 0 : this.density[i * g + j]);
    return (1 - fr) * ((1 - fc) * cell(r, c) + fc * cell(r, c + 1)) + fr * ((1 - fc) * cell(r + 1, c) + fc * cell(r + 1, c + 1));
  }

  /** Share of the items, 0 to 1, whose density is below that at z. */
  densityRank(z) {
    const value = this.densityAt(z), below = this.densityQuantiles.findLastIndex((quantile) => quantile < value) + 1;
    return below / this.densityQuantiles.length;
  }

  /** log N(z; 0, I) in nats. */
  logPrior(z) { return -0.5 * z.reduce((sum, v) => sum + v * v + LOG_2PI, 0); }

  /** The nearest items, their classes and the local density at z. */
  survey(z) {
    const near = this.nearest(z, NEIGHBOURS), counts = new Map();
    for (const { item } of near) counts.set(this.labels[item], (counts.get(this.labels[item]) ?? 0) + 1);
    const mix = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([label, count]) => ({ label, count }));
    const rank = this.densityRank(z);
    return { near, mix, rank, level: densityLevel(rank), distance: near[0]?.distance ?? NaN, logPrior: this.logPrior(z) };
  }
}

/** The points of a plane in square cells of about four. */
export class Grid {
  x0; y0; side; columns; rows;
  constructor(codes, count) {
    let x0 = Infinity, x1 = -Infinity, y0 = Infinity, y1 = -Infinity;
    for (let i = 0; i < count; i++) {
      const x = codes[2 * i], y = codes[2 * i + 1];
      if (x < x0) x0 = x;
      if (x > x1) x1 = x;
      if (y < y0) y0 = y;
      if (y > y1) y1 = y;
    }
    const side = Math.max(Math.sqrt(4 * (x1 - x0) * (y1 - y0) / count), Math.max(x1 - x0, y1 - y0) / 1024) || 1;
    Object.assign(this, { x0, y0, side, columns: Math.floor((x1 - x0) / side) + 1, rows: Math.floor((y1 - y0) / side) + 1 });
    const cells = Uint32Array.from({ length: count }, (_, i) => this.row(codes[2 * i + 1]) * this.columns + this.column(codes[2 * i]));
    this.starts = new Uint32Array(this.columns * this.rows + 1); // the points of cell c are points[starts[c]] to points[starts[c + 1]]
    for (const cell of cells) this.starts[cell + 1]++;
    for (let c = 0; c < this.starts.length - 1; c++) this.starts[c + 1] += this.starts[c];
    const next = this.starts.slice();
    this.points = new Uint32Array(count);
    for (let i = 0; i < count; i++) this.points[next[cells[i]]++] = i;
  }

  column(x) { return Math.max(0, Math.min(this.columns - 1, Math.floor((x - this.x0) / this.side))); }
  row(y) { return Math.max(0, Math.min(this.rows - 1, Math.floor((y - this.y0) / this.side))); }

  /** Calls `compare` for the points around z in growing squares until all nearer than the root of `limit()` were among them. */
  visit(z, compare, limit) {
    const { side, columns, rows, starts, points } = this, column = this.column(z[0]), row = this.row(z[1]);
    const away = (low, high, cells, offset) => Math.min(low > 0 ? offset - low * side : Infinity, high < cells - 1 ? (high + 1) * side - offset : Infinity);
    for (let r = 0; r <= Math.max(columns, rows); r++) {
      const [left, right, top, bottom] = [column - r, column + r, row - r, row + r];
      for (let v = Math.max(0, top); v <= Math.min(rows - 1, bottom); v++) {
        const step = v === top || v === bottom ? 1 : Math.max(1, 2 * r); // inside, only the two ends
        for (let u = left; u <= right; u += step) {
          if (u < 0 || u >= columns) continue;
          const cell = v * columns + u;
          for (let p = starts[cell]; p < starts[cell + 1]; p++) compare(points[p]);
        }
      }
      const reached = Math.min(away(left, right, columns, z[0] - this.x0), away(top, bottom, rows, z[1] - this.y0));
      if (reached > 0 && reached ** 2 > limit()) return;
    }
  }
}

/** The classes of the nearest items in words: "6 of the 10 nearest: Bag, 4 Shirt". */
export function classesText({ mix, near }, names) {
  const [first, ...others] = mix.map(({ label, count }) => [count, names[label]]);
  return [`${first[0]} of the ${near.length} nearest: ${first[1]}`, ...others.map((other) => other.join(" "))].join(", ");
}

/** How often each class occurs among labels in words, the most frequent first: "49 Ankle boot, 6 Bag, 9 others". */
export function countsText(labels, names, most = 3) {
  const counts = new Map();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  const words = sorted.slice(0, most).map(([label, count]) => `${count} ${names[label]}`);
  const others = sorted.slice(most).reduce((sum, [, count]) => sum + count, 0);
  return [...words, ...(others ? [`${others} others`] : [])].join(", ");
}

/** What the items near a position are, in words: their classes or categories, or their range on a scale. */
export function nearText(survey, items) {
  if (!items.onScale) return classesText(survey, items.classes);
  const { low, middle, high } = rangeOf(survey, items), { name } = items.column, title = name.length > 30 ? `${name.slice(0, 29)}…` : name;
  return `${title} of the ${survey.near.length} nearest: ${middle ? `${low} to ${high}, median ${middle}` : "no value"}`;
}

/** The lowest, the median and the highest value of the nearest items on a scale, as texts; undefined where none has one. */
export function rangeOf({ near }, { column }) {
  const values = near.map(({ item }) => column.texts[item]).filter(Boolean).sort((a, b) => Number(a) - Number(b) || a.localeCompare(b));
  const [low, middle, high] = [0, Math.floor(values.length / 2), values.length - 1].map((at) => values[at]);
  return { low, middle, high };
}

/** How densely the training data covers a position. */
const densityLevel = (rank) => (rank >= 0.4 ? "high" : rank >= 0.1 ? "medium" : rank >= 0.01 ? "low" : "none");

/** The local density of a survey in words. */
export function densityText({ level, rank }) {
  return rank > 0 ? `${level}, percentile ${Math.round(100 * Math.min(0.99, rank))}` : level;
}
