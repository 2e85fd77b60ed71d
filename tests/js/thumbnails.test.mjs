import assert from "node:assert/strict";
import { test } from "node:test";
import { deferred, serve } from "./environment.mjs";
import { View } from "../../pages/ui/map/viewport.js";
import { Atlas, MOST } from "../../pages/ui/map/thumbnails/atlas.js";
import { pictureSize, Selection } from "../../pages/ui/map/thumbnails/selection.js";
import { Thumbnails } from "../../pages/ui/map/thumbnails/thumbnails.js";

const BOUNDS = /** @type {any} */ ([0, 1, 0, 1]);

/** Codes [n, d] of a plane that is denser at its corner. */
function plane(n, d = 2) {
  let random = 1;
  const uniform = () => (random = (Math.imul(random, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  return { codes: Float32Array.from({ length: n * d }, () => uniform() ** 2), latentSize: d, bounds: BOUNDS };
}

const selected = (selection, spacing) => Array.from({ length: selection.count(spacing) }, (_, k) => selection.item(k));
const inOrder = (n) => Uint32Array.from({ length: n }, (_, i) => i);

// --- selection ------------------------------------------------------------------------------------

test("no picture covers another one, also of rectangles, and no further one has room", () => {
  const items = plane(2000, 3), at = (i) => [items.codes[3 * i], items.codes[3 * i + 1]];
  for (const aspect of [1, 4, 0.3]) {
    const selection = new Selection(items, inOrder(2000), aspect);
    for (const spacing of [0.2, 0.05, 0.011]) {
      const found = selected(selection, spacing), [w, h] = [Math.sqrt(aspect), 1 / Math.sqrt(aspect)];
      const covers = (i, j, s) => Math.abs(at(i)[0] - at(j)[0]) < s * w - 1e-9 && Math.abs(at(i)[1] - at(j)[1]) < s * h - 1e-9;
      assert.ok(found.length > 5);
      found.forEach((i, k) => assert.ok(!found.slice(k + 1).some((j) => covers(i, j, spacing)), `${i} covers another one`));
      const missing = Array.from(inOrder(2000)).filter((i) => !found.includes(i));
      assert.ok(missing.every((i) => found.some((j) => covers(i, j, 1.091 * spacing))));
    }
  }
});

test("zooming in keeps all pictures and adds some, wherever it began", () => {
  const items = plane(3000), gradual = new Selection(items, inOrder(3000), 1);
  let before = [];
  for (let spacing = 0.3; spacing > 1e-3; spacing *= 0.9) {
    const now = selected(gradual, spacing);
    assert.deepEqual(now.slice(0, before.length), before);
    before = now;
  }
  assert.ok(before.length > 2500);
  assert.deepEqual(selected(new Selection(items, inOrder(3000), 1), 0.02), selected(gradual, 0.02));
});

test("the first of the order are preferred, and only those in it are selected", () => {
  const items = { codes: [0.5, 0.5, 0.5, 0.5, 0.9, 0.9, 0.1, 0.1], latentSize: 2, bounds: BOUNDS };
  assert.deepEqual(selected(new Selection(items, Uint32Array.of(1, 0, 2), 1), 0.1), [1, 2]);
  assert.deepEqual(selected(new Selection(items, Uint32Array.of(0, 1, 2, 3), 1), 1e-30), [0, 2, 3]); // 1 lies on 0
  assert.deepEqual(selected(new Selection(items, new Uint32Array(0), 1), 0.1), []);
  assert.equal(new Selection(items, inOrder(4), 1).count(2), 0); // all of the plane is smaller than a picture
});

test("items outside of the bounds are selected, too", () => {
  const items = { codes: [-0.5, -0.5, -0.501, -0.5, 7, 7], latentSize: 2, bounds: BOUNDS };
  assert.deepEqual(selected(new Selection(items, inOrder(3), 1), 0.1), [0, 2]);
});

test("pictures grow with the zoom and where there are few, within limits", () => {
  const view = new View(), sizes = (count) => [1, 2, 8, 1000].map((zoom) => {
    view.resize(1000, 600);
    view.fit([0, 1, 0, 1]);
    view.zoom(zoom);
    return pictureSize(view, { bounds: BOUNDS, count });
  });
  const many = sizes(10_000), few = sizes(60);
  assert.ok(many[0] >= 24 && many[0] < 32 && few[0] > 1.5 * many[0]);
  assert.ok(many.every((size, k) => k === 0 || size > many[k - 1]));
  assert.ok(Math.max(...many, ...few) < 100);
});

// --- pictures ---------------------------------------------------------------------------------------

const SHEET = { width: 160, height: 10, close() {} };

/** A browser's bitmaps and canvases, of which only `drawImage` is recorded. */
function canvases() {
  globalThis.devicePixelRatio = 1;
  const drawn = [];
  const ctx = { drawImage: (...values) => drawn.push(values), };
  Object.assign(globalThis.document, { createElement: () => ({ getContext: () => ctx, append() {}, setAttribute() {}, remove() {} }) });
  globalThis.createImageBitmap = /** @type {any} */ (async () => SHEET);
  return drawn;
}

test("missing pictures are asked for together, once, and at most so many", async () => {
  canvases();
  const asked = serve(() => new Uint8Array(1)), atlas = new Atlas("http://atelier.test/item/x/sheet", () => {});
  const many = Array.from({ length: 1000 }, (_, i) => i);
  await Promise.all([1, 2, 3].map(() => atlas.request(many)));
  const numbers = asked.map((url) => url.split("?i=")[1].split(",").map(Number));
  assert.deepEqual(numbers.map((n) => [n.length, n[0]]), [[MOST, 0], [MOST, MOST]]); // two requests at a time
  assert.ok(atlas.has(0) && !atlas.has(2 * MOST));
});

test("what is used less than others makes room", async () => {
  canvases();
  serve(() => new Uint8Array(1));
  const atlas = new Atlas("http://atelier.test/item/x/sheet", () => {}), block = (k) => Array.from({ length: MOST }, (_, i) => k * MOST + i);
  for (let k = 0; k < 8; k++) await atlas.request(block(k));
  assert.ok(atlas.has(0));
  await atlas.request([5000]);
  assert.ok(atlas.has(0) && !atlas.has(1) && atlas.has(2) && atlas.has(5000));
  assert.equal(new Set(atlas.slots.values()).size, 2048);
});

test("a sheet that does not load is said, and nothing more is asked for", async () => {
  canvases();
  let repainted = 0;
  const asked = serve(() => 404), atlas = new Atlas("http://atelier.test/item/x/sheet", () => { repainted++; });
  await atlas.request([1, 2]);
  await atlas.request([1, 2]);
  assert.match(atlas.error, /reload the page/);
  assert.deepEqual([asked.length, repainted, atlas.loading.size], [1, 1, 0]);
});

test("hidden classes have no pictures, and a frame tells what was trained on", async () => {
  const drawn = canvases(), arrived = deferred(), frames = [];
  serve(() => new Uint8Array(1));
  const context = {
    save() {}, restore() {}, setTransform() {}, beginPath() {}, rect() {}, clip() {}, drawImage: (...values) => drawn.push(values),
    fillRect() { frames.push(/** @type {any} */ (context).fillStyle); },
  };
  const canvas = /** @type {any} */ ({ dataset: {}, after() {}, getContext: () => context });
  const items = {
    ...plane(0), codes: [0.2, 0.2, 0.5, 0.5, 0.8, 0.8], labels: [0, 1, 0], classes: ["bag", "boot"], count: 3, heldOut: 2,
    image: [1, 10, 10], pictures: "http://atelier.test/item/x", itemNumber: (i) => i,
  };
  const layer = new Thumbnails(canvas, () => arrived.resolve(null)), view = new View();
  view.resize(400, 400);
  view.fit(BOUNDS);
  layer.setItems(/** @type {any} */ (items));
  const markOf = (label) => (label === 1 ? null : { shape: "", colour: "red", opacity: 0.75 });
  const draw = (mask) => { frames.length = drawn.length = 0; layer.draw(view, /** @type {any} */ (markOf), mask, "white"); return canvas.dataset.thumbnails; };
  assert.equal(draw(null), "0"); // off
  layer.show(true);
  assert.equal(draw(null), "0"); // not loaded yet
  await arrived.promise;
  assert.equal(draw(null), "2");
  assert.deepEqual(frames.sort(), ["red", "red", "white", "white"]); // of the one that was trained on, two gaps
  assert.equal(draw(Uint8Array.of(1, 1, 0)), "2");
  assert.equal(frames.length, 5); // and the ground under a faded one
  layer.destroy();
});
