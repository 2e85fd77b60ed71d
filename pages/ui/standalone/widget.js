/**
 * A notebook as the host of the map, by anywidget: the position, the pins and the selection are traits of a Python
 * object (vae/widget.py), changed from either side.
 */

import { element } from "../component/element.js";
import { keyOf } from "../decoder/image_source.js";
import { Explorer } from "./explorer.js";

const LIGHT = 384; // sum of red, green and blue above which a text is light

/** The view of a model. @param {any} context of anywidget   @param {() => void} work the program of the decoder's worker */
export async function render({ model, el }, work) {
  const data = model.get("_message"), home = element("div", { className: "la-notebook", innerHTML: model.get("_markup") });
  el.append(home);
  const content = model.get("_content"), bytes = new Uint8Array(content.buffer ?? content, content.byteOffset ?? 0, content.byteLength);
  const block = async (name) => (data.blocks[name] ? bytes.slice(...data.blocks[name]) : null);
  const location = { ...data.location, z: model.get("z"), pins: model.get("pins"), region: corners(model) };
  const explorer = new Explorer(home, { ...data, location }, { block, work, commit: (state) => tell(model, explorer.map, state) });
  const { map } = explorer;
  if (home.getRootNode() !== document) home.querySelector('[aria-label="Display of images"]').hidden = true; // look.js marks the document
  const repaint = () => {
    const theme = isDark(el) ? "dark" : "light";
    if (theme === home.dataset.theme) return;
    home.dataset.theme = theme;
    explorer.update();
  };
  home.dataset.theme = isDark(el) ? "dark" : "light";
  await explorer.update();
  const watch = new MutationObserver(repaint), about = { attributes: true, attributeFilter: ["class", "style", "data-theme", "data-jp-theme-light"] };
  for (const part of [document.documentElement, document.body]) watch.observe(part, about);
  const heard = {
    z: () => { const z = model.get("z"); if (z.join() !== map.state.z.join()) map.goTo({ z }); },
    pins: () => { const pins = model.get("pins"); if (pins.map(keyOf).join() !== map.state.pins.map(keyOf).join()) map.history.change({ pins }); },
    region: () => { const region = corners(model); if (String(region) !== String(map.state.region)) map.history.change({ region, chosen: null }); },
    selection: () => {
      const chosen = model.get("selection");
      if (String(chosen) !== String(map.region.numbers)) map.history.change({ region: null, chosen: chosen.length ? chosen : null });
    },
  };
  for (const [name, change] of Object.entries(heard)) model.on(`change:${name}`, change);
  if (model.get("selection").length && !location.region) heard.selection();
  return () => {
    for (const [name, change] of Object.entries(heard)) model.off(`change:${name}`, change);
    watch.disconnect();
    explorer.destroy();
  };
}

/** The corners of the lasso; null for none. */
const corners = (model) => (model.get("region").length ? model.get("region") : null);

/** Tells Python what has changed on the map. */
function tell(model, map, { z, pins, region }) {
  const now = { z, pins, region: region ?? [], selection: map.region.numbers };
  for (const [name, value] of Object.entries(now)) {
    if (JSON.stringify(value) !== JSON.stringify(model.get(name))) model.set(name, value);
  }
  model.save_changes();
}

/** Whether the text around the widget is light. */
function isDark(el) {
  const [red, green, blue] = getComputedStyle(el).color.match(/[\d.]+/g).map(Number);
  return red + green + blue > LIGHT;
}
