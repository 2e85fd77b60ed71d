/** The readouts of the Interpolate page: controls, a summary of the path, facts about the current frame. */

import { pressOnly, showValue } from "../component/element.js";
import { densityText, rangeOf } from "../map/items.js";
import { split } from "../decoder/seed_groups.js";

const DESCRIPTIONS = {
  straight: "Straight lines between waypoints; they may cross regions without data.",
  geodesic: "The shortest path in pixel space, by the pullback metric of the decoder.",
  drawn: "Follows the line that you draw on the map, smoothed.",
  spherical: "Great circles around the origin (slerp), which stay near the shell where Gaussian codes of many dimensions lie.",
};

/** The controls follow the path; a field that somebody types in is left alone. */
export function showControls(map) {
  const { state } = map, put = (selector, value) => showValue(map.find(selector), value);
  for (const name of ["kind", "spacing"]) pressOnly(map.root, name, state[name]);
  put('[data-testid="speed"]', state.fps);
  put('[data-testid="duration"]', Math.round(100 * state.frames / state.fps) / 100);
  put('[data-testid="order"]', state.playback);
  map.find('[data-testid="frames"]').textContent = filmText(state);
  put('[data-testid="class-select"]', state.label ?? "");
  const { first, variation } = split(state.seed, map.items ?? { variations: 256 });
  map.find('[data-testid="detail-select"]').value = first;
  put('[data-testid="noise-seed"]', variation);
  map.find('[data-field="avoid"]').checked = state.avoid_low_density;
  map.find(".pm-avoid").hidden = state.kind !== "geodesic";
  for (const button of map.all('[data-do="save"], [data-do="save-all"]')) button.disabled = !map.answer;
  map.find('[data-do="undo"]').disabled = !map.history.canUndo;
  map.find('[data-do="redo"]').disabled = !map.history.canRedo;
}

/** How many frames a film has, and how long it is there and back. */
export function filmText({ frames, fps, playback }) {
  const words = `= ${frames} frames`, both = 2 * frames - 2;
  return playback === "ping-pong" ? `${words}, there and back ${both}, ${Math.round(100 * both / fps) / 100} s` : words;
}

/** The kind of path, its length, and what is missing. */
export function showSummary(map) {
  if (!map.items) return;
  const { kind, waypoints } = map.state, { answer } = map, lengths = map.find(".pm-lengths");
  map.find(".pm-about").textContent = map.tool === "draw" ? "Draw the path on the map with the mouse or one finger." : DESCRIPTIONS[kind];
  map.find('[data-testid="path-hint"]').textContent = kind === "drawn" ? "A drawn path ignores the waypoints; adding one returns to them."
    : map.trouble || (waypoints.length < 2 ? "Click the map to add waypoints." : "");
  if (answer) {
    const [length, straight] = [answer.length, answer.straight_length].map((v) => v.toFixed(1));
    lengths.textContent = `Path length in pixel space: ${kind === "straight" ? straight : `${kind} ${length}, straight ${straight}`}`;
    Object.assign(lengths.dataset, { length: answer.length, straight: answer.straight_length });
  } else lengths.textContent = waypoints.length > 1 || kind === "drawn" ? "…" : "";
}

/** Facts about the code of the image on show. */
export function showFacts(map, z) {
  const { coloured: items, film } = map, survey = items.survey(z), fact = (name) => map.find(`[data-fact="${name}"]`);
  fact("frame").textContent = map.preview ? "at the pointer" : film.codes.length ? `${Math.round(film.head) + 1} of ${film.codes.length}` : "…";
  fact("density").textContent = densityText(survey);
  fact("density").dataset.level = survey.level;
  fact("mix").previousElementSibling.textContent = items.column ? `Nearest: ${items.column.name}` : "Nearest classes";
  fact("mix").textContent = items.onScale ? scaleText(rangeOf(survey, items)) : survey.mix.slice(0, 2).map(({ label, count }) => `${count} ${items.classes[label]}`).join(", ");
  map.picture.canvas.setAttribute("aria-label", `Decoded image at ${z.join(", ")}`);
  map.nearest.want(survey.near[0].item);
}

const scaleText = ({ low, middle, high }) => (middle ? `${low} to ${high}, median ${middle}` : "no value");

/** Shows the nearest real item next to the image. */
export function showItem(map, { src }, item) {
  const { coloured: items } = map, z = map.preview ?? map.held, distance = Math.hypot(...items.code(item).map((v, d) => v - z[d]));
  const number = items.itemNumber(item), alt = `Nearest real item: ${items.kindOf(item)}`;
  const image = Object.assign(map.find('[data-testid="nearest-item"]'), { src, alt });
  image.dataset.item = number;
  map.find(".pm-near figcaption").textContent = `${alt}, ${items.itemName(item)}, distance ${distance.toFixed(3)}`;
}
