/** Small pictures of a data set, loaded by the sheet and kept in one canvas; the least recently used make room for others. */

import { loadBuffer } from "../../component/load.js";
import { element } from "../../component/element.js";

export const COLUMNS = 16, MOST = 256; // pictures of a sheet
const SLOTS = 2048, SLOT_COLUMNS = 64; // at most 66 x 66 pixels each: 36 MB
const RIM = 1; // pixels around a picture that repeat its edge, so that its neighbour is not seen when it is enlarged
const REQUESTS = 2; // at the same time

export class Atlas {
  /** @type {Map<number, number>} slot of an image by its number, the least recently used first */ slots = new Map();
  /** @type {Set<number>} numbers of images that are being loaded */ loading = new Set();
  /** @type {HTMLCanvasElement} */ canvas;
  /** @type {CanvasRenderingContext2D} */ ctx;
  width = 0; height = 0; // of a picture
  requests = 0;
  /** @type {string} why the last sheet did not load */ error = "";

  /** @param {string} url of the sheets   @param {() => void} onLoaded called when pictures have come, or not */
  constructor(url, onLoaded) {
    this.url = url;
    this.onLoaded = onLoaded;
  }

  /** Whether a picture is here; it then stays while others that are used less often go. */
  has(number) {
    const slot = this.slots.get(number);
    if (slot === undefined) return false;
    this.slots.delete(number);
    this.slots.set(number, slot);
    return true;
  }

  /** Draws a picture that is here. */
  draw(ctx, number, x, y, width, height) {
    const [left, top] = this.corner(this.slots.get(number));
    ctx.drawImage(this.canvas, left + RIM, top + RIM, this.width, this.height, x, y, width, height);
  }

  /** Loads the first of the wanted pictures that are neither here nor on their way. @param {number[]} wanted numbers */
  async request(wanted) {
    if (this.error || this.requests >= REQUESTS) return;
    const numbers = wanted.filter((number) => !this.slots.has(number) && !this.loading.has(number)).slice(0, MOST);
    if (!numbers.length) return;
    this.requests++;
    for (const number of numbers) this.loading.add(number);
    try {
      const png = await loadBuffer(`${this.url}?i=${numbers}`);
      this.put(numbers, await createImageBitmap(new Blob([png])));
    } catch (error) { this.error = error.message; }
    this.requests--;
    for (const number of numbers) this.loading.delete(number);
    this.onLoaded();
  }

  /** Copies the pictures of a sheet. @param {ImageBitmap} sheet */
  put(numbers, sheet) {
    const width = sheet.width / COLUMNS, height = sheet.height / Math.ceil(numbers.length / COLUMNS);
    if (!this.canvas) {
      Object.assign(this, { width, height });
      const rows = SLOTS / SLOT_COLUMNS;
      this.canvas = element("canvas", { width: SLOT_COLUMNS * (width + 2 * RIM), height: rows * (height + 2 * RIM) });
      this.ctx = this.canvas.getContext("2d");
      this.ctx.imageSmoothingEnabled = false;
    }
    numbers.forEach((number, k) => {
      const slot = this.freeSlot(), [x, y] = this.corner(slot), part = /** @type {const} */ ([k % COLUMNS * width, Math.floor(k / COLUMNS) * height, width, height]);
      this.slots.set(number, slot);
      this.ctx.drawImage(sheet, ...part, x, y, width + 2 * RIM, height + 2 * RIM);
      this.ctx.drawImage(sheet, ...part, x + RIM, y + RIM, width, height);
    });
    sheet.close();
  }

  /** The corner of a slot. */
  corner(slot) {
    return [slot % SLOT_COLUMNS * (this.width + 2 * RIM), Math.floor(slot / SLOT_COLUMNS) * (this.height + 2 * RIM)];
  }

  freeSlot() {
    if (this.slots.size < SLOTS) return this.slots.size;
    const [number, slot] = this.slots.entries().next().value;
    this.slots.delete(number);
    return slot;
  }
}
