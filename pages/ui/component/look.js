/**
 * How images look on the screen, which a browser keeps for all pages: with visible pixels or smooth,
 * on black or, as on the board's white sheets, on white. What is read, copied or exported stays as it is.
 */

import { press } from "./element.js";

const KEY = "latent-atelier-look", CHOICES = ["smooth", "white"];

function stored() {
  try {
    return (localStorage.getItem(KEY) ?? "").split(",").filter((choice) => CHOICES.includes(choice));
  } catch { return []; } // storage that is switched off
}

/** @returns {HTMLElement[]} */
const buttons = (root) => [...root.querySelectorAll("[data-look-button]")];
const chosen = new Set(stored());

function show() {
  document.documentElement.dataset.look = [...chosen].join(" ");
  for (const button of buttons(document)) press(button, chosen.has(button.dataset.lookButton));
}

function toggle(choice) {
  if (!chosen.delete(choice)) chosen.add(choice);
  try { localStorage.setItem(KEY, [...chosen].join(",")); } catch { /* kept until the page is left */ }
  show();
}

/** Wires the buttons `data-look-button` of a component, and shows what is chosen. */
export default (root) => {
  for (const button of buttons(root)) button.onclick = () => toggle(button.dataset.lookButton);
  show();
};
