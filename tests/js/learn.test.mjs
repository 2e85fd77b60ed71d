import assert from "node:assert/strict";
import { test } from "node:test";
import { serve } from "./environment.mjs";
import { ImageSource } from "../../pages/ui/decoder/image_source.js";
import { crossEntropy, magnification } from "../../pages/ui/learn/figure_parts.js";
import { moments, Uses } from "../../pages/ui/learn/model_figures.js";
import { rowAt, ticks } from "../../pages/ui/train/curves.js";

const close = (found, expected, tolerance = 1e-9) => assert.ok(Math.abs(found - expected) < tolerance, `${found} is not ${expected}`);

test("a cloud is magnified until it can be seen, and never past the inset", () => {
  for (const side of [110, 190]) {
    for (let reach = 0.02; reach < 400; reach *= 1.3) {
      const times = magnification(reach, side);
      if (reach >= 24) assert.equal(times, 1);
      else assert.ok(times > 1 && times * reach <= side / 2 && times * reach >= side / 12, `${times} times ${reach}`);
    }
    assert.equal(magnification(3, side), magnification(5 / 2, side)); // clouds of much the same size can be compared
  }
});

test("tilt is a correlation", () => {
  const { mean, std, correlation } = moments([[1, 5], [3, 5], [1, 9], [3, 9]]);
  assert.deepEqual([mean, std, correlation], [[2, 7], [1, 2], 0]);
  close(moments([[0, 0], [1, -2], [2, -4]]).correlation, -1);
});

test("the scores of the last step are those of its formula, also where the server decodes", async () => {
  const codes = [[0, 0], [1, 0], [0, 1]], bytes = [[255, 0], [128, 51], [51, 204]];
  serve((url) => new Uint8Array(bytes[codes.findIndex((z) => url.endsWith(`z=${z.join(",")}`))]));
  const source = new ImageSource(() => {}, () => {}, { decodes: [], served: 0 });
  source.open(null, "decode/a", { context: null, contextSize: 0 }, null);
  const copies = [[0.5, 0.2], [0.2, 0.7]].map((x) => ({ x, least: crossEntropy(x, x), score: Infinity }));
  const items = { count: 3, code: (i) => codes[i] };
  assert.equal(await Uses.prototype.explain.call({ model: { items, source } }, copies), 3);
  const kl = (x, p) => x * Math.log(x / p) + (1 - x) * Math.log((1 - x) / (1 - p));
  assert.deepEqual(copies.map(({ z }) => z), [[1, 0], [0, 1]]);
  const [p, q] = bytes.slice(1).map((pair) => pair.map((v) => (v + 0.5) / 256)); // in the middle of a level
  close(copies[0].score, kl(0.5, p[0]) + kl(0.2, p[1]), 1e-6);
  close(copies[1].score, kl(0.2, q[0]) + kl(0.7, q[1]), 1e-6);
});

test("axes have round numbers inside their range", () => {
  assert.deepEqual(ticks(0, 20, 4).map(({ text }) => text), ["0", "5", "10", "15", "20"]);
  assert.deepEqual(ticks(0, 0.41, 4).map(({ text }) => text), ["0.0", "0.2", "0.4"]);
  for (const [low, high] of [[238.2, 251.9], [3.31, 3.32], [0, 1e-6], [-4, 1e5]]) {
    const found = ticks(low, high, 3);
    assert.ok(found.length >= 1 && found.length <= 7, `${found.length}`);
    for (const { at, text } of found) {
      assert.ok(at >= low - 1e-6 && at <= high + 1e-6);
      close(Number(text), at, 1e-9 + Math.abs(at) * 1e-9);
    }
  }
});

test("the numbers of the curves are those of the marked epoch", () => {
  const rows = [[1, 0.1], [2, 0.9], [3, 2]];
  assert.equal(rowAt(rows, undefined), rows[2]);
  assert.equal(rowAt(rows, 0.3), rows[0]);
  assert.equal(rowAt(rows, 1), rows[1]);
});
