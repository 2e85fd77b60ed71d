/**
 * The latent map: a plane of encoded items on which every position decodes under the cursor.
 *
 * `state.z` is the position that drags, clicks, sliders and keys set; `preview` follows a hovering
 * pointer and ends when it leaves. With a label or a noise seed, a code is a latent { z, label, seed },
 * which determines an image. The state is committed to Python; hovering sends nothing.
 */

import { press } from "../component/element.js";
import { Conditioning } from "./conditioning.js";
import { DecodedMap } from "../map/decoded_map.js";
import { listen } from "../map/gestures.js";
import { nearText } from "../map/items.js";
import { History } from "./history.js";
import { pressKey, tools } from "./keyboard.js";
import { Lists } from "../map/lists.js";
import { Panel } from "./panel.js";
import { Region } from "./region.js";
import { ItemChoices } from "../controls/item_choices.js";
import { keyOf } from "../decoder/image_source.js";
import { round } from "../map/viewport.js";

const COMMIT_DELAY = 250; // milliseconds of rest before the state is committed

export default class LatentMap extends DecodedMap {
  constructor(root) {
    super(root);
    const handlers = this.actions();
    this.panel = new Panel(root, handlers);
    this.lists = new Lists(root, handlers);
    this.conditioning = new Conditioning(root, handlers, this.source);
    this.history = new History(this);
    this.region = new Region(this);
    this.choices = new ItemChoices(root, this, {
      colour: () => { this.say(`Coloured by ${this.choices.colour || "class"}.`); this.commit(0); },
      show: () => { this.state.item = null; this.showNear(); this.commit(0); },
    });
    listen(this.over, this.view, this.region.over(handlers), this.mode);
    this.wire(tools(this));
  }

  actions() {
    return {
      preview: (place) => { if (this.items) { this.preview = place && this.complete(place); this.redraw(); } },
      held: () => this.state.z,
      hold: (place) => this.hold(place.length > 2 ? place : this.complete(place)),
      release: () => { this.announce(); this.commit(); },
      pin: (place) => this.pin(this.complete(place)),
      moved: () => this.moved(),
      nudge: (dx, dy) => { const [z1, z2, ...more] = this.state.z; this.goTo({ z: [z1 + dx, z2 + dy, ...more] }); },
      key: (key) => pressKey(this, key),
      goTo: (latent) => this.goTo(latent),
      setCondition: (condition) => this.setCondition(condition),
      removePin: (i) => this.history.change({ pins: this.state.pins.filter((_, j) => j !== i) }),
      toggleClass: (label) => { this.toggleClass(label); this.commit(); },
      chooseItem: (item) => { this.state.item = item; this.showNear(); this.redraw(); this.commit(); },
    };
  }

  take(data) {
    if (data.revision !== this.revision) { // Back or Forward
      this.debouncer.cancel();
      this.restore(data);
      this.showLayers();
      this.redraw("view");
      this.choices.recolour(data.items.colour, this.hidden);
    }
    this.lists.saved = new Set((data.saved ?? []).map(keyOf));
    this.history.show();
    this.onAnswer?.();
  }

  /** Restores the state that Python remembers for a model. */
  restore({ location, urls, revision, items: chosen, regionNote }) {
    Object.assign(this, { revision, regionNote });
    const { items } = this, { z, label, seed, layers, pins, item, hidden, region, view } = location;
    this.state = { z: round(z), label, seed, layers: new Set(layers), pins, region, chosen: null, item: item < items.count ? item : null };
    this.hidden = new Set(hidden);
    this.nearOf = null;
    this.history.clear();
    if (view) this.view.fromArray(view); else this.view.fit(items.bounds);
    this.panel.setModel(items);
    this.lists.setModel(items, this.source, urls.items);
    this.lists.coloured = this.coloured;
    this.conditioning.setModel(items);
    this.choices.setModel(items, chosen);
  }

  async openItems(data) {
    await super.openItems(data);
    this.panel.items = this.items;
  }

