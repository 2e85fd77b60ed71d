/** The help in `title`, which a mouse shows, for keys and fingers: on focus, and on a long press or a tap on plain text. */

import { element } from "./element.js";

const LONG_PRESS = 500; // milliseconds
const TEXT = "dt[title], span[title], p[title]";

const hint = element("div", { className: "la-tip", role: "tooltip", hidden: true });
let timer, held = false;

function show({ target }, selector = "[title]") {
  const about = target.closest?.(selector), root = about?.closest(".la");
  if (!root) return;
  root.append(hint); // in its colours
  Object.assign(hint, { textContent: about.title, hidden: false });
  const { left, bottom, top } = about.getBoundingClientRect(), { offsetWidth, offsetHeight } = hint;
  hint.style.left = `${Math.max(8, Math.min(left, innerWidth - offsetWidth - 8))}px`;
  hint.style.top = `${bottom + offsetHeight + 6 < innerHeight ? bottom + 6 : top - offsetHeight - 6}px`;
}

function hide(event) {
  clearTimeout(timer);
  if (event.type !== "keydown" || event.key === "Escape") hint.hidden = true;
  if (event.type === "pointerdown") held = false;
  if (event.pointerType === "touch") timer = setTimeout(() => { held = true; show(event); }, LONG_PRESS);
}

for (const name of ["pointerdown", "focusout", "keydown", "scroll"]) document.addEventListener(name, hide, true);
for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, () => clearTimeout(timer));
document.addEventListener("focusin", (/** @type {any} */ event) => { if (event.target.matches(":focus-visible")) show(event); });
document.addEventListener("click", (/** @type {any} */ event) => {
  if (held) { event.preventDefault(); event.stopImmediatePropagation(); } // a long press explains and does nothing else
  if (event.pointerType === "touch") show(event, held ? "[title]" : TEXT);
}, true);

/** Lets the keyboard reach the help of plain text as well. */
export default (root) => { for (const text of root.querySelectorAll(TEXT)) text.tabIndex = 0; };
