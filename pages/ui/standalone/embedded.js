/**
 * The host of a map that brings its own content, without a server: a page that is one file, and a notebook. It answers
 * requests for `page:/` and the name of a block, and cuts the pictures of items out of their sheets.
 */

import { element } from "../component/element.js";
import { COLUMNS } from "../map/thumbnails/atlas.js";

const PLACE = "page:/"; // as in vae/explorer/scripts.py
const MISSING = { status: 404 };

export class Embedded {
  /** @type {Map<number, Promise<ImageBitmap>>} sheets of pictures by their numbers */ sheets = new Map();
  /** @type {Map<number, number> | null} the place of a picture by its number in the data set; null: they are the same */ places;

  /**
   * @param {(name: string) => Promise<Uint8Array<ArrayBuffer> | null>} block the bytes of a name; null without any
   * @param {{ columns: number, perSheet: number, size: number[], numbers: number[] | null }} pictures how they lie in the sheets
   * @param {() => void} work the program of the worker, as a function
   */
  constructor(block, { columns, perSheet, size, numbers }, work) {
    Object.assign(this, { block, columns, perSheet, size, work });
    this.places = numbers && new Map(numbers.map((number, place) => [number, place]));
    this.fetch = (url) => this.answer(decodeURI(url).slice(PLACE.length));
    this.show = (image, url) => this.showPicture(image, url);
    this.worker = () => this.startWorker();
  }

  /** @param {string} path   @returns {Promise<Response>} */
  async answer(path) {
    const [, numbers] = path.match(/^items\/sheet\?i=([\d,]+)$/) ?? [];
    if (numbers) {
      const sheet = await this.cut(numbers.split(",").map(Number), COLUMNS);
      return new Response(await new Promise((done) => { sheet.toBlob(done); }));
    }
    const bytes = await this.block(path);
    return bytes ? new Response(bytes) : new Response("It is not in this file.", MISSING);
  }

  /** Pictures in rows. @param {number[]} numbers in the data set   @param {number} columns */
  async cut(numbers, columns) {
    const [width, height] = this.size, canvas = element("canvas", { width: columns * width, height: Math.ceil(numbers.length / columns) * height });
    const ctx = canvas.getContext("2d");
    await Promise.all(numbers.map(async (number, k) => {
      const place = this.places ? this.places.get(number) : number, at = place % this.perSheet;
      const from = /** @type {const} */ ([at % this.columns * width, Math.floor(at / this.columns) * height]);
      const sheet = await this.sheet(Math.floor(place / this.perSheet));
      ctx.drawImage(sheet, ...from, width, height, k % columns * width, Math.floor(k / columns) * height, width, height);
    }));
    return canvas;
  }

  sheet(number) {
    if (!this.sheets.has(number)) this.sheets.set(number, this.block(`sheet ${number}`).then((webp) => createImageBitmap(new Blob([webp]))));
    return this.sheets.get(number);
  }

  async showPicture(image, url) {
    const picture = await this.cut([Number(url.match(/\/(\d+)\.png$/)[1])], 1);
    image.src = picture.toDataURL();
  }

  /** A page from a disk may only start workers of one classic script. */
  startWorker() {
    const source = URL.createObjectURL(new Blob([`(${this.work})()`], { type: "text/javascript" })), worker = new Worker(source);
    setTimeout(() => URL.revokeObjectURL(source), 10_000);
    return worker;
  }
}
