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
