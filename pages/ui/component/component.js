/**
 * The bridge to Streamlit, inlined into every component: creates the class that the module
 * `data.module` exports by default once per element, and passes messages and themes to it, one at a
 * time. While `update` is busy only the newest message waits, because every message is complete.
 */

const mounted = new WeakMap();
const LINKS = 'a[data-testid^="stTopNav"], a[data-testid^="stSidebarNav"]'; // to other pages
const LEAVING = 10000, MOMENT = 30; // milliseconds: until a page is replaced, until a message is sent

/** The theme; the same object until a colour or a font changes, so that `!==` detects a change. */
function themeFor(mine, root) {
  const style = getComputedStyle(root), value = (name) => style.getPropertyValue(`--st-${name}`).trim();
  const rgb = (colour) => {
    const ctx = document.createElement("canvas").getContext("2d");
    ctx.fillStyle = colour;
    ctx.fillRect(0, 0, 1, 1);
    return Array.from(ctx.getImageData(0, 0, 1, 1).data.slice(0, 3));
  };
  const theme = {
    classes: value("chart-categorical-colors").split(",").map((c) => c.trim()),
    text: value("text-color"), ground: value("background-color"), grid: `rgba(${rgb(value("border-color"))}, 0.55)`,
    accentText: value("primary-color"), accent: rgb(value("primary-color")), ink: rgb(value("text-color")),
    sans: value("font"), mono: value("code-font"),
  };
  const text = JSON.stringify(theme);
  if (mine.themeText !== text) Object.assign(mine, { theme, themeText: text });
  return mine.theme;
}

/**
 * Before the visitor leaves the page, a component sends what waits, and nothing afterwards: Streamlit
 * would run a late message for the old page and empty the new one. Streamlit sends with a short delay,
 * so the link waits for it.
 */
function flushBeforeLeaving(mine) {
  const onClick = (event) => {
    const link = event.target.closest?.(LINKS);
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return; // opens another tab
    if (new URL(link.href).pathname === location.pathname) return; // the page stays
    mine.component?.debouncer?.flush(); // debounce.js
    if (performance.now() - mine.sentAt < MOMENT) {
      event.preventDefault();
      event.stopImmediatePropagation();
      setTimeout(() => link.click(), MOMENT);
    } else mine.leftAt = performance.now();
  };
  document.addEventListener("click", onClick, true);
  return () => document.removeEventListener("click", onClick, true);
}

/** Passes on the newest message until none waits. */
async function passOn(mine, root) {
  if (mine.busy) return;
  mine.busy = true;
  try {
    const made = mine.component = await mine.made;
    while (mine.waiting) {
      const { data, setStateValue } = mine.waiting;
      const send = (name, value) => {
        if (performance.now() - mine.leftAt < LEAVING) return;
        mine.sentAt = performance.now();
        setStateValue(name, value);
      };
      mine.waiting = null;
      mine.leftAt = -Infinity;
      await made.update({ data, setStateValue: send }, themeFor(mine, root));
    }
  } catch (error) {
    root.dataset.state = "failed";
    const advice = "Reload the page; if that does not help, restart the server.";
    root.querySelector(".la-status").textContent = `This view did not load (${error.message}). ${advice}`;
    throw error;
  } finally {
    mine.busy = root.inert = false;
  }
}

export default function mount(component) {
  const { data, parentElement } = component, root = parentElement.querySelector(".la");
  let mine = mounted.get(parentElement);
  if (!mine) {
    const url = new URL(data.module, document.baseURI);
    const made = import(url.href).then((module) => new module.default(root));
    import(new URL("../component/hints.js", url).href).then((hints) => hints.default(root), () => {});
    mine = { made, sentAt: -Infinity, leftAt: -Infinity };
    mounted.set(parentElement, mine);
    mine.stay = flushBeforeLeaving(mine);
    root.inert = true; // until the module has loaded
  }
  mine.waiting = component;
  passOn(mine, root);
  return () => {
    mounted.delete(parentElement);
    mine.stay();
    mine.waiting = null;
    mine.made.then((made) => made.destroy(), () => {});
  };
}
