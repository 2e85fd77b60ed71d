/**
 * The geometry of a crop box: [left, top, right, bottom] in fractions of the picture, from which no
 * box sticks out. `ratio` is a box's width divided by its height, both in these fractions; null: any.
 */

export const LEAST = 0.02; // of a side of the picture, that a box has

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** Equal values make equal messages, and no sum leaves a trace in the last decimals. */
export const rounded = (box) => box.map((edge) => Number(edge.toFixed(4)));

/** Moved as far as the picture goes. */
export function moved([left, top, right, bottom], dx, dy) {
  const x = clamp(dx, -left, 1 - right), y = clamp(dy, -top, 1 - bottom);
  return [left + x, top + y, right + x, bottom + y];
}

/**
 * The box from a corner, which stays, to a point; beyond the picture's edge it is the largest there is.
 * @param {number[]} corner
 * @param {number[]} point
 * @param {number | null} ratio
 */
export function spanned([ax, ay], [x, y], ratio) {
  const room = (a, v) => { // signed: on the side where the point lies, unless nothing fits there
    const back = v < a ? a >= LEAST : 1 - a < LEAST;
    return back ? -a : 1 - a;
  };
  const across = room(ax, x), down = room(ay, y);
  const most = [Math.abs(across), Math.abs(down)];
  let width = clamp((x - ax) * Math.sign(across), LEAST, most[0]);
  let height = clamp((y - ay) * Math.sign(down), LEAST, most[1]);
  if (ratio !== null) {
    width = Math.max(LEAST, LEAST * ratio, width, height * ratio);
    width = Math.max(LEAST, Math.min(width, most[0], most[1] * ratio));
    height = clamp(width / ratio, LEAST, most[1]);
  }
  const other = [ax + Math.sign(across) * width, ay + Math.sign(down) * height];
  return [Math.min(ax, other[0]), Math.min(ay, other[1]), Math.max(ax, other[0]), Math.max(ay, other[1])];
}

/** With a handle dragged: "n", "e", "s" and "w" are edges, which take any ratio, "ne" to "nw" corners. */
export function resized([left, top, right, bottom], handle, dx, dy, ratio) {
  const west = handle.includes("w"), north = handle.includes("n");
  if (handle.length === 2) {
    const fixed = [west ? right : left, north ? bottom : top];
    return spanned(fixed, [(west ? left : right) + dx, (north ? top : bottom) + dy], ratio);
  }
  return [
    west ? clamp(left + dx, 0, right - LEAST) : left,
    north ? clamp(top + dy, 0, bottom - LEAST) : top,
    handle === "e" ? clamp(right + dx, left + LEAST, 1) : right,
    handle === "s" ? clamp(bottom + dy, top + LEAST, 1) : bottom,
  ];
}

const ARROWS = { ArrowLeft: [-1, 0, "e"], ArrowRight: [1, 0, "e"], ArrowUp: [0, -1, "s"], ArrowDown: [0, 1, "s"] };

/** What a key makes of a box: an arrow moves it by a step, with Shift its right or lower edge. Null for other keys. */
export function keyed(box, key, shift, step) {
  const [x, y, edge] = ARROWS[key] ?? [];
  if (!edge) return null;
  return shift ? resized(box, edge, x * step, y * step, null) : moved(box, x * step, y * step);
}
