/**
 * The source of decoded images: a decoder in the page, for larger networks one in a worker, and torch on the server where
 * there is no program for the browser.
 *
 * A latent { z, label, seed } determines an image: the code, the label of a conditional model (null:
 * unknown) and the noise seed of a hierarchical one (0: no noise).
 */

import { loadBuffer } from "../component/load.js";
import { Decoder, multiplyAdds } from "./decoder.js";
import { kernels, ready, wasm } from "./kernels.js";
import { draw, fill, paint } from "./pixels.js";
import { WorkerDecoder } from "./worker_decoder.js";

const BATCH = 50; // images in one request
// Multiply-adds per image up to which the page itself decodes, about 2 ms with SIMD and 4 ms without it.
const IN_PAGE = { simd: 8e6, plain: 3e6 };
// Milliseconds per image above which the page hands on to a worker, and a worker to the server; of the fastest of the
// last images, as others may use the processor, too.
const SLOW = { page: 8, worker: 150 }, LAST = 16;

/** Equal for latents with the same image. */
export const keyOf = ({ z, label, seed }) => `${z.join(",")};${label ?? ""};${seed}`;

/** A pin as in the links of Explore (runtime/location.py). */
const pinText = ({ z, label, seed }) => z.join(",") + (label === null ? "" : `c${label}`) + (seed ? `s${seed}` : "");

/** @typedef {import("../component/types").Latent} Latent */

export class ImageSource {
  /** @type {Map<string, Uint8Array>} torch's images by key */ answers = new Map();
  /** @type {Set<string>} keys of those on their way */ fetching = new Set();
  /** @type {Decoder | null} in the page */ decoder = null;
  /** @type {WorkerDecoder | null} */ worker = null;
  /** Whether the browser decodes, or will once its program is here. */ local = false;
  /** @type {Latent | null} the next request */ next = null;
  /** @type {"label" | "noise" | null} */ context = null;
  decodeUrl = "";
  channels = 1;

  /**
   * @param {(pixels: Float32Array, latent: Latent) => void} show draws the browser's pixel means
   * @param {(bytes: Uint8Array, latent: Latent) => void} showBytes draws torch's bytes
   * @param {{ decodes: number[], served: number }} stats milliseconds per decode, requests served
   */
  constructor(show, showBytes, stats) {
    this.show = show;
    this.showBytes = showBytes;
    this.stats = stats;
  }

  /** A source that draws on a picture. @param {import("./pixels").Picture} picture */
  static onto(picture, stats = { decodes: [], served: 0 }) {
    return new ImageSource((...image) => picture.showPixels(...image), (...image) => picture.showBytes(...image), stats);
  }

  /**
   * @param {ArrayBuffer | null} buffer a decoder program; without one the server decodes
   * @param {string} decodeUrl
   * @param {Pick<import("../component/types").Facts, "contextSize" | "context" | "image">} facts
   * @param {Float32Array | null} noise [seeds, contextSize] of a hierarchical model
   */
  open(buffer, decodeUrl, { contextSize, context, image }, noise) {
    Object.assign(this, { decodeUrl, context, channels: image?.[0] });
    // The decoder's further inputs, one row per label (one-hot) or per noise seed.
    const row = (s) => noise.subarray(s * contextSize, (s + 1) * contextSize);
    if (context === "noise") this.rows = Array.from({ length: noise.length / contextSize }, (_, s) => row(s));
    else this.rows = Array.from({ length: contextSize }, (_, k) => Float32Array.from({ length: contextSize }, (_, i) => Number(i === k)));
    this.close();
    this.start(buffer);
    // New maps: an answer that is still on its way for the model before goes into the old ones.
    Object.assign(this, { answers: new Map(), fetching: new Set(), next: null });
  }

  /** What `open` needs of a model's decoder program. @param {string} url */
  static async load(url) {
    const [program] = await Promise.all([loadBuffer(url), ready()]);
    return program;
  }

  /** Starts the decoder in the page or, where one image would hold up the page, in a worker. @param {ArrayBuffer | null} program */
  start(program) {
    Object.assign(this, { program, local: Boolean(program) });
    if (!program) return;
    const chosen = kernels();
    if (multiplyAdds(program) <= IN_PAGE[chosen.simd ? "simd" : "plain"]) this.decoder = new Decoder(program, chosen);
    else this.moveToWorker();
  }

  moveToWorker() {
    this.decoder = null;
    this.worker = new WorkerDecoder({ program: this.program, wasm: wasm() }, () => Object.assign(this, { worker: null, local: false }));
  }

  /** Ends the worker. */
  close() {
    this.worker?.close();
    Object.assign(this, { decoder: null, worker: null });
  }

  /** Whether images come later, from a worker or the server. */
  get remote() { return !this.decoder; }

  /** Opens a decoder without noise; where the browser cannot run it, the server decodes. */
  openOrServe(buffer, decodeUrl, facts) {
    const none = new Float32Array(facts.contextSize);
    try { this.open(buffer, decodeUrl, facts, none); } catch { this.open(null, decodeUrl, facts, none); }
  }

