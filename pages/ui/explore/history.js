/** Pins and the lasso's region, with undo. */

import { UndoStack } from "../component/undo_stack.js";
import { keyOf } from "../decoder/image_source.js";

export class History {
  constructor(map) { Object.assign(this, { map, stack: new UndoStack() }); }

  /** Forgets the steps, for another model. */
  clear() { this.stack.clear(); }

  state() { const { pins, region, chosen } = this.map.state; return { pins, region, chosen }; }

  /** @param changed { pins }, or { region, chosen } */
  change(changed) { this.stack.push(this.state()); this.restore(changed); }

  undo() { if (this.stack.canUndo) this.restore(this.stack.undo(this.state())); }

  restore(state) {
    const { map } = this;
    Object.assign(map.state, state);
    if ((map.state.region ?? map.state.chosen) !== map.region.shown) map.region.show();
    this.show();
    map.redraw();
    map.commit(0);
  }

  pin(latent) { this.change({ pins: [...this.map.state.pins, latent] }); }

  /** Shows the pins, with torch's images as they come; the large image too, when the cursor is on a pin. */
  show() {
    const { map } = this, { source, state: { pins } } = map;
    map.lists.showPins(pins, this.stack.canUndo);
    source.want(pins).then((arrived) => arrived && this.fill());
    this.fill();
  }

  fill() {
    const { map } = this, { source, state: { pins, z } } = map, latent = map.latentAt(z), bytes = source.answer(latent);
    map.lists.fillPins();
    if (bytes && !map.preview && pins.some((pin) => keyOf(pin) === keyOf(latent))) map.picture.showBytes(bytes, latent);
  }
}
