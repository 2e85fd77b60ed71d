/**
 * Which items of a map are shown as pictures: as many as fit without covering each other.
 *
 * The selection is greedy in a fixed random order of the items, for spacings that shrink level by level; each level
 * keeps what the coarser ones have selected. It depends on the spacing alone, not on the part of the plane that is
 * shown: panning changes no picture, and zooming in only adds some.
 */

const STEP = 2 ** 0.125; // between the spacings of two levels, of which the first is the whole plane
const MAX_LEVEL = 144; // from there on items count as lying on each other
const TRIED = 64, MOST_TRIED = 100_000; // waiting items per cell of a level and in all: of very many, some wait for a finer one

export class Selection {
  /** @type {number[]} how many items each level has selected */ ends = [];
  selected = 0;

  /**
   * @param {{ codes: ArrayLike<number>, latentSize: number, bounds: import("../../component/types").Rectangle }} items
   * @param {Uint32Array} order the items that may be selected, the most important first
   * @param {number} aspect width of a picture divided by its height
   */
  constructor({ codes, latentSize: d, bounds: [x0, x1, y0, y1] }, order, aspect) {
    this.extent = Math.max(x1 - x0, y1 - y0) || 1;
    this.stretch = Math.sqrt(aspect);
    this.x = Float64Array.from(order, (i) => codes[d * i] - x0);
    this.y = Float64Array.from(order, (i) => codes[d * i + 1] - y0);
    this.order = order;
    this.waiting = Uint32Array.from(order.keys());
    this.ranks = new Uint32Array(order.length); // in `order`, of the selected items
  }

  /** The k-th item that is selected. */
  item(k) { return this.order[this.ranks[k]]; }

  /** How many items, the first ones, have pictures whose middles are at least `spacing` apart, in units of z. */
  count(spacing) {
    const level = Math.min(MAX_LEVEL, Math.floor(Math.log(this.extent / spacing) / Math.log(STEP) + 1e-9));
    if (level < 0) return 0; // all items together take less room than one picture
    while (this.ends.length <= level) this.refine();
    return this.ends[level];
  }

  /**
   * Adds a level: in cells of a picture's size, a waiting item is compared with the items that are selected in its own
   * and the eight neighbouring ones.
   */
  refine() {
    const { x, y, ranks, waiting, ends: { length: level } } = this, spacing = this.extent / STEP ** level;
    const width = spacing * this.stretch, height = spacing / this.stretch, cells = STEP ** (2 * level);
    const tried = Math.min(waiting.length, Math.ceil(TRIED * cells), MOST_TRIED);
    const table = new CellTable(this.selected + tried);
    for (let k = 0; k < this.selected; k++) table.put(Math.floor(x[ranks[k]] / width), Math.floor(y[ranks[k]] / height), ranks[k]);
    let left = 0;
    for (let k = 0; k < tried; k++) {
      const i = waiting[k], u = Math.floor(x[i] / width), v = Math.floor(y[i] / height);
      let free = table.get(u, v) < 0; // two items of one cell always cover each other
      for (let n = 0; free && n < 9; n++) {
        const other = table.get(u + n % 3 - 1, v + Math.floor(n / 3) - 1);
        free = other < 0 || Math.abs(x[i] - x[other]) >= width || Math.abs(y[i] - y[other]) >= height;
      }
      if (!free) { waiting[left++] = i; continue; }
      table.put(u, v, i);
      ranks[this.selected++] = i;
    }
    waiting.copyWithin(left, tried);
    this.waiting = waiting.subarray(0, waiting.length - tried + left);
    this.ends.push(this.selected);
  }
}

/** At most one whole number per cell of a plane: a hash table with open addressing. */
class CellTable {
  /** @param {number} most cells that are filled */
  constructor(most) {
    const size = 2 ** Math.ceil(Math.log2(2 * most + 2));
    this.last = size - 1;
    this.columns = new Int32Array(size);
    this.rows = new Int32Array(size);
    this.values = new Int32Array(size).fill(-1);
  }

  find(u, v) {
    const { columns, rows, values, last } = this;
    let at = Math.imul(Math.imul(u, 73856093) ^ Math.imul(v, 19349663), 0x9e3779b1) >>> 7 & last;
    while (values[at] >= 0 && (columns[at] !== u || rows[at] !== v)) at = (at + 1) & last;
    return at;
  }

  get(u, v) { return this.values[this.find(u, v)]; }

  put(u, v, value) {
    const at = this.find(u, v);
    this.columns[at] = u;
    this.rows[at] = v;
    this.values[at] = value;
  }
}

const SMALL = 24, LARGE = 80, LEAST = 18; // geometric mean of a picture's sides, in CSS pixels
const ROOM = 1000; // of the smallest pictures fill the axes
const GROWTH = 0.3; // exponent of the zoom

/**
 * The geometric mean of a picture's sides in CSS pixels: larger where there are few items or many pixels, and growing
 * slowly with the zoom.
 */
export function pictureSize({ plotWidth, plotHeight, unit }, { bounds: [x0, x1, y0, y1], count }) {
  const zoom = Math.max((x1 - x0) / plotWidth, (y1 - y0) / plotHeight) / unit, area = plotWidth * plotHeight;
  const start = Math.min(LARGE, Math.max(SMALL, 0.8 * Math.sqrt(area / count), Math.sqrt(area / ROOM)));
  return Math.min(LARGE, Math.max(LEAST, start * zoom ** GROWTH));
}
