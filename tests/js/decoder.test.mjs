import assert from "node:assert/strict";
import { test } from "node:test";
import { Decoder } from "../../pages/ui/decoder/decoder.js";
import { fill, paint } from "../../pages/ui/decoder/pixels.js";

/** A program out of layers and float32 weights; `test_decoder_programs.py` compares real ones with torch. */
function program(layers, weights, { latent = 2, extra = 0, image }) {
  const text = new TextEncoder().encode(JSON.stringify({ dtype: "float32", numbers: weights.length, latent, extra, image, layers }));
  const length = Math.ceil(text.length / 4) * 4, buffer = new ArrayBuffer(4 + length + 4 * weights.length);
  new DataView(buffer).setUint32(0, length, true);
  new Uint8Array(buffer, 4, length).fill(32).set(text);
  new Float32Array(buffer, 4 + length).set(weights);
  return buffer;
}

const LINEAR = { op: "linear", in: 2, out: 4, weight: 0, bias: 8 };
const WEIGHTS = [1, 0, 0, 1, 1, 1, 2, -1, 0, 0, 0.5, 1]; // W [4, 2], b [4]

test("a linear layer is W z + b", () => {
  const decoder = new Decoder(program([LINEAR], WEIGHTS, { image: [1, 2, 2] }));
  assert.deepEqual([...decoder.decode([3, 2])], [3, 2, 5.5, 5]);
});

test("the sigmoid ends in means of pixels", () => {
  const decoder = new Decoder(program([LINEAR, { op: "sigmoid" }], WEIGHTS, { image: [1, 2, 2] }));
  const pixels = decoder.decode([0, 0]);
  assert.equal(pixels[0], 0.5);
  assert.ok(Math.abs(pixels[3] - 1 / (1 + Math.exp(-1))) < 1e-6);
});

test("a context follows the code and is zero where it is left out", () => {
  const layer = { op: "linear", in: 3, out: 1, weight: 0, bias: 3 };
  const decoder = new Decoder(program([layer], [1, 1, 10, 0], { extra: 1, image: [1, 1, 1] }));
  assert.equal(decoder.decode([1, 1], [1])[0], 12);
  assert.equal(decoder.decode([1, 1])[0], 2);
});

test("colour images come as [H, W, C]", () => {
  const layer = { op: "linear", in: 2, out: 4, weight: 0, bias: 8 };
  const decoder = new Decoder(program([layer], [...new Array(8).fill(0), 1, 2, 3, 4], { image: [2, 1, 2] }));
  assert.deepEqual([...decoder.decode([0, 0])], [1, 3, 2, 4]);
});

test("an unknown layer and a wrong size are named", () => {
  assert.throws(() => new Decoder(program([{ op: "celu" }], [], { image: [1, 1, 2] })), /unknown layer "celu"/);
  assert.throws(() => new Decoder(program([LINEAR], WEIGHTS, { image: [1, 3, 3] })), /it ends with 4 numbers/);
});

test("pixels become RGBA; grey is repeated, bytes are kept", () => {
  const rgba = new Uint8ClampedArray(8);
  paint(new Float32Array([0, 0.5]), 1, rgba);
  assert.deepEqual([...rgba], [0, 0, 0, 255, 128, 128, 128, 255]);
  fill(rgba, new Uint8Array([1, 2, 3, 4, 5, 6]), 3);
  assert.deepEqual([...rgba], [1, 2, 3, 255, 4, 5, 6, 255]);
});
