/** Grids of images: the parts of a sprite, moving by arrow keys, undo by keys. */

import { resolve } from "./load.js";

/** CSS that shows one image of a sprite, a picture of many in reading order. */
export function spriteStyle({ url, columns, rows }, index) {
  const share = (k, n) => (n > 1 ? `${100 * k / (n - 1)}%` : "0");
  return {
    backgroundImage: `url("${resolve(url)}")`, backgroundSize: `${100 * columns}% ${100 * rows}%`,
    backgroundPosition: `${share(index % columns, columns)} ${share(Math.floor(index / columns), rows)}`,
  };
}

/** By how many elements of a grid an arrow key moves; undefined for other keys. */
export function gridStep(key, elements) {
  const columns = Math.max(1, elements.findIndex((other) => other.offsetTop > elements[0].offsetTop));
  return { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[key];
}

/** Calls `ask` with "undo" or "redo" on Ctrl+Z and Ctrl+Shift+Z outside of text fields. @returns what ends this */
export function onUndoKeys(root, ask) {
  const pressed = (event) => {
    const typing = event.target.closest?.("input:not([type=range]), textarea, select, [contenteditable]");
    if (typing || !(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || !root.isConnected) return;
    event.preventDefault();
    ask(event.shiftKey ? "redo" : "undo");
  };
  document.addEventListener("keydown", pressed);
  return () => document.removeEventListener("keydown", pressed);
}
