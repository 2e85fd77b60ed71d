/** Keys and buttons of the Explore page's map. */

import { copyLink } from "../component/copy_link.js";

/** Handles a key pressed on the map; returns whether it means anything. */
export function pressKey(map, key) {
  if (!map.items) return false;
  const actions = { Enter: () => map.pin(map.state.z), u: () => map.history.undo(), "?": () => map.find(".la-keys").showModal() };
  if (map.region.key(key) || map.keyPressed(key, actions)) return true;
  const centre = map.centreOf(key);
  if (!centre) return map.conditioning.key(key.toLowerCase());
  map.goTo({ ...map.latentAt(centre), ...(map.items.context === "label" && { label: Number(key) }) });
  return true;
}

/** The buttons around the map. */
export function tools(map) {
  const keys = map.find(".la-keys");
  return {
    pan: () => map.pan(!map.mode.panning), lasso: () => map.region.toggle(), "drop-region": () => map.region.clear(),
    undo: () => map.history.undo(), clear: () => map.history.change({ pins: [] }), copy: () => copyLink(map, () => map.commit(0)),
    save: () => { map.debouncer.flush(); map.send?.("save", { turn: Date.now() }); },
    keys: () => keys.showModal(), "close-keys": () => keys.close(),
  };
}
