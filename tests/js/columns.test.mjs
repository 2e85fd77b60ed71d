import assert from "node:assert/strict";
import { test } from "node:test";
import { deferred, serve } from "./environment.mjs";
import { scaleColour, scaleGradient } from "../../pages/ui/component/colour_scale.js";
import { ItemChoices } from "../../pages/ui/controls/item_choices.js";
import { Items, nearText, rangeOf } from "../../pages/ui/map/items.js";
import { figureOf } from "../../pages/ui/map/plotly_figure.js";
import { PointLayer } from "../../pages/ui/map/points.js";
import { lookOf } from "../../pages/ui/map/scatter.js";
import { View } from "../../pages/ui/map/viewport.js";

const THEME = /** @type {any} */ ({ classes: ["#0000ff", "#00ff00"], ground: "#ffffff", text: "#111111", grid: "#cccccc", ink: [20, 20, 20] });
const COLUMNS = {
  tone: { names: ["blue", "red", "no value"], own: 2, ends: null, kinds: [1, 0, 2, 1], texts: ["red", "blue", "", "red"], centres: [[1, 0], [0, 0], null] },
  size: { names: ["", "", "", "", "no value"], own: 4, ends: ["8", "26"], kinds: [0, 4, 3, 2], texts: ["8", "", "26", "20"], centres: [null, null, null, null, null] },
};

/** Four items on a line, numbers 3 to 6 of a data set of which five are held out. */
async function coloured(name) {
  const buffer = new ArrayBuffer(4 * 8 + 4 * 4 + 4);
  new Float32Array(buffer, 0, 8).set([0, 0, 1, 0, 2, 0, 3, 0]);
  new Uint32Array(buffer, 32, 4).set([3, 4, 5, 6]);
  const facts = { count: 4, latentSize: 2, numbered: true, heldOut: 5, classes: ["bag"], columns: Object.keys(COLUMNS) };
  serve((url) => JSON.stringify(COLUMNS[url.split("/").at(-1)]));
  const items = new Items(/** @type {any} */ (facts), buffer, null);
  items.columnUrls = { tone: "later/tone", size: "later/size" };
  return items.colouredBy(name);
}

test("a column's kinds stand in for the classes, and the items stay as they are", async () => {
  const items = await coloured(""), tone = await items.colouredBy("tone");
  assert.equal(items.column, null);
  assert.deepEqual([tone.classes, [...tone.labels], tone.centres[0]], [["blue", "red", "no value"], [1, 0, 2, 1], [1, 0]]);
  assert.deepEqual([items.classes, [...items.labels]], [["bag"], [0, 0, 0, 0]]);
  assert.deepEqual([0, 2].map((i) => tone.valueText(i)), ["red", "no value"]);
  assert.equal(tone.nearest([0, 0], 1)[0].item, 0);
});

test("an item is found by its number and named by class and column", async () => {
  const items = await coloured(""), tone = await items.colouredBy("tone"), size = await items.colouredBy("size");
  assert.deepEqual([3, 6, 7].map((number) => tone.itemOf(number)), [0, 3, -1]);
  assert.deepEqual([items, tone, size].map((any) => any.kindOf(2)), ["bag", "bag, tone: no value", "bag, size: 26"]);
  assert.deepEqual(rangeOf({ near: [{ item: 0 }, { item: 1 }, { item: 2 }] }, size), { low: "8", middle: "26", high: "26" });
  assert.equal(rangeOf({ near: [{ item: 1 }] }, size).middle, undefined);
});

/** Just enough of an element for `ItemChoices`. */
class Stub {
  dataset = {};
  replaceChildren(...children) { this.append(...children); }
  append(...children) { for (const child of children) if (child instanceof Stub) child.parentElement = this; }
  setAttribute() {}
}

