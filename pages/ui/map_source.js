/** Where pictures come from: a decoder in the browser, or torch on the server. */

import { Decoder } from "./decoder.js";

const SLOW = 8; // milliseconds an image above which the server decodes instead

export class PictureSource {
  /** @param show(pixels, z) draws the browser's pixel means   @param showBytes(bytes, z) draws torch's */
  constructor(show, showBytes, stats) {
    Object.assign(this, { show, showBytes, stats, answers: new Map(), fetching: new Set() });
  }

  /** @param buffer a decoder program, or nothing: then the server decodes */
  open(buffer, decodeUrl) {
    this.decodeUrl = decodeUrl;
    this.decoder = buffer ? new Decoder(buffer) : null;
    this.remote = !this.decoder || this.timeDecoder() > SLOW;
    this.answers.clear();
    this.fetching.clear();
    this.asked = null;
  }

  /** Median of a few decodes, in milliseconds, after a warm-up that lets the engine compile. */
  timeDecoder() {
    const z = new Float32Array(this.decoder.latent), times = [];
    for (let i = 0; i < 25; i++) {
      const start = performance.now();
      this.decoder.decode(z);
      times.push(performance.now() - start);
    }
    return times.slice(15).sort((a, b) => a - b)[5];
  }

  /** Draws the picture at z: at once in the browser, as soon as it comes from the server. */
  draw(z) {
    if (this.remote) { this.ask(z); return; }
    const start = performance.now(), { decodes } = this.stats;
    this.show(this.decoder.decode(z), z);
    decodes.push(performance.now() - start);
    if (decodes.length > 4096) decodes.splice(0, 2048);
  }

  /** One request in flight, the latest position wins. */
  async ask(z) {
    if (this.asking) { this.asked = z; return; }
    this.asking = true;
    try {
      const bytes = await this.fetchBytes(z);
      if (bytes) { this.showBytes(bytes, z); this.stats.served++; }
    } finally {
      this.asking = false;
      const next = this.asked;
      this.asked = null;
      if (next) this.ask(next);
    }
  }

  async fetchBytes(z) {
    const answer = await fetch(new URL(`${this.decodeUrl}?z=${z.join(",")}`, document.baseURI));
    return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : null;
  }

  /** Takes pictures that torch decoded and Python sent along: [{ z, image in base64 }]. */
  accept(pictures) {
    for (const { z, image } of pictures) this.answers.set(z.join(","), Uint8Array.from(atob(image), (c) => c.charCodeAt(0)));
  }

  /** Torch's picture at z if it is here. */
  answer(z) { return this.answers.get(z.join(",")); }

  /** Fetches torch's picture at z once; resolves when it has come. */
  async want(z) {
    const key = z.join(",");
    if (this.answers.has(key) || this.fetching.has(key)) return false;
    this.fetching.add(key);
    const bytes = await this.fetchBytes(z);
    if (bytes) this.answers.set(key, bytes);
    return bytes !== null;
  }
}
