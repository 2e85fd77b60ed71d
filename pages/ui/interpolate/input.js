/** The input of the Interpolate page: gestures, keys, buttons and fields. */

import { copyLink } from "../component/copy_link.js";
import { onButtons, watchTyping } from "../component/element.js";
import { listen } from "../map/gestures.js";
import { waypointAt } from "./path_overlay.js";

const MAX_FRAMES = 240;

/** Gestures and keys on the map: drag a waypoint, draw a stroke or pan. */
export function wireMap(map) {
  // Before `listen`, which needs to know what the drag moves.
  map.over.addEventListener("pointerdown", (event) => {
    const box = map.over.getBoundingClientRect(), at = [event.clientX - box.left, event.clientY - box.top];
    const reach = event.pointerType === "touch" ? 24 : 13;
    map.grabbed = map.items && map.tool === "waypoints" ? waypointAt(map.view, map.state.waypoints, at, reach) : null;
    map.stroke = map.tool === "draw" ? [map.view.toPlane(...at)] : null;
    map.mode.panning = map.tool === "waypoints" && map.grabbed === null;
    map.dragging = null;
  });
  const handlers = {
    preview: (z) => {
      if (z === null && map.stroke) map.stroke = null; // a second finger starts a pinch
      map.preview = map.items && z ? map.complete(z) : null;
      const at = z && map.items && waypointAt(map.view, map.state.waypoints, map.view.toPixel(...z), 13);
      map.over.style.cursor = map.tool === "waypoints" && at !== null && at !== false ? "grab" : "";
      map.redraw();
    },
    hold: (z) => {
      if (!map.items) return;
      if (map.stroke) map.stroke.push(z);
      else if (map.grabbed !== null) {
        map.dragging ??= map.state.waypoints;
        map.chosen = map.grabbed;
        const moved = map.complete(z, map.state.waypoints[map.grabbed]);
        map.state = { ...map.state, waypoints: map.state.waypoints.map((code, i) => (i === map.grabbed ? moved : code)) };
        map.answer = null;
        map.preview = moved;
      }
      map.redraw();
    },
    release: () => {
      const { stroke, dragging } = map;
      map.stroke = map.dragging = null;
      map.preview = null;
      if (stroke) map.endStroke(stroke);
      else if (dragging) {
        const moved = map.state.waypoints;
        map.state = { ...map.state, waypoints: dragging };
        map.change({ waypoints: moved });
      }
    },
    pin: (z) => {
      if (!map.items) return;
      map.stroke = null;
      if (map.tool === "draw") return;
      if (map.grabbed !== null) map.select(map.grabbed); else map.add(map.complete(z));
    },
    moved: () => map.moved(),
    nudge: (dx, dy) => map.nudge(dx, dy),
    key: (key) => pressKey(map, key),
  };
  listen(map.over, map.view, handlers, map.mode);
  map.over.addEventListener("keydown", (event) => { if (event.key === " ") map.spaceAt = map.view.toArray().join(); });
  map.over.addEventListener("keyup", (event) => {
    if (event.key === " " && map.spaceAt === map.view.toArray().join()) map.film.toggle(); // unless it was held to pan
  });
  map.root.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== "range";
    if (typing || !(event.ctrlKey || event.metaKey)) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    if (key === "y" || event.shiftKey) map.redo(); else map.undo();
  });
}

/** Carries out a key on the map; false for keys without an action. */
function pressKey(map, key) {
  if (!map.items) return false;
  const count = map.state.waypoints.length, remove = () => map.chosen !== null && map.remove(map.chosen);
  const actions = {
    Delete: remove, Backspace: remove, u: () => map.undo(),
    Escape: () => { map.setTool("waypoints"); map.select(null); },
    n: () => map.select(count ? ((map.chosen ?? -1) + 1) % count : null),
    d: () => map.items.latentSize === 2 && map.setTool(map.tool === "draw" ? "waypoints" : "draw"),
  };
  if (map.keyPressed(key, actions)) return true;
  const centre = map.centreOf(key);
  if (centre) map.add(centre);
  return Boolean(centre);
}

/** The buttons and fields around the map. */
export function wireControls(map) {
  map.wire({
    undo: () => map.undo(), redo: () => map.redo(), play: () => map.film.toggle(),
    reverse: () => map.change({ waypoints: [...map.state.waypoints].reverse(), stroke: [...map.state.stroke].reverse() }),
    clear: () => { map.chosen = null; map.change({ waypoints: [], ...(map.state.kind === "drawn" && { kind: "straight" }) }); },
    save: () => map.save([Math.round(map.film.head)]), "save-all": () => map.save(map.film.codes.map((_, i) => i)),
    copy: () => copyLink(map, Number(map.root.dataset.turn) !== (map.turn ?? 0) && (() => map.debouncer.flush())),
    "add-item": () => map.waypoints.addItem(), "add-code": () => map.waypoints.addCode(),
  });
  const chooseKind = (kind) => {
    if (kind === "drawn" && map.state.stroke.length < 2) { map.setTool("draw"); return; }
    if (kind !== "drawn") map.setTool("waypoints");
    map.change({ kind });
  };
  onButtons(map.root, "kind", chooseKind);
  onButtons(map.root, "tool", (tool) => map.setTool(tool));
  onButtons(map.root, "spacing", (spacing) => map.change({ spacing }));
  for (const field of map.all('[data-testid="duration"], [data-testid="speed"], [data-testid="noise-seed"]')) watchTyping(field);
  const avoid = map.find('[data-field="avoid"]');
  avoid.onchange = () => map.change({ avoid_low_density: avoid.checked });
  const [speed, duration, order] = ["speed", "duration", "order"].map((name) => map.find(`[data-testid="${name}"]`));
  // The frames are the product, as far as their limits allow.
  const setFilm = (seconds, fps) => map.change({ fps, frames: Math.max(2, Math.min(MAX_FRAMES, Math.round(seconds * fps))) });
  duration.onchange = () => setFilm(Number(duration.value) || map.state.frames / map.state.fps, map.state.fps);
  speed.onchange = () => setFilm(map.state.frames / map.state.fps, Math.max(0.1, Math.min(60, Math.round(1000 * Number(speed.value)) / 1000 || 12)));
  order.onchange = () => map.play({ playback: order.value });
  const label = map.find('[data-testid="class-select"]'), seed = map.find('[data-testid="noise-seed"]');
  label.onchange = () => map.change({ label: label.value === "" ? null : Number(label.value) });
  const detail = map.find('[data-testid="detail-select"]');
  seed.onchange = detail.onchange = () => {
    const variation = Math.max(0, Math.min(map.items.variations - 1, Math.round(Number(seed.value)) || 0));
    map.change({ seed: Number(detail.value || 0) + variation });
  };
}
