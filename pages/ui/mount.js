/**
 * Streamlit's way in, inlined into every component: mounts the class that the module `data.module`
 * exports by default once an element and hands it every message and theme.
 */

const mounted = new WeakMap();

function themeOf(element) {
  const style = getComputedStyle(element), value = (name) => style.getPropertyValue(`--st-${name}`).trim();
  const rgb = (colour) => {
    const pen = document.createElement("canvas").getContext("2d");
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    return Array.from(pen.getImageData(0, 0, 1, 1).data.slice(0, 3));
  };
  return {
    classes: value("chart-categorical-colors").split(",").map((c) => c.trim()),
    text: value("text-color"), ground: value("background-color"), grid: `rgba(${rgb(value("border-color"))}, 0.55)`,
    accentText: value("primary-color"), accent: rgb(value("primary-color")), ink: rgb(value("text-color")),
    sans: value("font"), mono: value("code-font"),
  };
}

export default function mount(component) {
  const { data, parentElement } = component, root = parentElement.querySelector(".la");
  let it = mounted.get(parentElement);
  if (!it) {
    it = import(new URL(data.module, document.baseURI)).then((module) => new module.default(root));
    mounted.set(parentElement, it);
    root.inert = true; // nothing can be pressed before there is something to press it on
    it.catch((error) => {
      root.dataset.state = "failed";
      root.querySelector(".la-veil").textContent = `The map's code did not load (${error.message}). Reload the page.`;
    });
  }
  it.then((mine) => mine.update(component, themeOf(root)), () => {}).finally(() => { root.inert = false; });
  return () => {
    mounted.delete(parentElement);
    it.then((mine) => mine.destroy(), () => {});
  };
}
