/** Elements of a component's markup. */

/**
 * A new element. `dataset` and `style` take objects, `role` and `aria-*` are set as attributes,
 * all else as properties.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} properties
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "dataset" || name === "style") Object.assign(made[name], value);
    else if (name === "role" || name.startsWith("aria-")) made.setAttribute(name, String(value));
    else made[name] = value;
  }
  made.append(...children);
  return made;
}

/** Shows whether a toggle button is on. */
export const press = (button, on) => button.setAttribute("aria-pressed", String(on));

const edited = new WeakSet(); // fields with text that is not entered yet

/** Lets `showValue` know when somebody types in a field. */
export function watchTyping(field) {
  field.addEventListener("input", () => edited.add(field));
  for (const done of ["change", "blur"]) field.addEventListener(done, () => edited.delete(field));
}

/** Shows a value in a watched field, but not over what is being typed. */
export const showValue = (field, value) => { if (!edited.has(field)) field.value = value; };

/** The number after a slider follows it, with its data-digits. */
export const showNumber = (slider) => { slider.nextElementSibling.value = Number(slider.value).toFixed(slider.dataset.digits); };

/** Calls `choose` with the value of the button `data-<name>` that is clicked. */
export function onButtons(root, name, choose) {
  for (const button of root.querySelectorAll(`button[data-${name}]`)) button.onclick = () => choose(button.dataset[name]);
}

/** Shows which of the toggle buttons `data-<name>` is on: the one with this value. */
export function pressOnly(root, name, value) {
  for (const button of root.querySelectorAll(`button[data-${name}]`)) press(button, button.dataset[name] === value);
}

/** Names of classes with their colours. */
export const classNames = (names, { classes: colours }) => element("p", { className: "la-classes" }, ...names.map((name, k) => (
  element("span", {}, element("i", { style: { background: colours[k % colours.length] } }), name))));

/** A new element of an SVG. */
export function svgElement(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}
