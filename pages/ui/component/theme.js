/** The theme of a component: the colours and fonts that its page sets as Streamlit's variables, `--st-*`. */

/** @type {Map<string, import("./types").Theme>} */
const known = new Map(); // by their JSON

/** Red, green and blue of a CSS colour. */
function rgb(colour) {
  const ctx = document.createElement("canvas").getContext("2d");
  ctx.fillStyle = colour;
  ctx.fillRect(0, 0, 1, 1);
  return Array.from(ctx.getImageData(0, 0, 1, 1).data.slice(0, 3));
}

/**
 * The theme at an element; the same object for the same colours and fonts, so that `!==` detects a change.
 * @param {Element} home   @returns {import("./types").Theme}
 */
export function themeAt(home) {
  const style = getComputedStyle(home), value = (name) => style.getPropertyValue(`--st-${name}`).trim();
  const theme = {
    classes: value("chart-categorical-colors").split(",").map((c) => c.trim()),
    text: value("text-color"), ground: value("background-color"), grid: `rgba(${rgb(value("border-color"))}, 0.55)`,
    accentText: value("primary-color"), accent: rgb(value("primary-color")), ink: rgb(value("text-color")),
    sans: value("font"), mono: value("code-font"),
  };
  const text = JSON.stringify(theme);
  if (!known.has(text)) known.set(text, theme);
  return known.get(text);
}
