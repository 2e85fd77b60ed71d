/** Ways from a place of a plane back to a picture: through the model's decoder, or straight. */

import { ImageSource } from "../decoder/image_source.js";
import { round } from "../map/viewport.js";
import { fill, paint } from "../decoder/pixels.js";

/** x = mean + y axes, of a frame [1 + K, P] that holds the mean, then the axes. */
export function affine(frame, size, y) {
  const x = Float64Array.from(frame.subarray(0, size));
  y.forEach((v, k) => { for (let i = 0, at = (k + 1) * size; i < size; i++) x[i] += v * frame[at + i]; });
  return x;
}

/** The picture of one plane: `draw(y)` for its coordinates [K]. */
class Picture {
  constructor(canvas, [channels, height, width], kind) {
    Object.assign(canvas, { width, height, hidden: false });
    canvas.dataset.testid = kind;
    Object.assign(this, { canvas, channels, ctx: canvas.getContext("2d") });
    this.image = this.ctx.createImageData(width, height);
  }

  put(z, source) {
    this.ctx.putImageData(this.image, 0, 0);
    Object.assign(this.canvas.dataset, { z: z.join(","), source });
  }
}

/** Through the decoder: the coordinates are turned into a code, which decodes here or on the server. */
export class Decoded extends Picture {
  constructor(canvas, { facts, urls, frame, program }) {
    super(canvas, facts.image, "decoded-image");
    Object.assign(this, { frame, latentSize: facts.latentSize });
    const show = (draw) => (result, { z }, source) => { draw(result); this.put(z, source); };
    const here = show((pixels) => paint(pixels, this.channels, this.image.data));
    const there = show((bytes) => fill(this.image.data, bytes, this.channels));
    this.source = new ImageSource((p, latent) => here(p, latent, "browser"), (b, latent) => there(b, latent, "server"), { decodes: [], served: 0 });
    const none = new Float32Array(facts.contextSize); // the picture at the means of a hierarchy
    try {
      this.source.open(program, urls.decode, facts, none);
    } catch { // a program that this page cannot run is no reason to show nothing
      this.source.open(null, urls.decode, facts, none);
    }
  }

  code(y) { return round(affine(this.frame, this.latentSize, y)); }

  draw(y) { this.source.draw({ z: this.code(y), label: null, seed: 0 }); }

  say(y, own) {
    const z = this.code(y), told = z.slice(0, 8).map((v) => v.toFixed(2)).join(", ") + (z.length > 8 ? ", …" : "");
    return `${own ? "Decoded from its own code" : "A new picture, decoded here"}: z = ${told}`;
  }
}

/** Straight: a mean picture and two directions, added up; PCA knows no more. */
export class Straight extends Picture {
  constructor(canvas, { facts, frame }) {
    super(canvas, facts.image, "linear-image");
    Object.assign(this, { frame, size: facts.image.reduce((a, b) => a * b) });
  }

  draw(y) {
    paint(affine(this.frame, this.size, y), this.channels, this.image.data);
    this.put(round(y), "browser");
  }

  say(y, own) {
    const told = y.map((v) => v.toFixed(2));
    return `${own ? "What two numbers keep of it" : "A mixture of three pictures"}: the mean, ${told[0]} of the first direction, ${told[1]} of the second`;
  }
}
