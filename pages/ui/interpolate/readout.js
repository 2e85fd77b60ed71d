/** What people read beside the Interpolate page's map: controls as they stand, words, lengths, facts. */

import { densityText } from "../map/items.js";
import { loadImage } from "../component/load.js";
import { press } from "../component/element.js";

const SAYS = {
  straight: "Straight from stop to stop: it may lead through places without any data.",
  geodesic: "The way on which the picture changes least, measured by the decoder itself.",
  drawn: "Along the line that you draw on the map, smoothed.",
  spherical: "On circles around the origin: keeps to the shell where codes of many dimensions live.",
};

/** The controls show the way as it is; a field that is being typed in is left alone. */
export function showControls(map) {
  const { state } = map, put = (selector, value) => { const e = map.find(selector); if (document.activeElement !== e) e.value = value; };
  for (const button of map.all("[data-kind]")) press(button, button.dataset.kind === state.kind);
  for (const button of map.all("[data-spacing]")) press(button, button.dataset.spacing === state.spacing);
  put('[data-field="frames"]', state.frames);
  put('[data-testid="class-select"]', state.label ?? "");
  put('[data-testid="noise-seed"]', state.seed);
  map.find('[data-field="guard"]').checked = state.guard;
  map.find(".pm-guard").hidden = state.kind !== "geodesic";
  for (const button of map.all('[data-do="keep"], [data-do="keep-all"]')) button.disabled = !map.answer;
  map.find('[data-do="undo"]').disabled = !map.history.canUndo;
  map.find('[data-do="redo"]').disabled = !map.history.canRedo;
}

/** What the way is, how long it is, and what is missing. */
export function showWords(map) {
  if (!map.items) return;
  const { kind, stops } = map.state, { answer } = map, lengths = map.find(".pm-lengths");
  map.find(".pm-says").textContent = map.tool === "draw" ? "Draw the way on the map with the mouse or one finger." : SAYS[kind];
  map.find(".pm-hint").textContent = kind === "drawn" ? "A drawn way leaves the stops aside; a new stop joins them again."
    : map.trouble || (stops.length < 2 ? "Click the map to add stops." : "");
  if (answer) {
    const [length, straight] = [answer.length, answer.straight].map((v) => v.toFixed(1));
    lengths.textContent = kind === "straight" ? `straight ${straight} in pixel change` : `straight ${straight}, ${kind} ${length} in pixel change`;
    Object.assign(lengths.dataset, { length: answer.length, straight: answer.straight });
  } else lengths.textContent = stops.length > 1 || kind === "drawn" ? "…" : "";
}

/** What is known of the place whose picture is shown. */
export function showFacts(map, z) {
  const { items, film } = map, survey = items.survey(z), { mix, near } = survey, fact = (name) => map.find(`[data-fact="${name}"]`);
  fact("frame").textContent = map.preview ? "under the pointer" : `${Math.round(film.head) + 1} of ${film.codes.length}`;
  fact("density").textContent = densityText(survey);
  fact("density").dataset.level = survey.level;
  fact("mix").textContent = mix.slice(0, 2).map(({ label, count }) => `${items.classes[label]} ${count}`).join(" · ");
  map.canvas.setAttribute("aria-label", `Decoded image at ${z.join(", ")}`);
  wantItem(map, near[0].item, near[0].distance);
}

/** The nearest real item beside the picture; one request in flight, the latest wins. */
function wantItem(map, item, distance) {
  map.wanted = { item, distance };
  if (map.loading || map.item === item) return;
  map.loading = true;
  const { items } = map;
  loadImage(map.stops.picture(item)).then((picture) => {
    if (items !== map.items) return;
    const image = map.find('[data-testid="nearest-item"]'), name = items.classes[items.labels[item]];
    image.src = picture.src;
    image.alt = `Nearest real item: ${name}`;
    image.dataset.item = items.itemNumber(item);
    map.find(".pm-near figcaption").textContent = `Nearest real item: ${name}, test image ${items.itemNumber(item)}, ${distance.toFixed(3)} away`;
  }).catch(() => {}).finally(() => {
    map.item = item;
    map.loading = false;
    if (map.wanted.item !== item) wantItem(map, map.wanted.item, map.wanted.distance);
  });
}

