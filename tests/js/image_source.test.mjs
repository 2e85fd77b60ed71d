import assert from "node:assert/strict";
import { test } from "node:test";
import { deferred, serve } from "./environment.mjs";
import { ImageSource, keyOf } from "../../pages/ui/decoder/image_source.js";

const FACTS = { context: "label", contextSize: 3 };
const at = (x) => ({ z: [x, 0], label: null, seed: 0 });
/** A program of one linear layer that costs about `cost` multiply-adds; its image is the code's first number. */
function program(cost) {
  const size = Math.ceil(Math.sqrt(cost)), first = { op: "linear", in: 2, out: size, weight: 0, bias: 2 * size };
  const last = { op: "linear", in: size, out: size, weight: 3 * size, bias: 3 * size + size ** 2 };
  const weights = new Float32Array(4 * size + size ** 2);
  weights[0] = weights[3 * size] = 1;
  const manifest = { dtype: "float32", numbers: weights.length, latent: 2, extra: 0, image: [1, 1, size], layers: [first, last] };
  const text = JSON.stringify(manifest).padEnd(400), buffer = new ArrayBuffer(404 + weights.byteLength);
  new DataView(buffer).setUint32(0, 400, true);
  new Uint8Array(buffer, 4).set(new TextEncoder().encode(text));
  new Float32Array(buffer, 404).set(weights);
  return buffer;
}

/** A worker that answers with the code's first number, after `milliseconds`, or that fails. */
function serveWorkers({ milliseconds = 1, fails = false } = {}) {
  const made = [];
  globalThis.Worker = /** @type {any} */ (class {
    asked = [];
    constructor(url) { this.url = String(url); made.push(this); }
    postMessage(message) {
      if (message.program) return;
      this.asked.push(message.z[0]);
      const answer = fails ? { failed: "no memory" } : { number: message.number, pixels: Float32Array.of(message.z[0]), milliseconds };
      queueMicrotask(() => this.onmessage({ data: answer }));
    }
    terminate() { this.ended = true; }
  });
  return made;
}

function localSource(cost) {
  const shown = [], source = new ImageSource((pixels, latent) => shown.push([pixels[0], latent.z[0]]), () => {}, { decodes: [], served: 0 });
  source.open(program(cost), "decode/a", { context: null, contextSize: 0 }, null);
  return { source, shown };
}

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

test("a small decoder runs in the page, before draw returns", () => {
  const made = serveWorkers(), { source, shown } = localSource(1e4);
  source.draw(at(3));
  assert.deepEqual([shown, made.length, source.remote, source.local], [[[3, 3]], 0, false, true]);
});

test("a large decoder runs in a worker, and the latest latent wins", async () => {
  const [made, asked] = [serveWorkers(), serve(() => 404)], { source, shown } = localSource(4e6);
  assert.deepEqual([made.length, source.remote, source.local], [1, true, true]);
  assert.ok(made[0].url.endsWith("/decoder/decode_worker.js"));
  for (const x of [1, 2, 3]) source.draw(at(x));
  await settle();
  assert.deepEqual([shown, made[0].asked, source.stats.decodes], [[[1, 1], [3, 3]], [1, 3], [1, 1]]);
  assert.deepEqual([...await source.pixels(at(7))], [7]);
  source.open(null, "decode/b", FACTS, null);
  assert.ok(made[0].ended);
  assert.equal(asked.length, 0);
});

test("where the worker fails or is slow, the server decodes", async () => {
  const asked = serve(() => new Uint8Array([255]));
  serveWorkers({ fails: true });
  const broken = localSource(4e6).source;
  assert.deepEqual([...await broken.pixels(at(1))], [255.5 / 256]);
  assert.equal(broken.local, false);
  serveWorkers({ milliseconds: 200 });
  const slow = localSource(4e6).source;
  for (let i = 0; i < 16; i++) await slow.pixels(at(i));
  assert.deepEqual([asked.length, slow.local], [1, false]);
  await slow.pixels(at(1));
  assert.equal(asked.length, 2);
});

test("where the page turns out to be slow, a worker goes on", async () => {
  const made = serveWorkers(), { source } = localSource(1e4), { now } = performance;
  let time = 0;
  performance.now = () => { time += 20; return time; };
  for (let i = 0; i < 16; i++) source.draw(at(i));
  performance.now = now;
  assert.deepEqual([made.length, source.remote], [1, true]);
});
