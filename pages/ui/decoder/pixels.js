/** Decoded images as the RGBA bytes of a canvas. */

/** Pixel means [H, W, C] -> RGBA bytes [H, W, 4] of an ImageData, whose clamped array rounds to the nearest integer. */
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

/** Draws an image of a canvas's size. @param {HTMLCanvasElement} canvas   @param {(rgba: Uint8ClampedArray) => void} write */
export function draw(canvas, write) {
  const ctx = canvas.getContext("2d"), image = ctx.createImageData(canvas.width, canvas.height);
  write(image.data);
  ctx.putImageData(image, 0, 0);
}