test("the last choice of a colour wins, and what was hidden with one is hidden with it again", async () => {
  Object.assign(document, { createElement: () => new Stub() });
  const items = await coloured(""), told = [], home = new Stub();
  Object.assign(items, { choices: [["all", "all (7)"], ["test", "held out (5)"]] });
  const map = { items, coloured: items, hidden: new Set([4]), showColours(other) { this.coloured = other; } };
  const choices = new ItemChoices(/** @type {any} */ ({ querySelector: () => home }), map, { colour: () => told.push(choices.colour), show: () => told.push(choices.show) });
  choices.setModel(items, { colour: "", show: "", revision: 0 });
  assert.deepEqual([home.hidden, choices.colours.parentElement.hidden, choices.which.parentElement.hidden], [false, false, false]);

  const slow = deferred();
  serve(async (url) => { if (url.endsWith("tone")) await slow.promise; return JSON.stringify(COLUMNS[url.split("/").at(-1)]); });
  const [first, second] = [choices.setColour("tone"), choices.setColour("size")];
  await second;
  slow.resolve();
  await first;
  assert.deepEqual([map.coloured.column.name, choices.colours.value, told], ["size", "size", ["size"]]);
  map.hidden.add(1);
  await choices.setColour("");
  assert.deepEqual([...map.hidden], [4]);
  await choices.setColour("size");
  assert.deepEqual([...map.hidden], [1]);

  choices.setShow("test");
  assert.deepEqual([choices.message("d"), told.at(-1)], [{ ...choices.message("d"), digest: "d", show: "test", colour: "size" }, "test"]);
  serve(() => 404);
  await choices.setColour("tone");
  assert.deepEqual([choices.colour, choices.colours.value], ["size", "size"]);
  assert.match(choices.status.textContent, /^The column did not load/);
  choices.follow({ colour: "", show: "", revision: 1 }); // Back
  await Promise.resolve();
  assert.deepEqual([choices.show, choices.colour, map.coloured.column], ["", "", null]);
  choices.setModel({ columns: [], choices: [], classes: ["bag"] }, { colour: "", show: "", revision: 1 });
  assert.equal(home.hidden, true);
});

test("categories have the classes' shapes and colours, a scale one shape, values without one are grey", async () => {
  const tone = await coloured("tone"), size = await coloured("size"), grey = "#8c8c8c";
  assert.deepEqual([0, 1, 2].map((k) => lookOf(tone, k, THEME).colour), ["#0000ff", "#00ff00", grey]);
  assert.deepEqual([0, 1, 2].map((k) => lookOf(tone, k, THEME).symbol), ["circle", "square", "circle"]);
  assert.deepEqual([0, 3, 4].map((k) => lookOf(size, k, THEME).colour), [scaleColour(0, THEME), scaleColour(1, THEME), grey]);
  assert.ok([0, 1, 2, 3, 4].every((k) => lookOf(size, k, THEME).symbol === "circle"));
});

test("a scale grows evenly lighter and keeps off the ground of both themes", () => {
  const lightness = (css) => css.match(/\d+/g).reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
  for (const [ink, low, high] of [[[20, 20, 20], 0, 200], [[240, 240, 240], 60, 255]]) {
    const found = Array.from({ length: 64 }, (_, k) => lightness(scaleColour(k / 63, { ink })));
    assert.ok(found.every((v, k) => v > low && v < high && (!k || v > found[k - 1])), found.join());
  }
  assert.match(scaleGradient(THEME), /^linear-gradient\(90deg, rgb\(68, 1, 84\), rgb/);
});

test("what is near is told as classes, categories or a range", async () => {
  const near = [0, 1, 2, 3].map((item) => ({ item })), mix = [{ label: 1, count: 2 }, { label: 0, count: 1 }, { label: 2, count: 1 }];
  assert.equal(nearText({ near, mix }, await coloured("tone")), "2 of the 4 nearest: red, 1 blue, 1 no value");
  assert.equal(nearText({ near, mix }, await coloured("size")), "size of the 4 nearest: 8 to 26, median 20");
  assert.equal(nearText({ near: [{ item: 1 }], mix }, await coloured("size")), "size of the 1 nearest: no value");
});

test("marks are outlined by the items' numbers in the data set", async () => {
  const layer = new PointLayer(null);
  layer.setItems(await coloured("tone"));
  const kinds = new Map([...layer.order].map((item, at) => [item, layer.labels[at]]));
  assert.deepEqual([0, 1, 2, 3].map((item) => kinds.get(item)), [1, 0, 2 + 3, 1 + 3]);
});

test("a figure has a trace per category, or one with a scale and one of items without a value", async () => {
  const view = new View();
  view.resize(400, 300);
  const figure = (items) => figureOf([{ plot: /** @type {any} */ ({ items, view, theme: THEME, hidden: new Set([2]) }) }]).data;
  const tone = figure(await coloured("tone")), [size, none] = figure(await coloured("size"));
  assert.deepEqual(tone.map(({ name, visible, text }) => [name, visible, text]), [["blue", true, ["blue"]], ["red", true, ["red", "red"]], ["no value", "legendonly", ["no value"]]]);
  assert.deepEqual([size.name, size.x, size.text, size.customdata, size.marker.color], ["size", [0, 2, 3], ["8", "26", "20"], [3, 5, 6], [0, 3, 2]]);
  assert.deepEqual([size.marker.colorbar.ticktext, size.marker.cmax, size.marker.colorscale[0]], [["8", "26"], 3, [0, "rgb(68, 1, 84)"]]);
  assert.deepEqual([none.name, none.x], ["no value", [1]]);
});
