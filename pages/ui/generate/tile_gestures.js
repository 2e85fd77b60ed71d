/**
 * What a pointer does on the tiles of a sheet: a drag that begins beside them, or with Shift, selects by a rectangle; a tile
 * dragged onto another one blends the two. A finger holds a tile for a moment first, since a drag scrolls the page.
 */

import { element } from "../component/element.js";

const MOVED = 6; // pixels after which a press is a drag
const HOLD = 350; // milliseconds until a finger has taken hold of a tile
const LEAST_SHARE = 0.1; // of either image in a blend

export class TileGestures {
  /** @type {any} */ drag = null;
  /** Whether the click that follows belongs to a drag. */ dragged = false;

  /**
   * @param {HTMLElement} grid with tiles that are buttons with data-index
   * @param {{
   *   within(indices: number[], add: boolean): void,
   *   selected(): void,
   *   blend(from: number, onto: number, share: number, canvas: HTMLCanvasElement): void,
   *   drop(from: number, onto: number, share: number): void,
   *   cancel(): void,
   * }} handlers `within` selects while a rectangle grows, `selected` ends it; `blend` shows a blend on a canvas, in which `onto` has a share; `drop` keeps it
   */
  constructor(grid, handlers) {
    Object.assign(this, { grid, handlers });
    grid.addEventListener("pointerdown", (event) => this.press(event));
    // Before a click reaches the tile.
    grid.addEventListener("click", (event) => { if (this.dragged) event.stopImmediatePropagation(); this.dragged = false; }, true);
    grid.addEventListener("touchmove", (event) => { if (this.drag?.held) event.preventDefault(); }, { passive: false });
    grid.addEventListener("contextmenu", (event) => { if (this.drag?.held) event.preventDefault(); });
    grid.addEventListener("dragstart", (event) => event.preventDefault());
  }

  press(event) {
    if (event.button || !event.isPrimary) return;
    this.dragged = false;
    const tile = event.target.closest("button"), touch = event.pointerType === "touch";
    if (!tile && touch) return; // the finger scrolls
    const drag = this.drag = { tile: event.shiftKey ? null : tile, add: event.ctrlKey || event.metaKey || event.shiftKey, x: event.clientX, y: event.clientY, touch, held: false, active: false };
    if (touch) drag.timer = setTimeout(() => { drag.held = true; navigator.vibrate?.(10); }, HOLD);
    const moved = (move) => this.move(move), ended = (up) => {
      for (const [name, listener] of listeners) document.removeEventListener(name, listener, true);
      this.end(up);
    };
    const key = (pressed) => { if (pressed.key === "Escape") ended(pressed); };
    /** @type {[string, any][]} */
    const listeners = [["pointermove", moved], ["pointerup", ended], ["pointercancel", ended], ["keydown", key]];
    for (const [name, listener] of listeners) document.addEventListener(name, listener, true);
  }

  move(event) {
    const { drag } = this;
    if (!drag) return;
    if (!drag.active) {
      if (Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < MOVED) return;
      if (drag.touch && !drag.held) { clearTimeout(drag.timer); return; }
      drag.active = true;
      if (drag.tile) this.showGhost(); else this.showRectangle();
    }
    if (drag.tile) this.over(event); else this.stretch(event);
  }

  showRectangle() { this.grid.append(this.drag.rectangle = element("i", { className: "sg-rectangle" })); }

  stretch({ clientX, clientY }) {
    const { drag } = this, box = this.grid.getBoundingClientRect();
    const [left, right] = [drag.x, clientX].sort((a, b) => a - b), [top, bottom] = [drag.y, clientY].sort((a, b) => a - b);
    Object.assign(drag.rectangle.style, { left: `${left - box.left}px`, top: `${top - box.top}px`, width: `${right - left}px`, height: `${bottom - top}px` });
    const touched = [...this.grid.querySelectorAll("button")].filter((tile) => {
      const at = tile.getBoundingClientRect();
      return at.left < right && at.right > left && at.top < bottom && at.bottom > top;
    });
    drag.within = touched.map((tile) => Number(tile.dataset.index));
    this.handlers.within(drag.within, drag.add);
  }

  showGhost() {
    const canvas = element("canvas"), words = element("span"), ghost = element("div", { className: "sg-ghost" }, canvas, words);
    this.grid.append(ghost);
    Object.assign(this.drag, { ghost, canvas, words });
  }

  /** Follows the pointer; over another tile, its place from left to right is the share of that tile. */
  over({ clientX, clientY }) {
    const { drag } = this, { ghost, words } = drag;
    ghost.style.left = `${Math.min(clientX + 14, innerWidth - 124)}px`;
    ghost.style.top = `${Math.max(8, clientY - 140)}px`;
    const root = /** @type {Document | ShadowRoot} */ (this.grid.getRootNode());
    const target = root.elementFromPoint(clientX, clientY)?.closest(".sg-grid button") ?? null;
    if (drag.target !== target) {
      drag.target?.removeAttribute("data-target");
      drag.target = target === drag.tile ? null : /** @type {HTMLElement | null} */ (target);
      if (drag.target) drag.target.dataset.target = "true";
    }
    const from = Number(drag.tile.dataset.index);
    if (drag.target) {
      const box = drag.target.getBoundingClientRect();
      drag.share = Math.round(100 * Math.max(LEAST_SHARE, Math.min(1 - LEAST_SHARE, (clientX - box.left) / box.width))) / 100;
      this.handlers.blend(from, Number(drag.target.dataset.index), drag.share, drag.canvas);
      words.textContent = `${Math.round(100 - 100 * drag.share)} % / ${Math.round(100 * drag.share)} %`;
    } else {
      this.handlers.blend(from, from, 0, drag.canvas);
      words.textContent = "Drop on an image";
    }
  }

  end(event) {
    const { drag } = this;
    this.drag = null;
    clearTimeout(drag.timer);
    drag.rectangle?.remove();
    drag.ghost?.remove();
    drag.target?.removeAttribute("data-target");
    this.dragged = drag.active && event.type === "pointerup";
    if (drag.active && drag.rectangle) this.handlers.selected();
    if (!drag.active || !drag.tile) return;
    if (this.dragged && drag.target) this.handlers.drop(Number(drag.tile.dataset.index), Number(drag.target.dataset.index), drag.share);
    else this.handlers.cancel();
  }
}
