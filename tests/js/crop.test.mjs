import assert from "node:assert/strict";
import { test } from "node:test";
import "./environment.mjs";
import { keyed, LEAST, moved, resized, rounded, spanned } from "../../pages/ui/controls/crop.js";

const same = (found, expected) => assert.deepEqual(rounded(found), expected);

test("a box is moved as far as the picture goes, and keeps its size", () => {
  same(moved([0.2, 0.3, 0.5, 0.9], 0.1, -0.1), [0.3, 0.2, 0.6, 0.8]);
  same(moved([0.2, 0.3, 0.5, 0.9], 9, 9), [0.7, 0.4, 1, 1]);
  same(moved([0.2, 0.3, 0.5, 0.9], -9, -9), [0, 0, 0.3, 0.6]);
});

test("an edge takes any ratio and stops before the other edge and at the picture's", () => {
  const box = [0.2, 0.2, 0.6, 0.6];
  same(resized(box, "e", 0.1, 0.3, 1), [0.2, 0.2, 0.7, 0.6]);
  same(resized(box, "n", 0.1, -9, 1), [0.2, 0, 0.6, 0.6]);
  same(resized(box, "w", 9, 0, 1), [0.6 - LEAST, 0.2, 0.6, 0.6]);
  same(resized(box, "s", 0, -9, 1), [0.2, 0.2, 0.6, 0.2 + LEAST]);
});

test("a corner keeps the ratio and the corner across", () => {
  same(resized([0.2, 0.2, 0.4, 0.4], "se", 0.2, 0, 1), [0.2, 0.2, 0.6, 0.6]);
  same(resized([0.2, 0.2, 0.4, 0.4], "nw", 0, -0.1, 2), [0, 0.2, 0.4, 0.4]);
  same(resized([0.2, 0.2, 0.4, 0.4], "ne", 0.1, -0.05, null), [0.2, 0.15, 0.5, 0.4]);
  same(resized([0.2, 0.2, 0.4, 0.4], "sw", -9, 9, 1), [0, 0.2, 0.4, 0.6]); // as large as fits with the ratio
});

test("a corner that passes the one across draws on the other side of it", () => {
  same(resized([0.5, 0.5, 0.7, 0.7], "se", -0.5, -0.5, 1), [0.2, 0.2, 0.5, 0.5]);
});

test("a new box spans from a point to another, in every direction", () => {
  same(spanned([0.5, 0.5], [0.8, 0.4], null), [0.5, 0.4, 0.8, 0.5]);
  same(spanned([0.5, 0.5], [0.8, 0.4], 1), [0.5, 0.2, 0.8, 0.5]);
  same(spanned([0.5, 0.5], [-3, 7], 0.5), [0.25, 0.5, 0.5, 1]);
});

test("whatever is dragged where, the box lies in the picture, has a size, and the ratio where it can", () => {
  let random = 1;
  const uniform = () => (random = (Math.imul(random, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  for (let i = 0; i < 20_000; i++) {
    const ratio = [null, 1, 0.3, 4, 60][i % 5], handle = ["n", "e", "s", "w", "nw", "ne", "se", "sw"][i % 8];
    const a = [uniform(), uniform()], b = [3 * uniform() - 1, 3 * uniform() - 1];
    const box = spanned(a, b, ratio);
    for (const [left, top, right, bottom] of [box, resized(box, handle, ...b, ratio), moved(box, ...b)]) {
      assert.ok(left >= -1e-12 && top >= -1e-12 && right <= 1 + 1e-12 && bottom <= 1 + 1e-12, `${[left, top, right, bottom]}`);
      assert.ok(right - left >= LEAST - 1e-9 && bottom - top >= LEAST - 1e-9, `${[left, top, right, bottom]}`);
    }
    const [width, height] = [box[2] - box[0], box[3] - box[1]];
    const forced = Math.min(width, height) < LEAST + 1e-9; // by the least size
    if (ratio !== null && !forced) assert.ok(Math.abs(width / height / ratio - 1) < 1e-6, `${box}: not ${ratio}`);
  }
});

test("arrows move a box; with Shift its right and lower edge; other keys mean nothing", () => {
  const box = [0.2, 0.2, 0.6, 0.6];
  same(keyed(box, "ArrowLeft", false, 0.01), [0.19, 0.2, 0.59, 0.6]);
  same(keyed(box, "ArrowDown", false, 0.01), [0.2, 0.21, 0.6, 0.61]);
  same(keyed(box, "ArrowRight", true, 0.01), [0.2, 0.2, 0.61, 0.6]);
  same(keyed(box, "ArrowUp", true, 0.01), [0.2, 0.2, 0.6, 0.59]);
  assert.equal(keyed(box, "Enter", false, 0.01), null);
});
