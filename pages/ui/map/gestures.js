/** Pointer, wheel, touch and keyboard on a map, translated to preview, hold, pin, move and nudge. */

const CLICK_SLOP = 4; // pixels of travel up to which a press is a click

/** The wheel scrolls a long page; a map on it zooms only after it was pressed. */
export function wheelOncePressed(box, over) {
  box.addEventListener("wheel", (event) => {
    if (document.activeElement !== over && !event.ctrlKey) event.stopPropagation();
  }, { capture: true });
}

/**
 * @param {HTMLElement} element the canvas on top
 * @param {import("./viewport").View} view
 * @param {import("../component/types").MapHandlers} handlers
 * @param {{ panning: boolean }} mode whether a plain drag pans
 */
export function listen(element, view, handlers, mode) {
  const pointers = new Map();
  let press = null, pinch = null, space = false;

  const focus = () => element.focus(/** @type {any} */ ({ preventScroll: true, focusVisible: false }));
  const place = (event) => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const spread = () => {
    const [a, b] = [...pointers.values()];
    return { distance: Math.hypot(a[0] - b[0], a[1] - b[1]) || 1, middle: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] };
  };

  element.addEventListener("pointerdown", (event) => {
    if (event.button === 2) return; // the context menu
    if (event.pointerType !== "touch") focus(); // a finger may be about to scroll the page
    element.setPointerCapture(event.pointerId);
    const at = place(event);
    pointers.set(event.pointerId, at);
    if (pointers.size === 2) { pinch = spread(); press = null; handlers.preview(null); return; }
    press = { at, last: at, moved: false, pan: event.button === 1 || event.shiftKey || space || mode.panning };
    if (event.button === 1) event.preventDefault();
  });

  element.addEventListener("pointermove", (event) => {
    const at = place(event);
    if (pointers.has(event.pointerId)) pointers.set(event.pointerId, at);
    if (pinch && pointers.size === 2) {
      const now = spread();
      view.pan(now.middle[0] - pinch.middle[0], now.middle[1] - pinch.middle[1]);
      view.zoom(now.distance / pinch.distance, ...now.middle);
      pinch = now;
      handlers.moved();
    } else if (press) {
      if (Math.hypot(at[0] - press.at[0], at[1] - press.at[1]) > CLICK_SLOP) press.moved = true;
      if (press.moved && press.pan) { view.pan(at[0] - press.last[0], at[1] - press.last[1]); handlers.moved(); }
      else if (press.moved) handlers.hold(view.toPlane(...at));
      press.last = at;
    } else if (event.pointerType !== "touch" && pointers.size === 0) handlers.preview(view.toPlane(...at));
  });

  const lift = (event) => {
    if (!pointers.delete(event.pointerId)) return;
    if (pinch) { if (pointers.size === 0) pinch = null; return; }
    const { at, moved, pan } = press ?? {};
    press = null;
    if (!at || event.type === "pointercancel") return;
    focus();
    if (!moved) handlers.pin(view.toPlane(...at));
    else if (!pan) handlers.release();
  };
  element.addEventListener("pointerup", lift);
  element.addEventListener("pointercancel", lift);
  element.addEventListener("pointerleave", () => { if (!press) handlers.preview(null); });

  element.addEventListener("wheel", (event) => {
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1);
    view.zoom(Math.exp(-Math.max(-240, Math.min(240, pixels)) * (event.ctrlKey ? 0.01 : 0.0018)), ...place(event));
    handlers.moved();
    handlers.preview(view.toPlane(...place(event)));
  }, { passive: false });

  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey) return;
    if (event.key === " ") { space = true; event.preventDefault(); return; }
    const step = view.unit * (event.shiftKey ? 40 : event.altKey ? 1 : 8);
    const arrow = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] }[event.key];
    if (arrow || handlers.key(event.key)) event.preventDefault();
    if (arrow) handlers.nudge(arrow[0], arrow[1]);
  });
  element.addEventListener("keyup", (event) => { if (event.key === " ") space = false; });
  element.addEventListener("blur", () => { space = false; });
}
