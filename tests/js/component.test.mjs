import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { serve } from "./environment.mjs";
import { Debouncer } from "../../pages/ui/component/debounce.js";
import mount, { whole } from "../../pages/ui/component/component.js";
import { gridStep, spriteStyle } from "../../pages/ui/component/image_grid.js";
import { UndoStack } from "../../pages/ui/component/undo_stack.js";

test("only the last of several calls is sent, after the delay", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let sent = 0;
  const debouncer = new Debouncer(() => { sent++; });
  debouncer.schedule(100);
  mock.timers.tick(99);
  debouncer.schedule(100);
  mock.timers.tick(99);
  assert.equal(sent, 0);
  mock.timers.tick(1);
  assert.equal(sent, 1);
  mock.timers.reset();
});

test("a delay of zero sends at once and replaces what waits; flush sends it early; cancel drops it", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let sent = 0;
  const debouncer = new Debouncer(() => { sent++; });
  debouncer.schedule(100);
  debouncer.schedule(0);
  mock.timers.tick(200);
  assert.equal(sent, 1);
  debouncer.flush();
  assert.equal(sent, 1);
  debouncer.schedule(100);
  debouncer.flush();
  assert.equal(sent, 2);
  debouncer.schedule(100);
  debouncer.cancel();
  mock.timers.tick(200);
  assert.equal(sent, 2);
  mock.timers.reset();
});

test("undo and redo walk over the states; a new change ends redo", () => {
  const stack = new UndoStack();
  let state = 0;
  for (const next of [1, 2, 3]) { stack.push(state); state = next; }
  state = stack.undo(state);
  state = stack.undo(state);
  assert.equal(state, 1);
  state = stack.redo(state);
  assert.equal(state, 2);
  stack.push(state);
  assert.equal(stack.canRedo, false);
  assert.equal(stack.redo(9), undefined);
});

test("an empty stack undoes nothing and records nothing", () => {
  const stack = new UndoStack();
  assert.equal(stack.undo(5), undefined);
  assert.equal(stack.canRedo, false);
});

test("a hundred states are remembered, the oldest go first", () => {
  const stack = new UndoStack();
  for (let i = 0; i < 150; i++) stack.push(i);
  let last, state = 150;
  while (stack.canUndo) last = state = stack.undo(state);
  assert.equal(last, 50);
});

test("a sprite of three columns and two rows shows its fifth image", () => {
  const style = spriteStyle({ url: "a.png", columns: 3, rows: 2 }, 4);
  assert.deepEqual(style, {
    backgroundImage: 'url("http://atelier.test/a.png")', backgroundSize: "300% 200%", backgroundPosition: "50% 100%",
  });
  assert.equal(spriteStyle({ url: "a.png", columns: 1, rows: 1 }, 0).backgroundPosition, "0 0");
});

test("arrow keys move by one element or by one row of a grid; other keys do not", () => {
  const elements = [0, 0, 0, 10, 10].map((offsetTop) => ({ offsetTop }));
  assert.deepEqual(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "a"].map((key) => gridStep(key, elements)), [-1, 1, -3, 3, undefined]);
  assert.equal(gridStep("ArrowDown", elements.slice(0, 3)), 1); // a single row
});

test("the large parts of a message are put in their places, each requested once", async () => {
  const at = { facts: { size: { jsonUrl: "size" }, name: "a" }, size: [1, 2], rows: [[1, 2], [3]] }, asked = [];
  const get = async (url) => { asked.push(url); return whole(at[url], get); };
  const sent = { facts: { jsonUrl: "facts" }, curve: { blocks: [{ jsonUrl: "rows" }, [[4, null]]] }, link: "?m=a", none: null };
  const expected = { facts: { size: [1, 2], name: "a" }, curve: [[1, 2], [3], [4, null]], link: "?m=a", none: null };
  assert.deepEqual(await whole(sent, get), expected);
  assert.deepEqual(asked.sort(), ["facts", "rows", "size"]);
});

/** An element of Streamlit with a place for a component. */
function streamlitElement() {
  const root = { dataset: {}, querySelector: () => null, querySelectorAll: () => [] };
  const home = { childNodes: [], replaceChildren() {}, querySelector: () => root };
  return /** @type {any} */ ({ querySelector: () => home });
}

test("the end of a message that a newer one has overtaken leaves the component as it is", async () => {
  const listen = { addEventListener() {}, removeEventListener() {} };
  const canvas = { getContext: () => ({ fillRect() {}, getImageData: () => ({ data: [0, 0, 0, 255] }) }) };
  Object.assign(document, listen, { createElement: () => canvas, querySelector: () => null, querySelectorAll: () => [], documentElement: { dataset: {} } });
  Object.assign(globalThis, { getComputedStyle: () => ({ getPropertyValue: () => "" }), seen: [] });
  serve(() => "<div class=la></div>");
  const code = "export default class { update({ data }) { seen.push(data.text); } destroy() { seen.push('destroyed'); } }";
  const parentElement = streamlitElement();
  const message = (text) => ({ data: { module: `data:text/javascript,${encodeURIComponent(code)}`, markup: "m", text }, parentElement, setStateValue() {} });
  const ended = mount(message("first")), end = mount(message("second"));
  ended(); // before the first message has been shown
  await new Promise((done) => { setTimeout(done, 700); });
  assert.deepEqual(globalThis.seen, ["second"]);
  mount(message("third"));
  await new Promise((done) => { setTimeout(done, 50); });
  end();
  mount(message("fourth"));
  await new Promise((done) => { setTimeout(done, 50); });
  assert.deepEqual(globalThis.seen, ["second", "third", "fourth"]);
});
