/** Small pictures of items, loaded by the sheet and kept in one canvas; the least recently used make room for others. */

import { loadBuffer } from "../../component/load.js";
import { element } from "../../component/element.js";

export const COLUMNS = 16, MOST = 256; // pictures of a sheet
const SLOTS = 2048, SLOT_COLUMNS = 64; // at most 64 x 64 pixels each: 32 MB
const REQUESTS = 2; // at the same time

export class Atlas {
  /** @type {Map<number, number>} slot of an item, the least recently used first */ slots = new Map();
  /** @type {Set<number>} items that are being loaded */ loading = new Set();
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

  /** Whether an item's picture is here; it then stays while others that are used less often go. */
  has(item) {
    const slot = this.slots.get(item);
    if (slot === undefined) return false;
    this.slots.delete(item);
    this.slots.set(item, slot);
    return true;
  }

  /** Draws an item's picture, which is here. */
  draw(ctx, item, x, y, width, height) {
    const slot = this.slots.get(item), { width: w, height: h } = this;
    ctx.drawImage(this.canvas, slot % SLOT_COLUMNS * w, Math.floor(slot / SLOT_COLUMNS) * h, w, h, x, y, width, height);
  }

  /** Loads the first of the wanted items that are neither here nor on their way. @param {number[]} wanted   @param numberOf an item in its data set */
  async request(wanted, numberOf) {
    if (this.error || this.requests >= REQUESTS) return;
    const items = wanted.filter((item) => !this.slots.has(item) && !this.loading.has(item)).slice(0, MOST);
    if (!items.length) return;
    this.requests++;
    for (const item of items) this.loading.add(item);
    try {
      const png = await loadBuffer(`${this.url}?i=${items.map(numberOf)}`);
      this.put(items, await createImageBitmap(new Blob([png])));
    } catch (error) { this.error = error.message; }
    this.requests--;
    for (const item of items) this.loading.delete(item);
    this.onLoaded();
  }

  /** Copies the pictures of a sheet. @param {ImageBitmap} sheet */
  put(items, sheet) {
    const width = sheet.width / COLUMNS, height = sheet.height / Math.ceil(items.length / COLUMNS);
    if (!this.canvas) {
      Object.assign(this, { width, height });
      this.canvas = element("canvas", { width: SLOT_COLUMNS * width, height: SLOTS / SLOT_COLUMNS * height });
      this.ctx = this.canvas.getContext("2d");
    }
    items.forEach((item, k) => {
      const slot = this.freeSlot(), x = slot % SLOT_COLUMNS * width, y = Math.floor(slot / SLOT_COLUMNS) * height;
      this.slots.set(item, slot);
      this.ctx.clearRect(x, y, width, height);
      this.ctx.drawImage(sheet, k % COLUMNS * width, Math.floor(k / COLUMNS) * height, width, height, x, y, width, height);
    });
    sheet.close();
  }

  freeSlot() {
    if (this.slots.size < SLOTS) return this.slots.size;
    const [item, slot] = this.slots.entries().next().value;
    this.slots.delete(item);
    return slot;
  }
}
