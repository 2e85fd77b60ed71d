/** A slider and a number field for one latent coordinate. */

import { element, showValue, watchTyping } from "../component/element.js";

const SLIDER_STEPS = 2000;

/**
 * @param {string} name
 * @param {number} id of the dimension, for tests
 * @param {{ hold(share: number): void, type(value: number): void, release(): void, refuse(): void }} handlers
 *   `share` is the slider's travel, 0 to 1; `refuse` follows text that is no number
 * @returns {{ row: HTMLElement, show(value: number, share: number): void }}
 */
export function sliderRow(name, id, handlers) {
  const range = element("input", {
    type: "range", min: 0, max: SLIDER_STEPS, step: 1, "aria-label": name, dataset: { testid: `z-slider-${id}` },
  });
  const number = element("input", { type: "number", step: 0.01, "aria-label": `${name}, typed`, dataset: { testid: `z-number-${id}` } });
  watchTyping(number);
  range.oninput = () => handlers.hold(range.valueAsNumber / SLIDER_STEPS);
  range.onchange = () => handlers.release();
  number.onchange = () => {
    const value = Number(number.value);
    if (number.value === "" || !Number.isFinite(value)) { handlers.refuse(); return; }
    handlers.type(Math.max(-1000, Math.min(1000, value)));
    handlers.release();
  };
  const row = element("div", {}, element("span", { textContent: name }), range, number);
  const show = (value, share) => {
    showValue(number, value);
    range.valueAsNumber = Math.round(SLIDER_STEPS * Math.min(1, Math.max(0, share)));
    range.setAttribute("aria-valuetext", String(value));
  };
  return { row, show };
}
