import assert from "node:assert/strict";
import { mock, test } from "node:test";
import "./environment.mjs";
import { Overlay } from "../../pages/ui/map/overlay.js";
import { classesText, countsText, Items } from "../../pages/ui/map/items.js";
import { seedName, split } from "../../pages/ui/decoder/seed_groups.js";
import { labelOf, ticksOf } from "../../pages/ui/map/axes.js";
import { closed, inside, Lasso, MAX_CORNERS, simplified } from "../../pages/ui/map/lasso.js";
import { Layers } from "../../pages/ui/map/layers.js";
import { normalCdf, probit } from "../../pages/ui/explore/normal.js";
import { waypointAt } from "../../pages/ui/interpolate/path_overlay.js";
import { figureOf, pageOf } from "../../pages/ui/map/plotly_figure.js";
import { blend, divide, stampOf } from "../../pages/ui/map/points.js";
import { round, View } from "../../pages/ui/map/viewport.js";
import ReduceMap from "../../pages/ui/reduce/reduce_map.js";

const close = (found, expected, tolerance = 1e-9) => assert.ok(Math.abs(found - expected) < tolerance, `${found} is not ${expected}`);

// --- items --------------------------------------------------------------------------------------

/** Items whose density is 1 in the right half of [0, 2] x [0, 2] and 0 in the left one. */
function items(codes, labels, facts = {}) {
  const count = labels.length, latentSize = codes.length / count;
  const buffer = new ArrayBuffer(4 * codes.length + count);
  new Float32Array(buffer, 0, codes.length).set(codes);
  new Uint8Array(buffer, 4 * codes.length).set(labels);
  return new Items({
    count, latentSize, posterior: false, sampled: false, context: null, classes: ["bag", "boot", "coat"],
    bounds: [0, 2, 0, 2], densitySize: 2, densityQuantiles: [0.1, 0.2, 0.5, 1], ...facts,
  }, buffer, new Float32Array([0, 1, 0, 1]));
}

test("the nearest items come nearest first", () => {
  const found = items([0, 0, 3, 4, 1, 0, -2, 0], [0, 1, 2, 0]).nearest([0, 0], 3);
  assert.deepEqual(found, [{ item: 0, distance: 0 }, { item: 2, distance: 1 }, { item: 3, distance: 2 }]);
});

test("the nearest of few items are all of them", () => {
  assert.deepEqual(items([0, 0, 3, 4], [0, 1]).nearest([0, 0], 10).map(({ item }) => item), [0, 1]);
});

test("a point of the plane is compared in the plane", () => {
  assert.deepEqual(items([0, 0, 5, 1, 0, 0], [0, 1]).nearest([0.5, 0], 1), [{ item: 0, distance: 0.5 }]);
});

test("classes are counted in words, the rare ones together", () => {
  const names = ["bag", "boot", "coat", "dress", "shirt"];
  assert.equal(countsText([1, 1, 0, 1, 2, 3, 4, 0], names), "3 boot, 2 bag, 1 coat, 2 others");
  assert.equal(countsText([2, 2], names), "2 coat");
  assert.equal(countsText([], names), "");
});

test("distances count all dimensions", () => {
  assert.deepEqual(items([0, 0, 5, 1, 0, 0], [0, 1]).nearest([0, 0, 0], 1), [{ item: 1, distance: 1 }]);
});

