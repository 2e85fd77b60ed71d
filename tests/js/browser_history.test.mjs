/** The steps of the browser's history, in a window of our own. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { runInNewContext } from "node:vm";

const script = readFileSync(new URL("../../pages/ui/component/browser_history.js", import.meta.url), "utf8");

/** A window at an address, with the script in it. */
function browser(address, written) {
  const listeners = {}, entries = written ? [address, written] : [address], backs = [];
  let at = entries.length - 1;
  const window = {
    URL, Date, PopStateEvent: Event, dispatchEvent() { listeners.popstate(); }, location: { get href() { return `http://atelier.test${entries[at]}`; } },
    addEventListener(kind, listener) { listeners[kind] = listener; },
  };
  for (const part of ["pathname", "search"]) Object.defineProperty(window.location, part, { get: () => new URL(window.location.href)[part] });
  const path = (url) => { const { pathname, search } = new URL(String(url), window.location.href); return pathname + search; };
  window.performance = { getEntriesByType: () => [{ name: `http://atelier.test${address}` }] };
  window.history = {
    back() { backs.push(entries[at]); },
    state: null,
    pushState(state, unused, url) { entries.splice(at + 1); entries.push(path(url)); at++; },
    replaceState(state, unused, url) { entries[at] = path(url); },
  };
  window.window = window;
  runInNewContext(script, window);
  return {
    entries, backs, write: (url) => window.history.pushState({}, "", url), act: () => listeners.pointerdown(),
    go(by) { at += by; listeners.popstate(); return entries[at]; },
  };
}

test("what a page writes when it opens is no step, and neither is a moved cursor or view", () => {
  const { entries, write, act } = browser("/");
  write("/?m=a&z=0,0");
  act();
  write("/?m=a&z=1,1&v=0,0,2");
  assert.deepEqual(entries, ["/?m=a&z=1,1&v=0,0,2"]);
  write("/?m=a&z=1,1&p=1,1");
  write("/?m=b&z=1,1&p=1,1");
  assert.equal(entries.length, 3);
});

test("another page is a step, and what it writes first replaces its entry", () => {
  const { entries, write, act } = browser("/?m=a");
  act();
  write("/board");
  write("/board?b=1");
  assert.deepEqual(entries, ["/?m=a", "/board?b=1"]);
});

test("a selection on Generate is no step, a derived sheet is", () => {
  const { entries, write, act } = browser("/lab/generate?m=a");
  act();
  write("/lab/generate?m=a&sel=1");
  write("/lab/generate?m=a&s=1&sel=1");
  assert.deepEqual(entries, ["/lab/generate?m=a&sel=1", "/lab/generate?m=a&s=1&sel=1"]);
});

test("pages that restore a part of their query make steps of that part alone", () => {
  const { entries, write, act } = browser("/clusters?m=a&k=3");
  act();
  write("/clusters?m=a&by=hdbscan");
  write("/clusters?m=b&by=hdbscan");
  assert.deepEqual(entries, ["/clusters?m=a&by=hdbscan", "/clusters?m=b&by=hdbscan"]);
});

test("what a page writes after back and forward is no step", () => {
  const { entries, write, act, go } = browser("/?m=a");
  act();
  write("/?m=b");
  assert.equal(go(-1), "/?m=a&back=1"); // Python removes the mark
  write("/?m=a&z=0,0&c=1");
  assert.deepEqual(entries, ["/?m=a&z=0,0&c=1", "/?m=b"]);
  assert.equal(go(1), "/?m=b&back=1");
});

test("back goes over the entry of an address that was written before the script ran", () => {
  const early = browser("/board", "/board?b=1"), late = browser("/board");
  early.go(-1);
  assert.deepEqual(early.backs, ["/board"]);
  late.write("/board?b=1");
  late.go(0);
  assert.deepEqual(late.backs, []);
});
