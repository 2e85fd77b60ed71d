/** Below the map: a film strip through the pins, played, scrubbed and saved as a GIF or a PNG. */

import { element } from "../component/element.js";
import { keyOf } from "../decoder/image_source.js";
import { paint } from "../decoder/pixels.js";
import { FilmStrip } from "../interpolate/film_strip.js";
import { gif } from "./gif.js";

const SIZE = 256; // pixels, which the longer side of a saved picture has at least

export class FilmSection {
  /** @param map a LatentMap */
  constructor(root, map) {
    this.map = map;
    this.find = (selector) => root.querySelector(selector);
    this.home = this.find(".pm-player");
    this.film = new FilmStrip(root, { latentAt: (z) => map.latentAt(z), moved: () => this.follow() }, map.source);
    this.frames = this.find('[data-testid="frames"]');
    this.frames.onchange = () => { this.key = ""; this.update(); };
    this.find('[data-do="play"]').onclick = () => this.film.toggle();
    for (const kind of ["gif", "png"]) this.find(`[data-save="${kind}"]`).onclick = (event) => this.save(kind, event.target);
  }

  /** The cursor of the map follows the head. */
  follow() { if (this.film.codes.length) this.map.hold(this.film.code); }

  /** Takes over the pins. */
  update() {
    const { map, film } = this;
    if (!map.items || !map.source.program) return; // the explorer calls again once both are here
    if (film.items !== map.coloured) { if (film.items) film.setItems(map.coloured); else film.setModel(map.coloured); }
    const { pins, label, seed } = map.state, count = Math.max(2, Math.min(120, Math.round(Number(this.frames.value)) || 16));
    const key = [count, label, seed, ...pins.map(keyOf)].join("|");
    if (key === this.key) return;
    this.key = key;
    this.frames.value = count;
    this.home.dataset.pins = String(pins.length);
    for (const button of this.home.querySelectorAll("[data-save]")) button.disabled = pins.length < 2;
    film.setFrames(pins.length < 2 ? [] : along(pins.map(({ z }) => z), count));
    film.refresh();
  }

  /** Saves the frames: side by side, or as an animation. */
  async save(kind, button) {
    const { film, map } = this, { image: [channels, height, width], name } = map.items, scale = Math.max(1, Math.ceil(SIZE / Math.max(width, height)));
    button.disabled = true;
    const frames = [];
    for (const z of film.codes) {
      const pixels = await map.source.pixels(map.latentAt(z)), rgba = new Uint8ClampedArray(4 * width * height);
      paint(pixels, channels, rgba);
      frames.push(rgba);
    }
    const speed = Number(this.find('[data-testid="speed"]').value), order = film.order;
    const played = order === "ping-pong" ? [...frames, ...frames.slice(1, -1).reverse()] : frames;
    const blob = kind === "gif" ? gif(played, { width, height, scale, delay: 100 / speed, loop: order !== "once" })
      : await sheet(frames, { width, height, scale: Math.min(scale, 4) });
    const href = URL.createObjectURL(blob);
    element("a", { href, download: `${name}-film.${kind}` }).click();
    setTimeout(() => URL.revokeObjectURL(href), 10_000);
    button.disabled = false;
  }

  destroy() { this.film.destroy(); }
}

/** `count` codes at equal distances along straight lines through others. */
export function along(codes, count) {
  const lengths = codes.slice(1).map((z, i) => Math.hypot(...z.map((v, d) => v - codes[i][d]))), total = lengths.reduce((a, b) => a + b, 0);
  return Array.from({ length: count }, (_, k) => {
    let rest = total * k / (count - 1), i = 0;
    while (i < lengths.length - 1 && rest > lengths[i]) rest -= lengths[i++];
    const share = lengths[i] ? Math.min(1, rest / lengths[i]) : 0;
    return codes[i].map((v, d) => Math.round((v + share * (codes[i + 1][d] - v)) * 1e4) / 1e4);
  });
}

/** RGBA frames in rows of up to eight as a PNG. */
async function sheet(frames, { width, height, scale }) {
  const columns = Math.min(8, frames.length), w = scale * width, h = scale * height;
  const canvas = element("canvas", { width: columns * w, height: Math.ceil(frames.length / columns) * h }), small = element("canvas", { width, height });
  const ctx = canvas.getContext("2d");
  ctx.imageSmoothingEnabled = false;
  frames.forEach((rgba, k) => {
    small.getContext("2d").putImageData(new ImageData(rgba, width, height), 0, 0);
    ctx.drawImage(small, k % columns * w, Math.floor(k / columns) * h, w, h);
  });
  return new Promise((done) => { canvas.toBlob(done); });
}
