/** Keys and buttons of the Explore page's map. */

import { answered, copyLink } from "../component/copy_link.js";

/** Handles a key pressed on the map; returns whether it means anything. */
export function keyPressed(map, key) {
  if (!map.items) return false;
  if (map.region.key(key)) return true;
  const action = {
    Enter: () => map.pin(map.state.z), u: () => map.history.undo(), U: () => map.history.undo(),
    "+": () => map.zoom(1.5), "=": () => map.zoom(1.5), "-": () => map.zoom(1 / 1.5),
    f: () => map.fit(), F: () => map.fit(), "?": () => map.find(".la-keys").showModal(),
  }[key];
  if (action) { action(); return true; }
  const centre = /^[0-9]$/.test(key) && map.items.centres[Number(key)];
  if (!centre) return map.conditioning.key(key.toLowerCase());
  map.goTo({ ...map.latentAt(centre), ...(map.items.context === "label" && { label: Number(key) }) });
  return true;
}

/** The buttons around the map. */
export function wireTools(map) {
  const keys = map.find(".la-keys");
  const tools = {
    pan: () => map.pan(!map.mode.panning), lasso: () => map.region.toggle(), "drop-region": () => map.region.clear(),
    "zoom-in": () => map.zoom(1.5), "zoom-out": () => map.zoom(1 / 1.5), fit: () => map.fit(),
    undo: () => map.history.undo(), clear: () => map.history.change({ pins: [] }), copy: () => copy(map),
    keys: () => keys.showModal(), "close-keys": () => keys.close(),
  };
  for (const button of map.root.querySelectorAll("[data-do]")) button.onclick = tools[button.dataset.do];
  for (const button of map.root.querySelectorAll("[data-layer]")) button.onclick = () => map.toggleLayer(button.dataset.layer);
}

/** Copies the link that Python sends in answer to this commit. */
async function copy(map) {
  const answer = answered(map);
  map.commit(0);
  await answer;
  await copyLink(map.find('[data-do="copy"]'), map.link);
}
