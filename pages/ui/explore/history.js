/** What a visitor makes on the map, pins and a region, with a way back. */

import { UndoStack } from "../component/undo_stack.js";
import { keyOf } from "../decoder/image_source.js";

const MOST_INLINE = 20; // pins whose pictures Python sends along with its answer

export class History {
  constructor(map) { Object.assign(this, { map, stack: new UndoStack() }); }

  /** Forgets the steps: another model was opened. */
  forget() { this.stack.clear(); }

  state() { const { pins, region } = this.map.state; return { pins, region }; }

  /** @param made { pins } or { region } */
  change(made) {
    this.stack.push(this.state());
    this.take(made);
  }

  undo() { if (this.stack.canUndo) this.take(this.stack.undo(this.state())); }

  take(made) {
    const { map } = this;
    Object.assign(map.state, made);
    if (map.state.region !== map.region.of) map.region.show();
    this.show();
    map.redraw();
    map.commit(0);
  }

  pin(latent) {
    // Torch is asked directly: that is quicker than the script run that records the pin.
    this.map.source.want(latent).then((came) => came && this.show());
    this.change({ pins: [...this.map.state.pins, latent] });
  }

  /** Pins with the pictures that torch decoded; the large picture too, when it stands on one. */
  show() {
    const { map } = this, { source, state: { pins, z } } = map, latent = map.latentAt(z), bytes = source.answer(latent);
    map.lists.showPins(pins, (at) => source.answer(at), this.stack.canUndo);
    if (bytes && !map.preview && pins.some((pin) => keyOf(pin) === keyOf(latent))) map.panel.showBytes(bytes, latent);
    // Python sends the latest pins' pictures itself; older ones come by URL when a link is opened.
    for (const pin of pins.slice(0, -MOST_INLINE)) source.want(pin).then((came) => came && this.show());
  }
}
