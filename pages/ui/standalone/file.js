/** A page that is one file: its blocks are in its own script elements, and nothing is ever requested. */

import { onButtons, pressOnly } from "../component/element.js";
import { Explorer } from "./explorer.js";
import { Lessons } from "./lessons.js";

const DARK = matchMedia("(prefers-color-scheme: dark)");

/** @type {Map<string, Promise<Uint8Array<ArrayBuffer> | null>>} */
const blocks = new Map();

/** The bytes of a name, which are read once. */
function block(name) {
  if (!blocks.has(name)) blocks.set(name, read(name));
  return blocks.get(name);
}

/** The bytes of an element, which are in base64 and, where it says so, compressed. */
async function read(name) {
  const home = /** @type {HTMLElement | null} */ (document.querySelector(`script[data-block="${CSS.escape(name)}"]`));
  if (!home) return null;
  const text = home.textContent, bytes = fromBase64(text);
  if (home.dataset.packed !== "gzip") return bytes;
  const open = new Response(bytes).body.pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(open).arrayBuffer());
}

/** @param {string} text   @returns {Uint8Array<ArrayBuffer>} */
const fromBase64 = (text) => (/** @type {any} */ (Uint8Array).fromBase64?.(text) ?? Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));

/** Opens the page. @param {() => void} work the program of the decoder's worker */
export function open(work) {
  const data = JSON.parse(document.getElementById("data").textContent), page = document.documentElement;
  const explorer = new Explorer(document.body, data, { block, work }), lessons = new Lessons(data);
  const repaint = () => { explorer.update(); lessons.repaint(); };
  onButtons(document, "theme", (theme) => {
    page.dataset.theme = theme;
    pressOnly(document, "theme", theme);
    repaint();
  });
  DARK.addEventListener("change", repaint);
  repaint();
}
