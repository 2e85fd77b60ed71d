/**
 * A region of the map: drawn with a lasso, or corner by corner from the keyboard. Items inside keep
 * their colours, the others turn grey, and the legend counts. Python describes the region below the map.
 */

import { press } from "../component/element.js";
import { closed, drawLasso, inside, Lasso, MAX_CORNERS } from "../map/lasso.js";

const CLOSE = 10; // pixels from the first corner at which the next one closes the region

export class Region {
  /** @param map whose state.region, or in its place state.chosen, numbers of items, is shown; this listens to its pointer before `listen` does */
  constructor(map) {
    Object.assign(this, { map, lasso: new Lasso(), drawing: false, corners: [], shown: null, mask: null });
    map.over.addEventListener("pointerdown", (event) => {
      if (!this.drawing || !map.items || event.button) return;
      const box = map.over.getBoundingClientRect();
      this.lasso.begin(map.view.toPlane(event.clientX - box.left, event.clientY - box.top));
    });
    map.over.addEventListener("pointercancel", () => this.drop());
  }

  /** The handlers for `listen`: while the lasso is on, a drag draws it; all else is as in `handlers`. */
  over(handlers) {
    const { lasso, map } = this;
    return {
      ...handlers,
      preview: (z) => { if (z === null) this.drop(); handlers.preview(z); }, // a second finger: a pinch
      hold: (z) => { if (lasso.stroke) { lasso.extend(z); map.redraw(); } else handlers.hold(z); },
      release: () => {
        if (!lasso.stroke) { handlers.release(); return; }
        const last = lasso.stroke.at(-1), polygon = lasso.end(map.view.unit);
        if (polygon) this.choose(polygon); else handlers.pin(last);
      },
      pin: (z) => { lasso.drop(); handlers.pin(z); },
    };
  }

  drop() { if (this.lasso.stroke) { this.lasso.drop(); this.map.redraw(); } }

  toggle(on = !this.drawing) {
    const { map } = this;
    this.drawing = on;
    this.corners = [];
    if (on) map.pan(false);
    press(map.find('[data-do="lasso"]'), on);
    map.over.focus({ preventScroll: true, focusVisible: false });
    map.say(on ? "Lasso: drag around items, or move with the arrows and set corners with Enter." : "Lasso off.");
    map.redraw();
  }

  choose(polygon) {
    if (this.drawing) this.toggle(false);
    this.map.history.change({ region: polygon, chosen: null });
  }

  /** The numbers of the items inside, or of those that were chosen, whatever is hidden. */
  get numbers() { return this.mask ? Array.from(this.mask.keys()).filter((i) => this.mask[i]).map((i) => this.map.items.itemNumber(i)) : []; }

  /** All items get their colours back; the button disappears, so the map takes the focus. */
  clear() {
    this.choose(null);
    this.map.over.focus({ preventScroll: true, focusVisible: false });
  }

  /** Handles a key while or after a lasso is drawn; returns whether it means anything. */
  key(key) {
    const { map, drawing, corners } = this;
    const action = {
      l: () => this.toggle(), L: () => this.toggle(), Escape: (map.state.region ?? map.state.chosen) && (() => this.clear()),
      ...(drawing && {
        Escape: () => this.toggle(false), Enter: () => this.corner(map.state.z.slice(0, 2)),
        Backspace: () => { corners.pop(); map.say(`${corners.length} corners.`); map.redraw(); },
      }),
    }[key];
    action?.();
    return Boolean(action);
  }

  /** Sets a corner; on the first corner, or again on the last, closes the region. */
  corner(at) {
    const { map, corners } = this, [x, y] = map.view.toPixel(...at);
    const near = (z, reach) => { const [u, v] = map.view.toPixel(...z); return Math.hypot(u - x, v - y) <= reach; };
    if (corners.length && (near(corners[0], CLOSE) || near(corners.at(-1), 1))) {
      const polygon = closed(corners, map.view.unit);
      if (polygon) this.choose(polygon); else map.say("These corners enclose no area: set three or more.");
    } else if (corners.length < MAX_CORNERS) {
      corners.push(at);
      map.say(`Corner ${corners.length}. Enter on the first corner, or here again, closes the region.`);
    }
    map.redraw();
  }

  /** Follows the state after a change of the region, the hidden classes or the layer of items. */
  show() {
    const { map } = this, { coloured: items, hidden, state: { region, chosen } } = map, what = region ?? chosen;
    if (what !== this.shown || items !== this.items) {
      Object.assign(this, { shown: what, items, mask: what && (region ? maskOf(items, region) : maskOfNumbers(items, chosen)), corners: [], counts: null });
      map.plot.select(this.mask);
      if (this.mask) {
        this.counts = items.classes.map(() => 0);
        this.mask.forEach((within, i) => { this.counts[items.labels[i]] += within; });
      }
    }
    map.find(".la-region").hidden = what === null;
    map.find('[data-testid="region-count"]').textContent = what ? this.summary() : "";
    map.lists.showLegend(hidden, map.theme, this.counts);
    map.redraw();
  }

  summary() {
    const { items, counts, map, map: { hidden } } = this, number = (n) => n.toLocaleString("en");
    const many = counts.reduce((sum, n, k) => sum + (hidden.has(k) ? 0 : n), 0);
    const hiddenNames = [...hidden].map((k) => items.classes[k]).filter(Boolean);
    return [
      `${number(many)} of ${items.sampled ? `the ${number(items.count)} items on the map, of ${items.split},` : items.split} ${map.state.region ? "inside" : "selected"}`,
      map.state.region && items.latentSize > 2 && "selected in the plane of z1 and z2 only",
      hiddenNames.length > 0 && `hidden, not counted: ${hiddenNames.join(", ")}`,
    ].filter(Boolean).join("; ") + `. ${map.regionNote ?? ""}`;
  }

  /** The outline over the map, also while it is being drawn. */
  draw() {
    const { map: { over, view, theme, state }, lasso, corners } = this, ctx = over.getContext("2d");
    if (state.region && !lasso.stroke && !corners.length) drawLasso(ctx, view, theme, state.region, { tint: 0 });
    if (lasso.stroke?.length > 1) drawLasso(ctx, view, theme, lasso.stroke);
    if (!corners.length) return;
    drawLasso(ctx, view, theme, [...corners, state.z], { open: true });
    ctx.fillStyle = theme.accentText;
    for (const z of corners) { ctx.beginPath(); ctx.arc(...view.toPixel(...z), 4, 0, 2 * Math.PI); ctx.fill(); }
  }
}

/** 1 for each item inside a polygon of the first two dimensions, else 0. */
function maskOf({ codes, count, latentSize }, polygon) {
  const mask = new Uint8Array(count), xs = polygon.map(([x]) => x), ys = polygon.map(([, y]) => y);
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  for (let i = 0, at = 0; i < count; i++, at += latentSize) {
    const x = codes[at], y = codes[at + 1];
    if (x >= x0 && x <= x1 && y >= y0 && y <= y1) mask[i] = Number(inside(x, y, polygon));
  }
  return mask;
}

/** 1 for each item whose number in the data set is one of these, else 0. */
function maskOfNumbers(items, numbers) {
  const chosen = new Set(numbers);
  return Uint8Array.from({ length: items.count }, (_, i) => Number(chosen.has(items.itemNumber(i))));
}