test("the nearest of many items are those of an exhaustive search", () => {
  let random = 1;
  const uniform = () => (random = (Math.imul(random, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const labels = Array.from({ length: 3000 }, () => Math.floor(3 * uniform()));
  for (const spread of [[4, 4], [4, 0], [1e-3, 900]]) { // also without spread on one axis
    const codes = labels.flatMap(() => spread.map((s) => Math.fround(s * uniform() ** 3)));
    const map = items(codes, labels);
    for (const z of [[0.5, 0.5], [-7, 3], [100, -100], [3.9, 0], [0.001, 450]]) {
      for (const label of [null, 1]) {
        const distance = (i) => Math.sqrt((codes[2 * i] - z[0]) ** 2 + (codes[2 * i + 1] - z[1]) ** 2);
        const expected = labels.map((_, i) => i).filter((i) => label === null || labels[i] === label)
          .sort((a, b) => distance(a) - distance(b) || a - b).slice(0, 10);
        assert.deepEqual(map.nearest(z, 10, label).map(({ item }) => item), expected);
      }
    }
  }
});

test("the classes of the nearest items are said in words", () => {
  const survey = { near: Array(10), mix: [{ label: 1, count: 6 }, { label: 0, count: 3 }, { label: 2, count: 1 }] };
  assert.equal(classesText(survey, ["bag", "boot", "coat"]), "6 of the 10 nearest: boot, 3 bag, 1 coat");
  assert.equal(classesText({ near: Array(10), mix: [{ label: 1, count: 10 }] }, ["bag", "boot"]), "10 of the 10 nearest: boot");
});

// --- points -------------------------------------------------------------------------------------

test("a mark is blended as the formula for pixels that are not premultiplied says", () => {
  const cover = new Uint8ClampedArray([0, 0, 0, 255, 0, 0, 0, 128, 0, 0, 0, 0, 0, 0, 0, 51]); // 2 x 2 pixels
  const pixels = new Int32Array(12), red = [255, 0, 0], blue = [0, 128, 255];
  blend(pixels, 5, stampOf(cover, red, 0.75, 2, 4));
  blend(pixels, 5, stampOf(cover, blue, 0.5, 2, 4));
  divide(pixels);
  const channels = (pixel) => [pixel & 255, pixel >>> 8 & 255, pixel >>> 16 & 255, pixel >>> 24];
  for (const [at, share] of [[5, 1], [6, 128 / 255], [10, 0.2]]) {
    const over = 0.5 * share, under = 0.75 * share, both = over + under * (1 - over), mix = over / both;
    const expected = [(1 - mix) * 255, mix * 128, mix * 255, 255 * both];
    channels(pixels[at]).forEach((value, i) => close(value, expected[i], 3));
  }
  assert.equal(pixels.filter(Boolean).length, 3); // the transparent pixel stays
});

test("the density is bilinear between the cells and zero outside", () => {
  const map = items([0, 0], [0]);
  close(map.densityAt([0.5, 0.5]), 0);
  close(map.densityAt([1, 1]), 0.5);
  close(map.densityAt([1.5, 1.5]), 1);
  close(map.densityAt([9, 9]), 0);
});

test("a survey counts the classes of the ten nearest, the most frequent first", () => {
  const labels = [1, 1, 1, 1, 1, 1, 0, 0, 0, 2, 2, 2], codes = labels.flatMap((_, i) => [i / 100, 0]);
  const { mix, near, logPrior } = items(codes, labels).survey([0, 0]);
  assert.equal(near.length, 10);
  assert.deepEqual(mix, [{ label: 1, count: 6 }, { label: 0, count: 3 }, { label: 2, count: 1 }]);
  close(logPrior, -Math.log(2 * Math.PI));
});

test("only a conditional model reconstructs an item with its label", () => {
  assert.deepEqual(items([1, 2], [2]).latentOf(0), { z: [1, 2], label: null, seed: 0 });
  assert.deepEqual(items([1, 2], [2], { context: "label" }).latentOf(0), { z: [1, 2], label: 2, seed: 0 });
});

test("a sample of the items knows their numbers in the data set", () => {
  const buffer = new ArrayBuffer(2 * 8 + 2 * 4 + 2);
  new Uint32Array(buffer, 16, 2).set([70, 900]);
  const facts = { count: 2, latentSize: 2, posterior: false, sampled: true, numbered: true };
  assert.equal(new Items(facts, buffer, null).itemNumber(1), 900);
});

// --- view ---------------------------------------------------------------------------------------

test("pixels and the plane are inverse to each other", () => {
  const view = new View();
  view.resize(500, 300);
  view.fit([-3, 5, -2, 2]);
  const [x, y] = view.toPlane(...view.toPixel(1.25, -0.5));
  close(x, 1.25); close(y, -0.5);
});

test("zooming leaves the place under the pointer where it is", () => {
  const view = new View();
  view.resize(400, 400);
  const before = view.toPlane(100, 50);
  view.zoom(3, 100, 50);
  view.toPlane(100, 50).forEach((v, i) => close(v, before[i]));
  view.zoom(1e9);
  assert.ok(view.span >= 1e-3);
});

test("fit shows a rectangle whole", () => {
  const view = new View();
  view.resize(600, 200);
  view.fit([0, 10, 0, 10]);
  const { x, y } = view.ranges;
  assert.ok(x[0] <= 0 && x[1] >= 10 && y[0] <= 1e-9 && y[1] >= 10 - 1e-9);
});

test("reveal moves only where a code is outside", () => {
  const view = new View();
  view.resize(400, 400);
  assert.equal(view.reveal(0, 0), false);
  assert.equal(view.reveal(20, 0), true);
  const [x] = view.toPixel(20, 0);
  assert.ok(x > 0 && x < 400);
});

test("codes are rounded to four digits and minus zero is zero", () => {
  assert.deepEqual(round([1.23456, -0.00001]), [1.2346, 0]);
  assert.ok(Object.is(round([-0])[0], 0));
});

// --- lasso and paths ----------------------------------------------------------------------------

const SQUARE = [[0, 0], [4, 0], [4, 4], [0, 4]];

test("inside counts crossings, also of a concave polygon", () => {
  assert.ok(inside(2, 2, SQUARE));
  assert.ok(!inside(5, 2, SQUARE));
  const notched = [[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]];
  assert.ok(!inside(2, 3, notched));
  assert.ok(inside(0.5, 2, notched));
});

test("corners that enclose next to nothing are no polygon", () => {
  assert.equal(closed([[0, 0], [1, 1]], 0.01), null);
  assert.equal(closed([[0, 0], [0.01, 0], [0, 0.01]], 0.01), null);
  assert.deepEqual(closed(SQUARE, 0.01), SQUARE);
});

test("a long stroke becomes a polygon of few corners that still encloses the same", () => {
  const lasso = new Lasso();
  lasso.begin([1, 0]);
  for (let i = 1; i < 5000; i++) lasso.extend([Math.cos(i / 5000 * 2 * Math.PI), Math.sin(i / 5000 * 2 * Math.PI)]);
  const polygon = lasso.end(0.001);
  assert.ok(polygon.length <= MAX_CORNERS && polygon.length > 10);
  assert.ok(inside(0.9, 0, polygon) && !inside(1.1, 0, polygon));
  assert.equal(lasso.stroke, null);
});

test("a stroke keeps its ends and loses near points", () => {
  const stroke = Array.from({ length: 101 }, (_, i) => [i / 100, 0]), found = simplified(stroke, 0.1);
  assert.deepEqual([found[0], found.at(-1)], [[0, 0], [1, 0]]);
  assert.ok(found.length <= 12);
});

test("the topmost waypoint under the pointer is found", () => {
  const view = new View();
  view.resize(400, 400);
  assert.equal(waypointAt(view, [[0, 0], [0, 0], [3, 3]], view.toPixel(0, 0), 10), 1);
  assert.equal(waypointAt(view, [[0, 0]], [0, 0], 10), null);
});

// --- normal distribution ------------------------------------------------------------------------

test("the normal's quantiles and probabilities are those of tables", () => {
  close(normalCdf(0), 0.5, 1e-15);
  close(normalCdf(1.959963984540054), 0.975, 1e-12);
  close(normalCdf(-3), 0.0013498980316300933, 1e-12);
  close(probit(0.975), 1.959963984540054, 1e-8);
  for (const p of [1e-4, 0.02, 0.3, 0.5, 0.9, 0.9999]) close(normalCdf(probit(p)), p, 1e-8);
});

// --- the map as a Plotly figure --------------------------------------------------------------------

/** What a plot has of the map that it shows. */
function plotOf(shown, hidden = []) {
  const view = new View();
  view.resize(400, 300);
  const theme = { text: "#111111", ground: "#ffffff", grid: "#cccccc", classes: ["#0000ff", "#00ff00", "#ff0000"] };
  return /** @type {any} */ ({ items: shown, view, theme, hidden: new Set(hidden) });
}

test("a figure has a trace for each class of each map, the hidden ones off", () => {
  const plot = plotOf(items([0, 1, 2, 3, 4, 5], [0, 2, 0]), [2]);
  const { data, layout } = figureOf([{ plot, title: "one" }, { plot, title: "two" }]);
  assert.deepEqual(data.map(({ name, xaxis, visible, showlegend }) => [name, xaxis, visible, showlegend]), [
    ["bag", "x", true, true], ["coat", "x", "legendonly", true], ["bag", "x2", true, false], ["coat", "x2", "legendonly", false]]);
  assert.deepEqual([data[0].x, data[0].y, data[0].customdata], [[0, 4], [1, 5], [0, 2]]);
  assert.equal(data[1].marker.symbol, "diamond");
  assert.deepEqual(layout.xaxis2.title, { text: "two" });
  assert.ok(layout.xaxis.domain[1] < layout.xaxis2.domain[0] && layout.xaxis2.domain[1] === 1);
  assert.deepEqual(layout.xaxis.range, plot.view.ranges.x);
});

test("no name in a figure ends the script that holds it", () => {
  const plot = plotOf(items([0, 1], [0], { classes: ["</script><img src=x onerror=alert(1)>"] }));
  const page = pageOf(figureOf([{ plot }]), "a = '</script>'", "<b>");
  assert.equal(page.match(/<\/script/g).length, 2);
  assert.ok(!page.includes("<img") && !page.includes("<b>"));
});

// --- layers ----------------------------------------------------------------------------------------

test("tiles of empty places are faint", () => {
  const alphas = new Map(), picture = {}, ctx = { drawImage: (_, x, y) => alphas.set(`${x},${y}`, ctx.globalAlpha) };
  const layers = Object.assign(Object.create(Layers.prototype), {
    items: { densityRank: ([x]) => (x > 0 ? 0.5 : 0) }, tiles: { get: () => ({ picture, slice: "" }) }, grow() {},
  });
  const view = { unit: 1 / 46, ranges: { x: [-1, 1], y: [0, 1] }, toPixel: (x, y) => [x, y] };
  layers.drawManifold(ctx, view, { z: [0, 0], label: null, seed: 0 });
  assert.deepEqual([...alphas], [["-1,1", 0.2], ["0,1", 1]]);
  assert.equal(ctx.globalAlpha, 1);
});

// --- names --------------------------------------------------------------------------------------

test("a name stands where its class is the nearest, or is left out; none is cut at the edge", () => {
  const view = new View(), overlay = new Overlay(/** @type {any} */ (null));
  view.resize(300, 300);
  view.fit([0, 2, 0, 2]);
  const [unit] = [view.unit], codes = [1, 1, 1 + 2 * unit, 1, 1, 1 + 30 * unit, 1, 1 - 14 * unit];
  const all = Object.assign(items(codes, [0, 1, 2, 1]), { centres: [[1, 1], [1 + 2 * unit, 1], [1 + unit, 1 + unit]] });
  Object.assign(overlay, { view, scene: { items: all, hidden: new Set() }, ctx: { measureText: (text) => ({ width: 7 * text.length }) } });
  const placed = overlay.placeNames();
  assert.deepEqual(placed.map(({ name }) => name), ["bag", "boot", "coat"]);
  for (const { name, x, y } of placed) {
    assert.equal(all.classes[all.labels[all.nearest(view.toPlane(x, y), 1)[0].item]], name);
  }
  all.centres = [[1, 1], [1, 1], null];
  all.labels.fill(0);
  assert.deepEqual(overlay.placeNames().map(({ name }) => name), ["bag"]);
  all.centres = [[0, 1], null, null];
  assert.ok(overlay.placeNames().every(({ x, half }) => x > half));
});

test("the axes have the ticks and labels that Plotly chooses for at most nine", () => {
  for (const [range, labels] of [ // as plotly.js 4 writes them with nticks 9
    [[-4, 4], "−4 −3 −2 −1 0 1 2 3 4"], [[-4.5, 4.5], "−4 −2 0 2 4"], [[-9, 9], "−5 0 5"], [[-2, 1.17], "−2 −1.5 −1 −0.5 0 0.5 1"],
    [[-0.31, 0.52], "−0.3 −0.2 −0.1 0 0.1 0.2 0.3 0.4 0.5"], [[1.2345, 1.2367], "1.2345 1.235 1.2355 1.236 1.2365"],
    [[-400, 512], "−400 −200 0 200 400"], [[99.2, 101.9], "99.5 100 100.5 101 101.5"], [[-0.001, 0.0011], "−0.001 −0.0005 0 0.0005 0.001"],
  ]) assert.equal(ticksOf(range).map(labelOf).join(" "), labels);
});

// --- layouts ------------------------------------------------------------------------------------

test("while a layout is computed, Python is asked to go on after five seconds of silence", () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const sent = [], map = Object.assign(Object.create(ReduceMap.prototype), { send: (name, value) => sent.push([name, value.do]) });
  map.expectMessage(true);
  mock.timers.tick(4900);
  map.expectMessage(true); // a message has arrived
  mock.timers.tick(4900);
  assert.deepEqual(sent, []);
  for (const passed of [100, 5000]) mock.timers.tick(passed);
  assert.deepEqual(sent, [["ask", "continue"], ["ask", "continue"]]);
  map.expectMessage(false);
  mock.timers.tick(60_000);
  assert.equal(sent.length, 2);
  mock.timers.reset();
});

test("a noise seed is named by its group and its variation", () => {
  const seedGroups = [["like real items", 64], ["close to real items", 128], ["mixed", 0], ["new", 192]];
  const names = [0, 5, 64, 195].map((seed) => seedName(seed, { variations: 64, seedGroups })); // as in tests/latent/test_codec.py
  assert.deepEqual(names, ["mixed", "mixed, noise seed 5", "like real items", "new, noise seed 3"]);
  assert.deepEqual([0, 7].map((seed) => seedName(seed, { variations: 256, seedGroups: [] })), ["", "noise seed 7"]);
  assert.deepEqual(split(195, { variations: 64 }), { first: 192, variation: 3 });
});
