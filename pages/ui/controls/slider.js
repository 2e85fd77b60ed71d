/** A slider and a number field for one latent coordinate. */

import { element } from "../component/element.js";

const SLIDER_STEPS = 2000;

/**
 * @param {string} name
 * @param {number} id of the dimension, for tests
 * @param {{ hold(share: number): void, type(value: number): void, release(): void, refuse(): void }} handlers
 *   `share` is the slider's travel, 0 to 1; `refuse` follows text that is no number
 * @returns {{ row: HTMLElement, show(value: number, share: number): void }}
 */
export function sliderRow(name, id, handlers) {
  const row = element("div"), label = element("span");
  const range = element("input"), number = element("input");
  label.textContent = name;
  Object.assign(range, { type: "range", min: 0, max: SLIDER_STEPS, step: 1 });
  range.dataset.testid = `z-slider-${id}`;
  range.setAttribute("aria-label", name);
  Object.assign(number, { type: "number", step: 0.01 });
  number.dataset.testid = `z-number-${id}`;
  number.setAttribute("aria-label", `${name}, typed`);
  range.oninput = () => handlers.hold(range.valueAsNumber / SLIDER_STEPS);
  range.onchange = () => handlers.release();
  number.onchange = () => {
    const value = Number(number.value);
    if (number.value === "" || !Number.isFinite(value)) { handlers.refuse(); return; }
    handlers.type(Math.max(-1000, Math.min(1000, value)));
    handlers.release();
  };
  row.append(label, range, number);
  const show = (value, share) => {
    if (document.activeElement !== number) number.value = value;
    range.valueAsNumber = Math.round(SLIDER_STEPS * Math.min(1, Math.max(0, share)));
    range.setAttribute("aria-valuetext", String(value));
  };
  return { row, show };
}
