/** Decoded images as the RGBA bytes of a canvas. */

/** Values [H, W, C] times `scale` -> RGBA bytes [H, W, 4] of an ImageData, whose clamped array rounds to the nearest integer. */
function write(values, channels, rgba, scale) {
  const [green, blue] = channels > 1 ? [1, 2] : [0, 0];
  for (let p = 0, i = 0; i < values.length; p += 4, i += channels) {
    rgba[p] = scale * values[i];
    rgba[p + 1] = scale * values[i + green];
    rgba[p + 2] = scale * values[i + blue];
    rgba[p + 3] = 255;
  }
}

/** Pixel means [H, W, C] -> RGBA. */
export const paint = (pixels, channels, rgba) => write(pixels, channels, rgba, 255);

/** Bytes [H, W, C] -> RGBA. */
export const fill = (rgba, bytes, channels) => write(bytes, channels, rgba, 1);

/** Draws an image of a canvas's size. @param {HTMLCanvasElement} canvas   @param {(rgba: Uint8ClampedArray) => void} write */
export function draw(canvas, write) {
  const ctx = canvas.getContext("2d"), image = ctx.createImageData(canvas.width, canvas.height);
  write(image.data);
  ctx.putImageData(image, 0, 0);
}

/** A canvas that shows one decoded image after another; its dataset names the latent and the source. */
export class Picture {
  /** @type {ImageData} */ image;
  /** @type {number} */ channels;

  /** @param {HTMLCanvasElement} canvas   @param {() => void} shown called after each image */
  constructor(canvas, shown = () => {}) {
    this.canvas = canvas;
    this.ctx = canvas.getContext("2d");
    this.shown = shown;
  }

  /** Takes the size of a model's images [C, H, W]. */
  resize([channels, height, width]) {
    Object.assign(this.canvas, { width, height });
    Object.assign(this, { channels, image: this.ctx.createImageData(width, height) });
  }

  /** Shows pixel means [H, W, C] from the browser's decoder. */
  showPixels(pixels, latent) { paint(pixels, this.channels, this.image.data); this.put(latent, "browser"); }

  /** Shows bytes [H, W, C] that torch decoded. */
  showBytes(bytes, latent) { fill(this.image.data, bytes, this.channels); this.put(latent, "server"); }

  put({ z, label, seed }, source) {
    this.ctx.putImageData(this.image, 0, 0);
    Object.assign(this.canvas.dataset, { z: z.join(","), label: label ?? "", seed, source });
    this.shown();
  }
}
