/**
 * The source of decoded images: a decoder in the browser, or torch on the server.
 *
 * A latent { z, label, seed } determines an image: the code, the label of a conditional model (null:
 * unknown) and the noise seed of a hierarchical one (0: no noise).
 */

import { loadBuffer } from "../component/load.js";
import { Decoder } from "./decoder.js";
import { draw, fill, paint } from "./pixels.js";

const BATCH = 50; // images in one request
const SLOW = 8; // milliseconds per image above which the server decodes instead

/** Equal for latents with the same image. */
export const keyOf = ({ z, label, seed }) => `${z.join(",")};${label ?? ""};${seed}`;

/** A pin as in the links of Explore (runtime/location.py). */
const pinText = ({ z, label, seed }) => z.join(",") + (label === null ? "" : `c${label}`) + (seed ? `s${seed}` : "");

/** @typedef {import("../component/types").Latent} Latent */

export class ImageSource {
  /** @type {Map<string, Uint8Array>} torch's images by key */ answers = new Map();
  /** @type {Set<string>} keys of those on their way */ fetching = new Set();
  /** @type {Decoder | null} */ decoder = null;
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
    this.decoder = buffer ? new Decoder(buffer) : null;
    this.remote = !this.decoder || this.timeDecoder() > SLOW;
    // New maps: an answer that is still on its way for the model before goes into the old ones.
    Object.assign(this, { answers: new Map(), fetching: new Set(), next: null });
  }

  /** Opens a decoder without noise; where the browser cannot run it, the server decodes. */
  openOrServe(buffer, decodeUrl, facts) {
    const none = new Float32Array(facts.contextSize);
    try { this.open(buffer, decodeUrl, facts, none); } catch { this.open(null, decodeUrl, facts, none); }
  }

  /** The browser's image at a latent; overwritten by the next call. @param {Latent} latent */
  decode({ z, label, seed }) {
    return this.decoder.decode(z, this.rows[this.context === "label" ? label : seed]);
  }

  /** A copy of the pixel means at a latent, whoever decodes; null where the server does not answer. @param {Latent} latent */
  async pixels(latent) {
    if (!this.remote) return this.decode(latent).slice();
    const bytes = await this.fetchBytes(latent);
    return bytes && Float32Array.from(bytes, (v) => (v + 0.5) / 256); // a byte of 0 is no probability of 0
  }

  /** Draws the browser's image at a latent on a canvas of the image's size. */
  paintOn(canvas, latent) { draw(canvas, (rgba) => paint(this.decode(latent), this.channels, rgba)); }

  /** Draws bytes [H, W, C] that torch decoded on such a canvas. */
  fillOn(canvas, bytes) { draw(canvas, (rgba) => fill(rgba, bytes, this.channels)); }

  /** The shortest of a few decodes, in milliseconds, after a warm-up that lets the engine compile: others may use the processor, too. */
  timeDecoder() {
    const z = new Float32Array(this.decoder.latentSize), times = [];
    for (let i = 0; i < 25; i++) {
      const start = performance.now();
      this.decoder.decode(z);
      times.push(performance.now() - start);
    }
    return Math.min(...times.slice(15));
  }

  /** Draws the image at a latent: at once in the browser, as soon as it arrives from the server. */
  draw(latent) {
    if (this.remote) { this.request(latent); return; }
    const start = performance.now(), { decodes } = this.stats;
    this.show(this.decode(latent), latent);
    decodes.push(performance.now() - start);
    if (decodes.length > 4096) decodes.splice(0, 2048);
  }

  /** One request in flight; the latest latent wins. */
  async request(latent) {
    if (this.busy) { this.next = latent; return; }
    this.busy = true;
    const { answers } = this, bytes = await this.fetchBytes(latent);
    this.busy = false;
    if (bytes && answers === this.answers) { this.showBytes(bytes, latent); this.stats.served++; }
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
