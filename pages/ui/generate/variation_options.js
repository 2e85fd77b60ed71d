/** How variations are made: how far from the original, how diverse, and whether in its class. */

import { showNumber } from "../component/element.js";

export class VariationOptions {
  /** @param {HTMLElement} root   @param {{ changed(): void, locked(): void }} handlers `locked` after the class is locked or unlocked */
  constructor(root, { changed, locked }) {
    this.distance = /** @type {HTMLInputElement} */ (root.querySelector("[data-distance]"));
    this.diversity = /** @type {HTMLInputElement} */ (root.querySelector("[data-diversity]"));
    this.lock = /** @type {HTMLInputElement} */ (root.querySelector("[data-lock]"));
    for (const slider of [this.distance, this.diversity]) slider.oninput = () => { showNumber(slider); changed(); };
    this.lock.onchange = locked;
  }

  get locked() { return this.lock.checked; }

  values() { return { distance: Number(this.distance.value), diversity: Number(this.diversity.value), lock: this.locked }; }

  /** @param usual distance of the model   @param classes how many it has */
  set({ distance, diversity, lock }, usual, classes) {
    this.distance.value = distance || usual;
    this.diversity.value = diversity;
    this.lock.checked = lock;
    this.lock.parentElement.hidden = classes < 2;
    for (const slider of [this.distance, this.diversity]) showNumber(slider);
  }
}
