/** Pixels of a decoded picture into the RGBA of a canvas. */

/** Pixel means [H, W, C] -> RGBA bytes [H, W, 4] of an ImageData, whose clamped array rounds to nearest. */
export function paint(pixels, channels, rgba) {
  for (let p = 0, i = 0; i < pixels.length; p += 4, i += channels) {
    rgba[p] = 255 * pixels[i];
    rgba[p + 1] = 255 * pixels[i + (channels > 1 ? 1 : 0)];
    rgba[p + 2] = 255 * pixels[i + (channels > 1 ? 2 : 0)];
    rgba[p + 3] = 255;
  }
}

/** Bytes [H, W, C] -> RGBA. */
export function fill(rgba, bytes, channels) {
  for (let p = 0, i = 0; i < bytes.length; p += 4, i += channels) {
    rgba[p] = bytes[i];
    rgba[p + 1] = bytes[i + (channels > 1 ? 1 : 0)];
    rgba[p + 2] = bytes[i + (channels > 1 ? 2 : 0)];
    rgba[p + 3] = 255;
  }
}
