/** Which images of a sheet are selected, by clicks, ticks and keys; letters are its actions. */

import { gridStep } from "../component/image_grid.js";

const KEYS = { v: "variations", l: "more", x: "less", m: "mix", k: "save" };

/** A subclass shows the tiles and the current image, and asks for actions. */
export class SheetSelection {
  /** @type {Set<number>} */ selected = new Set();
  /** @type {number | undefined} */ current;
  /** @type {number | null} from which Shift selects */ anchor = null;
  /** @type {number[]} those that are shown */ order = [];
  /** @type {HTMLElement[]} */ tiles = [];

  /** Makes one image the current one, and with `add` keeps the others selected. @param {number} index   @param {{ add?: boolean }} [how] */
  choose(index, how) { void index; void how; }

  /** Shows which tiles are selected. */
  mark() {}

  /** Shows an image. @param {number} index */
  draw(index) { void index; }

  /** @param {string} action */
  ask(action) { void action; }

  /** The current image first, then the others. */
  selection() { return [this.current, ...[...this.selected].filter((i) => i !== this.current)].filter((i) => i !== undefined); }

  pressed(event) {
    const tile = event.target.closest("button");
    if (!tile) return;
    const index = Number(tile.dataset.index);
    if (event.shiftKey && this.anchor !== null) {
      const [a, b] = [this.order.indexOf(this.anchor), this.order.indexOf(index)].sort((x, y) => x - y);
      for (const i of this.order.slice(a, b + 1)) this.selected.add(i);
      this.choose(index, { add: true });
    } else this.toggle(index, event.ctrlKey || event.metaKey || event.target.matches(".la-tick"));
  }

  toggle(index, add) {
    this.anchor = index;
    if (add && this.selected.has(index) && this.selected.size > 1) {
      this.selected.delete(index);
      if (this.current === index) this.current = [...this.selected].at(-1);
      this.mark();
      this.draw(this.current);
    } else this.choose(index, { add });
  }

  key(event) {
    const tile = event.target.closest("button");
    if (!tile || event.ctrlKey || event.metaKey || event.altKey) return;
    const shown = this.order.map((i) => this.tiles[i]), at = shown.indexOf(tile), last = shown.length - 1;
    const step = { Home: -at, End: last - at }[event.key] ?? gridStep(event.key, shown);
    if (step !== undefined) {
      const next = shown[Math.min(last, Math.max(0, at + step))];
      for (const other of this.tiles) other.tabIndex = other === next ? 0 : -1;
      next.focus();
    } else if (event.key === " ") this.toggle(Number(tile.dataset.index), true);
    else if (event.key === "Enter") this.choose(Number(tile.dataset.index));
    else return;
    event.preventDefault();
  }

  /** A letter anywhere in the component, but not in a text field or list. */
  letter(event) {
    const action = KEYS[event.key.toLowerCase()];
    if (!action || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input:not([type=range]):not([type=checkbox]), select")) return;
    event.preventDefault();
    this.ask(action);
  }
}