  showDecoder() {
    super.showDecoder();
    this.conditioning.setModel(this.items);
    this.lists.showItem(this.state.item);
  }

  showColours(coloured) {
    this.nearOf = null;
    super.showColours(coloured);
  }

  // --- input -----------------------------------------------------------------------------------

  /** A point of the plane with the other dimensions of the current code. */
  complete([z1, z2]) { return round([z1, z2, ...this.state.z.slice(2)]); }

  hold(z) {
    if (!this.items) return;
    this.state.z = round(z);
    this.preview = null;
    this.redraw();
  }

  goTo({ z, label = this.state.label, seed = this.state.seed }) {
    this.hold(z);
    this.setCondition({ label, seed });
    if (this.view.reveal(z[0], z[1])) this.redraw("view");
  }

  /** Sets the label or the noise seed with which everything is decoded. */
  setCondition(condition) {
    const before = keyOf(this.state);
    Object.assign(this.state, condition);
    this.redraw(keyOf(this.state) === before ? "over" : "under");
    this.announce();
    this.commit();
  }

  pin(z) {
    if (!this.items) return;
    this.hold(z);
    this.history.pin(this.latentAt(this.state.z));
    this.announce();
  }

  moved() { this.redraw("view"); this.commit(); }

  /** Sets whether a plain drag moves the map. */
  pan(on) {
    this.mode.panning = on;
    if (on && this.region.drawing) this.region.toggle(false);
    press(this.find('[data-do="pan"]'), on);
  }

  // --- output ----------------------------------------------------------------------------------

  get held() { return this.state.z; }
  showLegend() { this.region.show(); }

  showPosition(z, latent) {
    const { items, coloured } = this;
    this.conditioning.show(latent);
    this.panel.showPosition(z, coloured.survey(z), this.theme, coloured);
    const words = [...z, items.conditionName(latent)].filter((part) => part !== "").join(", ");
    this.picture.canvas.setAttribute("aria-label", `Decoded image at ${words}`);
  }

  drawMarks(z) {
    const { items, coloured, state, hidden } = this;
    if (this.nearOf !== state.z.join(",")) this.showNear();
    this.overlay.draw(this.view, this.theme, {
      z, held: state.z, preview: this.preview !== null, pins: state.pins, near: this.near, item: state.item,
      ...(coloured.onScale ? { items, hidden: new Set() } : { items: coloured, hidden }), showNames: state.layers.has("names"),
    });
    this.region.draw();
  }

  showNear() {
    const { z, item } = this.state;
    this.nearOf = z.join(",");
    this.near = this.items.nearest(z, 8);
    this.lists.showNear(this.near, z.slice(0, 2).map((v) => v.toFixed(2)).join(", "), item);
    this.lists.showItem(item);
  }

  /** Announces the position to screen readers once it has come to rest. */
  announce() {
    this.say(() => {
      const { items, coloured, state } = this, condition = items.conditionName(state), survey = coloured.survey(state.z);
      const position = [...state.z.map((v) => v.toFixed(2)), ...(condition ? [condition] : [])].join(", ");
      return `${position}: local density ${survey.level}; ${nearText(survey, coloured)}`;
    });
  }

  /** @param words or a function that returns them; the last within a moment are announced */
  say(words) {
    clearTimeout(this.speech);
    this.speech = setTimeout(() => { this.find(".la-live").textContent = typeof words === "string" ? words : words(); }, 400);
  }

  /** Sends the state to Python, which answers with images and the new link. */
  commit(delay = COMMIT_DELAY) { this.debouncer.schedule(delay); }

  sendState() {
    const { z, label, seed, layers, pins, item, region } = this.state, { show, colour } = this.choices;
    this.send?.("location", {
      digest: this.digest, revision: this.revision, turn: this.turn = (this.turn ?? 0) + 1, z, label, seed, view: this.view.toArray(),
      layers: [...layers], pins, item, hidden: [...this.hidden], region, show, colour,
    });
  }

  destroy() {
    super.destroy();
    this.conditioning.destroy();
    clearTimeout(this.speech);
  }
}
