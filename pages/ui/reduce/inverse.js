/** Inverses of a layout, from a point of its plane to an image: the model's decoder, or linear. */

import { ImageSource } from "../decoder/image_source.js";
import { round } from "../map/viewport.js";
import { Picture } from "../decoder/pixels.js";

/** x = mean + y · axes, for a frame [1 + K, P] of the mean and the axes. */
export function affine(frame, size, y) {
  const x = Float64Array.from(frame.subarray(0, size));
  y.forEach((v, k) => { for (let i = 0, at = (k + 1) * size; i < size; i++) x[i] += v * frame[at + i]; });
  return x;
}

/** The image of one plane: `draw(y)` for coordinates [K]. */
class InverseImage {
  constructor(canvas, image, kind) {
    canvas.hidden = false;
    canvas.dataset.testid = kind;
    this.picture = new Picture(canvas);
    this.picture.resize(image);
  }

  close() {}
}

/** The decoder: maps coordinates to a code and decodes it. */
export class Decoded extends InverseImage {
  constructor(canvas, { facts, urls, frame, program }) {
    super(canvas, facts.image, "decoded-image");
    Object.assign(this, { frame, latentSize: facts.latentSize });
    this.source = ImageSource.onto(this.picture);
    this.source.openOrServe(program, urls.decode, facts); // the image at the means of a hierarchy
  }

  code(y) { return round(affine(this.frame, this.latentSize, y)); }

  close() { this.source.close(); }

  draw(y) { this.source.draw({ z: this.code(y), label: null, seed: 0 }); }

  describe(y, own) {
    const z = this.code(y), text = z.slice(0, 8).map((v) => v.toFixed(2)).join(", ") + (z.length > 8 ? ", …" : "");
    return `${own ? "Reconstruction" : "New image, decoded"} at z = ${text}`;
  }
}

/** Linear: a mean image and two directions, all that PCA has. */
export class Linear extends InverseImage {
  constructor(canvas, { facts, frame }) {
    super(canvas, facts.image, "linear-image");
    Object.assign(this, { frame, size: facts.image.reduce((a, b) => a * b) });
  }

  draw(y) { this.picture.showPixels(affine(this.frame, this.size, y), { z: round(y), label: null, seed: 0 }); }

  describe(y, own) {
    const [first, second] = y.map((v) => `${v < 0 ? "−" : "+"} ${Math.abs(v).toFixed(2)}`);
    return `${own ? "Reconstruction from two components" : "Linear reconstruction"}: mean ${first} × PC1 ${second} × PC2`;
  }
}
