import assert from "node:assert/strict";
import { test } from "node:test";
import { deferred, serve } from "./environment.mjs";
import { ImageSource, keyOf } from "../../pages/ui/decoder/image_source.js";

const FACTS = { context: "label", contextSize: 3 };
const at = (x) => ({ z: [x, 0], label: null, seed: 0 });
const settle = () => new Promise((done) => { setTimeout(done, 0); });

function remoteSource() {
  const shown = [], stats = { decodes: [], served: 0 };
  const source = new ImageSource(() => {}, (bytes, latent) => shown.push([bytes[0], latent.z[0]]), stats);
  source.open(null, "decode/a", FACTS, null);
  return { source, shown, stats };
}

test("latents with the same image have the same key", () => {
  assert.equal(keyOf({ z: [1, 2], label: null, seed: 0 }), keyOf({ z: [1, 2], label: undefined, seed: 0 }));
  assert.notEqual(keyOf({ z: [1, 2], label: 0, seed: 0 }), keyOf({ z: [1, 2], label: null, seed: 0 }));
});

test("a conditional model's contexts are one-hot rows, a hierarchical one's are rows of noise", () => {
  const { source } = remoteSource();
  assert.deepEqual(source.rows.map((row) => [...row]), [[1, 0, 0], [0, 1, 0], [0, 0, 1]]);
  source.open(null, "decode/a", { context: "noise", contextSize: 2 }, new Float32Array([0, 0, 5, 6]));
  assert.deepEqual(source.rows.map((row) => [...row]), [[0, 0], [5, 6]]);
});

test("the request names the code, the label and the seed", async () => {
  const asked = serve(() => new Uint8Array([1]));
  const { source } = remoteSource();
  await source.fetchBytes({ z: [1, -0.5], label: 2, seed: 7 });
  assert.deepEqual(asked, ["http://atelier.test/decode/a?z=1,-0.5&label=2&seed=7"]);
});

test("one request is in flight, and the latest latent wins", async () => {
  const first = deferred();
  const asked = serve((url, count) => (count === 1 ? first.promise : new Uint8Array([2])));
  const { source, shown, stats } = remoteSource();
  for (const x of [1, 2, 3]) source.draw(at(x));
  assert.equal(asked.length, 1);
  first.resolve(new Uint8Array([1]));
  await settle(); await settle();
  assert.deepEqual(shown, [[1, 1], [2, 3]]);
  assert.equal(stats.served, 2);
});

test("an answer for the model before is neither shown nor kept for the next one", async () => {
  const late = deferred();
  serve(() => late.promise);
  const { source, shown } = remoteSource();
  source.draw(at(1));
  const wanted = source.want([at(2)]);
  source.open(null, "decode/b", FACTS, null);
  late.resolve(new Uint8Array([1]));
  assert.equal(await wanted, false);
  await settle();
  assert.deepEqual(shown, []);
  assert.equal(source.answer(at(2)), undefined);
});

test("an image that did not arrive is asked for again", async () => {
  serve(() => 404);
  const { source } = remoteSource();
  assert.equal(await source.want([at(1)]), false);
  const asked = serve(() => new Uint8Array([4]));
  assert.equal(await source.want([at(1)]), true);
  assert.equal(source.answer(at(1))[0], 4);
  assert.equal(await source.want([at(1)]), false);
  assert.equal(asked.length, 1);
});

test("an image that is on its way is not asked for twice", async () => {
  const late = deferred(), asked = serve(() => late.promise);
  const { source } = remoteSource();
  const first = source.want([at(1)]), second = source.want([at(1)]);
  late.resolve(new Uint8Array([1]));
  assert.deepEqual(await Promise.all([first, second]), [true, false]);
  assert.equal(asked.length, 1);
});

test("two hundred pins are five requests, and each has its own image", async () => {
  const asked = serve((url) => Uint8Array.from(new URL(url).searchParams.get("p").split(";").flatMap((pin) => [Number(pin.split(",")[0]), 9])));
  const { source } = remoteSource(), pins = Array.from({ length: 201 }, (_, i) => at(i));
  assert.equal(await source.want([...pins, pins[0], { ...at(0), label: 2, seed: 7 }]), true);
  assert.equal(asked.length, 5);
  assert.ok(asked[4].endsWith("?p=200,0;0,0c2s7"));
  assert.deepEqual(pins.map((pin) => [...source.answer(pin)]), pins.map((_, i) => [i, 9]));
});
