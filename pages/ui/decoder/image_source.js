/**
 * Where pictures come from: a decoder in the browser, or torch on the server.
 *
 * What decides about a picture is a latent { z, label, seed }: the code, the label that a conditional
 * model is told (null: unknown), the detail seed of a hierarchical one (0: no noise).
 */

import { loadBuffer } from "../component/load.js";
import { Decoder } from "./decoder.js";

const SLOW = 8; // milliseconds an image above which the server decodes instead

/** Equal for latents with the same picture. */
export const keyOf = ({ z, label, seed }) => `${z.join(",")};${label ?? ""};${seed}`;

export class ImageSource {
  /** @param show(pixels, latent) draws the browser's pixel means   @param showBytes(bytes, latent) draws torch's */
  constructor(show, showBytes, stats) {
    Object.assign(this, { show, showBytes, stats, answers: new Map(), fetching: new Set() });
  }

  /**
   * @param buffer a decoder program, or nothing: then the server decodes
   * @param facts { contextSize, context }   @param noise [seeds, contextSize] of a hierarchical model
   */
  open(buffer, decodeUrl, { contextSize, context }, noise) {
    Object.assign(this, { decodeUrl, context });
    // What stands behind the code, a row each: every label, one-hot, or every seed's noise.
    if (context === "noise") this.rows = Array.from({ length: noise.length / contextSize }, (_, s) => noise.subarray(s * contextSize, (s + 1) * contextSize));
    else this.rows = Array.from({ length: contextSize }, (_, k) => Float32Array.from({ length: contextSize }, (_, i) => Number(i === k)));
    this.decoder = buffer ? new Decoder(buffer) : null;
    this.remote = !this.decoder || this.timeDecoder() > SLOW;
    this.answers.clear();
    this.fetching.clear();
    this.asked = null;
  }

  /** The browser's picture at a latent; overwritten by the next call. */
  decode({ z, label, seed }) {
    return this.decoder.decode(z, this.rows[this.context === "label" ? label : seed]);
  }

  /** Median of a few decodes, in milliseconds, after a warm-up that lets the engine compile. */
  timeDecoder() {
    const z = new Float32Array(this.decoder.latentSize), times = [];
    for (let i = 0; i < 25; i++) {
      const start = performance.now();
      this.decoder.decode(z);
      times.push(performance.now() - start);
    }
    return times.slice(15).sort((a, b) => a - b)[5];
  }

  /** Draws the picture at a latent: at once in the browser, as soon as it comes from the server. */
  draw(latent) {
    if (this.remote) { this.ask(latent); return; }
    const start = performance.now(), { decodes } = this.stats;
    this.show(this.decode(latent), latent);
    decodes.push(performance.now() - start);
    if (decodes.length > 4096) decodes.splice(0, 2048);
  }

  /** One request in flight, the latest position wins. */
  async ask(latent) {
    if (this.asking) { this.asked = latent; return; }
    this.asking = true;
    try {
      const bytes = await this.fetchBytes(latent);
      if (bytes) { this.showBytes(bytes, latent); this.stats.served++; }
    } finally {
      this.asking = false;
      const next = this.asked;
      this.asked = null;
      if (next) this.ask(next);
    }
  }

  /** Torch's picture [H, W, C] at a latent; null where the server does not answer. */
  async fetchBytes({ z, label, seed }) {
    const condition = (label === null ? "" : `&label=${label}`) + (seed ? `&seed=${seed}` : "");
    return loadBuffer(`${this.decodeUrl}?z=${z.join(",")}${condition}`).then((buffer) => new Uint8Array(buffer), () => null);
  }

  /** Takes pictures that torch decoded and Python sent along: [{ latent..., image in base64 }]. */
  accept(pictures) {
    for (const { image, ...latent } of pictures) this.answers.set(keyOf(latent), Uint8Array.from(atob(image), (c) => c.charCodeAt(0)));
  }

  /** Torch's picture at a latent if it is here. */
  answer(latent) { return this.answers.get(keyOf(latent)); }

  /** Fetches torch's picture at a latent once; resolves when it has come. */
  async want(latent) {
    const key = keyOf(latent);
    if (this.answers.has(key) || this.fetching.has(key)) return false;
    this.fetching.add(key);
    const bytes = await this.fetchBytes(latent);
    if (bytes) this.answers.set(key, bytes);
    return bytes !== null;
  }
}
