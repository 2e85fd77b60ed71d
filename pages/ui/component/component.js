/**
 * Streamlit as the host of a component (host.js): shows the markup at `data.markup`, creates the class that the module
 * `data.module` exports by default once per element, and passes messages and themes to it, one at a
 * time. While `update` is busy only the newest message waits, because every message is complete.
 */

import { loadJson, loadText, resolve } from "./load.js";
import { themeAt } from "./theme.js";

const mounted = new WeakMap();
const LINKS = 'a[data-testid^="stTopNav"], a[data-testid^="stSidebarNav"]'; // to other pages
const LEAVING = 10000; // milliseconds until a page is replaced
const MOMENT = 30, PATIENCE = 1000; // milliseconds: until a message is sent, for which its answer is waited
const PARTS = 500; // large values of the data that are remembered
const REMOUNT = 500; // milliseconds within which a component that is removed comes back as it was
const removed = new Map(); // by their modules: Streamlit removes and adds an element when runs follow fast

/** Whether a message that was sent a moment ago may not have been handled by Python yet. */
function unanswered(mine) {
  const since = performance.now() - mine.sentAt;
  if (since > PATIENCE) return false;
  const running = document.querySelector(".stApp")?.getAttribute("data-test-script-state") === "running";
  return since < MOMENT || mine.answeredAt < mine.sentAt || running;
}

/**
 * Before the visitor leaves the page, a component sends what waits, and nothing afterwards: Streamlit
 * would run a late message for the old page and empty the new one. Where Python is busy, Streamlit keeps
 * only the newest message, which is that of the link; so the link waits until Python has answered.
 */
function flushBeforeLeaving(mine) {
  const onClick = (event) => {
    const link = event.target.closest?.(LINKS);
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return; // opens another tab
    if (new URL(link.href).pathname === location.pathname) return; // the page stays
    mine.component?.debouncer?.flush(); // debounce.js
    if (unanswered(mine)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      setTimeout(() => link.click(), MOMENT);
    } else mine.leftAt = performance.now();
  };
  document.addEventListener("click", onClick, true);
  return () => document.removeEventListener("click", onClick, true);
}

/**
 * A value with its large parts, which Python sends as URLs of their JSON (component.py).
 * @param get resolves to the whole value at a URL, which is requested once
 */
export async function whole(value, get) {
  if (value === null || typeof value !== "object") return value;
  if (value.jsonUrl) return get(value.jsonUrl);
  if (value.blocks) return (await whole(value.blocks, get)).flat();
  if (Array.isArray(value)) return Promise.all(value.map((part) => whole(part, get)));
  const parts = Object.entries(value).map(async ([name, part]) => [name, await whole(part, get)]);
  return Object.fromEntries(await Promise.all(parts));
}

/** The value at a URL of a component's data; the last `PARTS` are remembered. */
async function partAt(parts, url) {
  const found = parts.get(url) ?? loadJson(url).then((value) => whole(value, (inner) => partAt(parts, inner)));
  parts.delete(url);
  parts.set(url, found);
  if (parts.size > PARTS) parts.delete(parts.keys().next().value);
  return found.catch((error) => { parts.delete(url); throw error; });
}

/** Passes on the newest message until none waits. */
async function passOn(mine) {
  if (mine.busy) return;
  mine.busy = true;
  try {
    const made = mine.component = await mine.made;
    while (mine.waiting) {
      const { data: sent, setStateValue } = mine.waiting;
      const send = (name, value) => {
        if (performance.now() - mine.leftAt < LEAVING) return;
        mine.sentAt = performance.now();
        setStateValue(name, value);
      };
      mine.waiting = null;
      mine.leftAt = -Infinity;
      const data = await whole(sent, (url) => partAt(mine.parts, url));
      if (data.facts?.image) mine.root.dataset.channels = data.facts.image[0];
      await made.update({ data, setStateValue: send }, themeAt(mine.home));
    }
  } catch (error) {
    if (mine.root) mine.root.dataset.state = "failed";
    const advice = "Reload the page; if that does not help, restart the server.";
    (mine.root?.querySelector(".la-status") ?? mine.home).textContent = `This view did not load (${error.message}). ${advice}`;
    throw error;
  } finally {
    mine.busy = false;
    if (mine.root) mine.root.inert = false;
  }
}

/** Shows the markup and creates the component's class, which may be used once the first message has arrived. */
async function create(mine, { module, markup }) {
  const [code, html] = await Promise.all([import(resolve(module)), loadText(markup)]);
  mine.home.innerHTML = html;
  mine.root = mine.home.querySelector(".la");
  mine.root.inert = true;
  for (const name of ["hints", "look"]) import(`./${name}.js`).then((module) => module.default(mine.root), () => {});
  return new code.default(mine.root);
}

export default function mount(component) {
  const { data, parentElement } = component;
  let mine = mounted.get(parentElement);
  if (!mine) {
    const home = parentElement.querySelector(".la-home");
    mine = removed.get(data.module);
    removed.delete(data.module);
    if (mine) {
      clearTimeout(mine.end);
      home.replaceChildren(...mine.home.childNodes);
      mine.home = home;
    } else {
      mine = { home, sentAt: -Infinity, answeredAt: -Infinity, leftAt: -Infinity, parts: new Map() };
      mine.made = create(mine, data);
    }
    mounted.set(parentElement, mine);
    mine.stay = flushBeforeLeaving(mine);
  }
  mine.waiting = mine.newest = component;
  mine.answeredAt = performance.now();
  passOn(mine);
  return () => {
    // Streamlit also calls this, late, for a message that a newer one has overtaken.
    if (mine.newest !== component) return;
    mounted.delete(parentElement);
    mine.stay();
    mine.waiting = null;
    const destroy = () => mine.made.then((made) => made.destroy(), () => {});
    if (performance.now() - mine.leftAt < LEAVING) { destroy(); return; } // the page is left
    removed.set(data.module, mine);
    mine.end = setTimeout(() => {
      if (removed.get(data.module) === mine) removed.delete(data.module);
      destroy();
    }, REMOUNT);
  };
}
