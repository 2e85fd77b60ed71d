/** Pins and the lasso's region, with undo. */

import { UndoStack } from "../component/undo_stack.js";
import { keyOf } from "../decoder/image_source.js";

const INLINE_PINS = 20; // pins whose images Python sends with its answer

export class History {
  constructor(map) { Object.assign(this, { map, stack: new UndoStack() }); }

  /** Forgets the steps, for another model. */
  clear() { this.stack.clear(); }

  state() { const { pins, region } = this.map.state; return { pins, region }; }

  /** @param changed { pins } or { region } */
  change(changed) {
    this.stack.push(this.state());
    this.restore(changed);
  }

  undo() { if (this.stack.canUndo) this.restore(this.stack.undo(this.state())); }

  restore(state) {
    const { map } = this;
    Object.assign(map.state, state);
    if (map.state.region !== map.region.shownRegion) map.region.show();
    this.show();
    map.redraw();
    map.commit(0);
  }

  pin(latent) {
    // Asking torch directly is faster than the script run that records the pin.
    this.map.source.want(latent).then((arrived) => arrived && this.show());
    this.change({ pins: [...this.map.state.pins, latent] });
  }

  /** Shows the pins with the images that torch decoded; the large image too, when the cursor is on a pin. */
  show() {
    const { map } = this, { source, state: { pins, z } } = map, latent = map.latentAt(z), bytes = source.answer(latent);
    map.lists.showPins(pins, (pin) => source.answer(pin), this.stack.canUndo);
    if (bytes && !map.preview && pins.some((pin) => keyOf(pin) === keyOf(latent))) map.picture.showBytes(bytes, latent);
    for (const pin of pins.slice(0, -INLINE_PINS)) source.want(pin).then((arrived) => arrived && this.show());
  }
}
