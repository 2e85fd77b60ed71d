/** Figures of one code and the image that is decoded from it. */

import { choices, Figure, lerp, normals, Picture, pictures, side, slider, Stage, subscript } from "./figure_parts.js";

/** A mark on the map and the image decoded there. */
export class Code extends Figure {
  constructor(home, tools) {
    super(tools);
    const { model, theme } = this;
    this.stage = new Stage(home, model, theme, { marks: [{ symbol: "z", z: model.items.start }], moved: () => this.show() });
    this.side = side(home);
    this.picture = new Picture(pictures(this.side), "decoded at z");
  }

  start() { super.start(); this.stage.draw(); }

  show() {
    const { z } = this.stage.marks[0];
    this.picture.show(this.model, { z }, (pixels) => { this.pixels = pixels; this.tell(); });
    z.forEach((v, d) => this.say(`z${subscript(d)}`, `latent dimension ${d + 1}`, v));
  }

  tell() {}
}

/** The probability of the pixel under the pointer. */
export class Pixel extends Code {
  constructor(home, tools) {
    super(home, tools);
    const { canvas } = this.picture;
    canvas.style.width = canvas.style.height = "280px";
    canvas.tabIndex = 0;
    this.at = [14, 14];
    const point = ([x, y]) => { this.at = [Math.max(0, Math.min(27, x)), Math.max(0, Math.min(27, y))]; this.tell(); };
    canvas.onpointermove = (event) => point([Math.floor((event.offsetX / canvas.clientWidth) * 28), Math.floor((event.offsetY / canvas.clientHeight) * 28)]);
    canvas.onkeydown = (event) => {
      const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (by) { event.preventDefault(); point([this.at[0] + by[0], this.at[1] + by[1]]); }
    };
  }

  tell() {
    if (!this.pixels) return;
    const [x, y] = this.at, p = this.pixels[28 * y + x];
    this.say("i", "column and row of the pixel", `${x + 1}, ${y + 1}`);
    this.say("x̂ᵢ", "probability of the pixel", p);
    let undecided = 0;
    for (const v of this.pixels) undecided += v > 0.35 && v < 0.65;
    this.say("undecided", "pixels between 0.35 and 0.65", String(undecided));
  }
}

/** Samples from the prior, and a path between two class centres. */
export class Sample extends Figure {
  constructor(home, tools) {
    super(tools);
    const { model, theme } = this;
    this.seed = 1;
    this.stage = new Stage(home, model, theme, { marks: [{ symbol: "z", z: model.items.start }] });
    const box = side(home);
    this.temperature = slider(box, "τ, temperature", { min: 0.1, max: 2, value: 1, moved: () => this.show() });
    choices(box, ["Resample"], () => { this.seed++; this.show(); });
    const home16 = pictures(box, true);
    this.samples = Array.from({ length: 16 }, () => new Picture(home16));
    this.t = slider(box, `t, from a, ${model.items.classes[1]}, to b, ${model.items.classes[8]}`, { min: 0, max: 1, value: 0.5, moved: () => this.show() });
    this.between = new Picture(pictures(box), "z(t)");
    this.ends = [1, 8].map((k) => model.items.centres[k] ?? model.items.start);
    this.stage.line = this.ends;
  }

  show() {
    const draw = normals(this.seed), temperature = this.temperature.value, codes = this.samples.map(() => [temperature * draw(), temperature * draw()]);
    this.samples.forEach((picture, k) => picture.show(this.model, { z: codes[k] }));
    const z = lerp(...this.ends, this.t.value);
    const ends = this.ends.map((end, k) => ({ symbol: "ab"[k], z: end, fill: "text" }));
    this.stage.marks = [...codes.map((code) => ({ symbol: "", z: code, fill: "ground" })), ...ends, { symbol: "z(t)", z }];
    this.stage.draw();
    this.between.show(this.model, { z });
    this.say("τ", "temperature", temperature);
    this.say("t", "fraction of the path", this.t.value);
    z.forEach((v, d) => this.say(`z${subscript(d)}`, "code on the path", v));
  }
}
