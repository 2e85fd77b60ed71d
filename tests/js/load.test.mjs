import assert from "node:assert/strict";
import { test } from "node:test";
import { serve } from "./environment.mjs";
import { loadBuffer, loadFloats, loadJson, resolve } from "../../pages/ui/component/load.js";

test("a URL is resolved against the page", () => {
  assert.equal(resolve("atelier/content/a"), "http://atelier.test/atelier/content/a");
});

test("bytes, numbers and JSON are read", async () => {
  serve((url) => (url.endsWith("json") ? '{"a": 1}' : new Float32Array([1.5, -2]).buffer));
  assert.equal((await loadBuffer("x")).byteLength, 8);
  assert.deepEqual([...await loadFloats("x")], [1.5, -2]);
  assert.deepEqual(await loadJson("x.json"), { a: 1 });
});

test("no URL is no request", async () => {
  const asked = serve(() => new Error("offline"));
  assert.equal(await loadBuffer(undefined), null);
  assert.equal(await loadFloats(null), null);
  assert.deepEqual(asked, []);
});

test("a network failure is tried once more", async () => {
  const asked = serve((url, count) => (count === 1 ? new Error("offline") : new ArrayBuffer(4)));
  assert.equal((await loadBuffer("x")).byteLength, 4);
  assert.equal(asked.length, 2);
});

test("a server error is tried once more, then reported", async () => {
  const asked = serve(() => 500);
  await assert.rejects(loadBuffer("x"), /No such content/);
  assert.equal(asked.length, 2);
});

test("a busy server is asked until it has time", async () => {
  const asked = serve((url, count) => (count < 4 ? 503 : new ArrayBuffer(4)));
  assert.equal((await loadBuffer("x")).byteLength, 4);
  assert.equal(asked.length, 4);
});

test("what the server refuses is not asked for again", async () => {
  const asked = serve(() => 404);
  await assert.rejects(loadBuffer("x"), /No such content; reload the page/);
  assert.equal(asked.length, 1);
});
