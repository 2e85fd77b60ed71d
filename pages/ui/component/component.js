/**
 * Streamlit's way in, inlined into every component: mounts the class that the module `data.module`
 * exports by default once an element and hands it messages and themes, one at a time. What comes
 * while `update` still loads something waits, and only the newest of it is kept: every message says
 * all there is, and so no `update` meets another one half done.
 */

const mounted = new WeakMap();
const LINKS = 'a[data-testid^="stTopNav"], a[data-testid^="stSidebarNav"]'; // to other pages
const LEAVING = 10000, MOMENT = 30; // milliseconds: until a page has come, until a message is sent

function themeOf(element) {
  const style = getComputedStyle(element), value = (name) => style.getPropertyValue(`--st-${name}`).trim();
  const rgb = (colour) => {
    const ctx = document.createElement("canvas").getContext("2d");
    ctx.fillStyle = colour;
    ctx.fillRect(0, 0, 1, 1);
    return Array.from(ctx.getImageData(0, 0, 1, 1).data.slice(0, 3));
  };
  return {
    classes: value("chart-categorical-colors").split(",").map((c) => c.trim()),
    text: value("text-color"), ground: value("background-color"), grid: `rgba(${rgb(value("border-color"))}, 0.55)`,
    accentText: value("primary-color"), accent: rgb(value("primary-color")), ink: rgb(value("text-color")),
    sans: value("font"), mono: value("code-font"),
  };
}

/** The theme now: the same object while nothing of it has changed, so that `!==` finds a change. */
function themeFor(mine, root) {
  const theme = themeOf(root), text = JSON.stringify(theme);
  if (mine.themeText !== text) Object.assign(mine, { theme, themeText: text });
  return mine.theme;
}

/**
 * Before another page is asked for, a component says what it has yet to say, and nothing after that:
 * Streamlit would run a late message for the page that is left, empty the one that comes, and fail
 * at the next message of that one. Streamlit itself sends a moment later, so the link waits for it.
 */
function mindLeaving(mine) {
  const heard = (event) => {
    const link = event.target.closest?.(LINKS);
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return; // opens elsewhere
    mine.component?.debouncer?.flush(); // debounce.js
    if (performance.now() - mine.said < MOMENT) {
      event.preventDefault();
      event.stopImmediatePropagation();
      setTimeout(() => link.click(), MOMENT);
    } else mine.left = performance.now();
  };
  document.addEventListener("click", heard, true);
  return () => document.removeEventListener("click", heard, true);
}

/** Shows why nothing is shown. */
function fail(root, error) {
  root.dataset.state = "failed";
  root.querySelector(".la-status").textContent = `This view did not load (${error.message}). Reload the page; if that does not help, restart the server.`;
}

/** Hands on what waits until nothing does. */
async function handOn(mine, root) {
  if (mine.busy) return;
  mine.busy = true;
  try {
    const made = mine.component = await mine.made;
    while (mine.waiting) {
      const { data, setStateValue } = mine.waiting;
      const send = (...words) => {
        if (performance.now() - mine.left < LEAVING) return;
        mine.said = performance.now();
        setStateValue(...words);
      };
      mine.waiting = null;
      mine.left = -Infinity;
      await made.update({ data, setStateValue: send }, themeFor(mine, root));
    }
  } catch (error) {
    fail(root, error);
    throw error;
  } finally {
    mine.busy = root.inert = false;
  }
}

export default function mount(component) {
  const { data, parentElement } = component, root = parentElement.querySelector(".la");
  let mine = mounted.get(parentElement);
  if (!mine) {
    const made = import(new URL(data.module, document.baseURI)).then((module) => new module.default(root));
    mine = { made, said: -Infinity, left: -Infinity };
    mounted.set(parentElement, mine);
    mine.stay = mindLeaving(mine);
    root.inert = true; // nothing can be pressed before there is something to press it on
  }
  mine.waiting = component;
  handOn(mine, root);
  return () => {
    mounted.delete(parentElement);
    mine.stay();
    mine.waiting = null;
    mine.made.then((made) => made.destroy(), () => {});
  };
}