  contextOf({ label, seed }) { return this.rows[this.context === "label" ? label : seed]; }

  /** The page's image at a latent; overwritten by the next call. @param {Latent} latent */
  decode(latent) { return this.decoder.decode(latent.z, this.contextOf(latent)); }

  /** A copy of the pixel means at a latent, whoever decodes; null where the server does not answer. @param {Latent} latent */
  async pixels(latent) {
    if (!this.remote) return this.decode(latent).slice();
    const { pixels, bytes } = await this.decodeElsewhere(latent);
    return pixels ?? (bytes && Float32Array.from(bytes, (v) => (v + 0.5) / 256)); // a byte of 0 is no probability of 0
  }

  /**
   * The image at a latent from the worker, as pixel means, or from the server, as bytes; both null where neither answers.
   * @param {Latent} latent   @returns {Promise<{ pixels: Float32Array | null, bytes: Uint8Array | null }>}
   */
  async decodeElsewhere(latent) {
    const { worker, decodeUrl } = this, pixels = worker && await worker.decode(latent.z, this.contextOf(latent));
    if (worker?.times.length === LAST && Math.min(...worker.times) > SLOW.worker) worker.fail();
    return { pixels, bytes: pixels || decodeUrl !== this.decodeUrl ? null : await this.fetchBytes(latent) };
  }

  /**
   * Draws the image at a latent on a canvas of the image's size: before it returns where the page decodes, else later.
   * Resolves to whether it has. @param {HTMLCanvasElement} canvas   @param {Latent} latent
   */
  async paintOn(canvas, latent) {
    const { channels } = this;
    if (!this.remote) { draw(canvas, (rgba) => paint(this.decode(latent), channels, rgba)); return true; }
    const { pixels, bytes } = await this.decodeElsewhere(latent);
    if (pixels) draw(canvas, (rgba) => paint(pixels, channels, rgba));
    if (bytes) this.fillOn(canvas, bytes);
    return Boolean(pixels ?? bytes);
  }

  /** Draws bytes [H, W, C] that torch decoded on such a canvas. */
  fillOn(canvas, bytes) { draw(canvas, (rgba) => fill(rgba, bytes, this.channels)); }

  /** Draws the image at a latent: at once where the page decodes, else as soon as it is here. */
  draw(latent) {
    if (this.remote) { this.request(latent); return; }
    const start = performance.now(), pixels = this.decode(latent);
    this.took(performance.now() - start);
    this.show(pixels, latent);
    if (Math.min(...this.stats.decodes.slice(-LAST)) > SLOW.page && this.stats.decodes.length >= LAST) this.moveToWorker();
  }

  took(milliseconds) {
    const { decodes } = this.stats;
    decodes.push(milliseconds);
    if (decodes.length > 4096) decodes.splice(0, 2048);
  }

  /** One request in flight; the latest latent wins. */
  async request(latent) {
    if (this.busy) { this.next = latent; return; }
    this.busy = true;
    const { answers, worker } = this, { pixels, bytes } = await this.decodeElsewhere(latent);
    this.busy = false;
    if (answers === this.answers) {
      if (pixels) { this.show(pixels, latent); this.took(worker.times.at(-1)); }
      if (bytes) { this.showBytes(bytes, latent); this.stats.served++; }
    }
    const { next } = this;
    this.next = null;
    if (next) this.request(next);
  }

  /** Torch's image [H, W, C] at a latent; null where the server does not answer. */
  async fetchBytes({ z, label, seed }) {
    const condition = (label === null ? "" : `&label=${label}`) + (seed ? `&seed=${seed}` : "");
    return loadBuffer(`${this.decodeUrl}?z=${z.join(",")}${condition}`).then((buffer) => new Uint8Array(buffer), () => null);
  }

  /** Torch's image at a latent, or undefined while it is not here. */
  answer(latent) { return this.answers.get(keyOf(latent)); }

  /**
   * Fetches torch's images at latents, as far as they are neither here nor on their way, many in one
   * request; resolves to whether any has arrived. @param {Latent[]} latents
   */
  async want(latents) {
    const { answers, fetching, decodeUrl } = this;
    /** @type {[string, Latent][]} */
    const named = latents.map((latent) => [keyOf(latent), latent]);
    const missing = new Map(named.filter(([key]) => !answers.has(key) && !fetching.has(key)));
    const keys = [...missing.keys()], starts = keys.map((_, i) => i).filter((i) => i % BATCH === 0);
    for (const key of keys) fetching.add(key);
    const arrived = await Promise.all(starts.map(async (start) => {
      const part = keys.slice(start, start + BATCH), pins = part.map((key) => pinText(missing.get(key))).join(";");
      const bytes = await loadBuffer(`${decodeUrl}?p=${pins}`).then((buffer) => new Uint8Array(buffer), () => null);
      part.forEach((key, i) => {
        fetching.delete(key);
        if (bytes) answers.set(key, bytes.subarray(i * bytes.length / part.length, (i + 1) * bytes.length / part.length));
      });
      return bytes !== null;
    }));
    return arrived.some(Boolean) && answers === this.answers;
  }
}
