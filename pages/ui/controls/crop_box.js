/**
 * A picture with a box to drag on it, which says what part of it is used.
 *
 * Until the visitor changes the box it is the automatic one, and the message is null. While it is
 * dragged, Python gets the box in pauses only; where it rests, at once.
 */

import { Debouncer } from "../component/debounce.js";
import { onButtons, showValue, watchTyping } from "../component/element.js";
import { resolve } from "../component/load.js";
import { keyed, moved, resized, rounded, spanned } from "./crop.js";

const START = 4; // pixels that a pointer moves before it drags
const STEP = 0.01; // of the picture, per arrow key
const PAUSE = 120, KEYS = 400; // milliseconds until a dragged box is sent, until one that keys move
const ROOMY = 64; // pixels of a side, from which handles lie on it and not outside
const EDGES = ["w", "n", "e", "s"]; // in the order of a box

export default class CropBox {
  constructor(root) {
    this.root = root;
    /** @returns {any} */
    this.find = (selector) => root.querySelector(selector);
    this.stage = this.find(".cb-stage");
    this.handle = this.find(".cb-box");
    this.fields = [...root.querySelectorAll("input")];
    /** @type {number[] | null} */ this.box = null; // null: the automatic one
    this.drag = this.image = null;
    this.debouncer = new Debouncer(() => this.send("crop", { box: this.drag ? this.drag.before : this.box, dragged: this.drag ? this.box : null }));
    this.sizes = new ResizeObserver(() => this.show());
    this.sizes.observe(this.stage);
    onButtons(root, "do", () => { this.rest(null); this.handle.focus({ preventScroll: true }); });
    this.listen();
  }

  async update({ data, setStateValue }) {
    this.send = setStateValue;
    this.data = data;
    if (this.image !== data.image) {
      this.debouncer.cancel();
      Object.assign(this, { image: data.image, box: data.box, drag: null });
      const picture = this.find("img");
      picture.src = resolve(data.image);
      this.stage.style.setProperty("--ratio", data.width / data.height);
      this.stage.toggleAttribute("data-small", Math.max(data.width, data.height) <= 128);
      await picture.decode();
    }
    this.root.dataset.state = "ready";
    this.show();
  }

  listen() {
    const { stage, handle } = this;
    const place = (event) => {
      const { left, top, width, height } = stage.getBoundingClientRect();
      return [(event.clientX - left) / width, (event.clientY - top) / height];
    };
    stage.onpointerdown = (event) => {
      if (event.button || this.drag || !this.data) return;
      event.preventDefault(); // neither the picture nor text is selected
      handle.focus({ preventScroll: true });
      stage.setPointerCapture(event.pointerId);
      const kind = event.target.dataset.handle ?? (handle.contains(event.target) ? "move" : "new");
      const at = [event.clientX, event.clientY];
      this.drag = { pointer: event.pointerId, kind, at, start: place(event), before: this.box, from: this.shown, moving: false };
    };
    stage.onpointermove = (event) => {
      const { drag } = this;
      if (drag?.pointer !== event.pointerId) return;
      drag.moving ||= Math.hypot(event.clientX - drag.at[0], event.clientY - drag.at[1]) >= START;
      if (!drag.moving) return;
      const [x, y] = place(event), dx = x - drag.start[0], dy = y - drag.start[1];
      const ratio = event.shiftKey ? null : this.ratio;
      if (drag.kind === "move") this.box = moved(drag.from, dx, dy);
      else if (drag.kind === "new") this.box = spanned(drag.start, [x, y], ratio);
      else this.box = resized(drag.from, drag.kind, dx, dy, ratio);
      this.box = rounded(this.box);
      this.show();
      this.debouncer.schedule(PAUSE);
    };
    stage.onpointerup = stage.onpointercancel = (event) => {
      if (this.drag?.pointer !== event.pointerId) return;
      if (this.drag.moving) this.rest(this.box);
      this.drag = null;
    };
    handle.onkeydown = (event) => {
      if (event.key === "Escape" && this.drag) {
        event.preventDefault();
        this.rest(this.drag.before);
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || this.drag) return;
      const box = keyed(this.shown, event.key, event.shiftKey, STEP);
      if (!box) return;
      event.preventDefault();
      this.rest(rounded(box), KEYS);
    };
    this.fields.forEach((field, k) => {
      watchTyping(field);
      field.onchange = () => {
        const by = field.valueAsNumber / 100 - this.shown[k];
        if (Number.isFinite(by)) this.rest(rounded(resized(this.shown, EDGES[k], by, by, null)));
        this.show();
      };
    });
  }

  /** The box on the picture, also where it is the automatic one. */
  get shown() { return this.box ?? this.data.automatic; }

  /** Width by height of a box of the model's proportions, in fractions of the picture. */
  get ratio() { return this.data.ratio / (this.data.width / this.data.height); }

  /** Leaves the box there and says so to Python. */
  rest(box, delay = 0) {
    Object.assign(this, { box, drag: null });
    this.show();
    this.debouncer.schedule(delay);
  }

  show() {
    if (!this.data) return;
    const box = this.shown, [left, top, right, bottom] = box, { clientWidth, clientHeight } = this.stage;
    const place = { left: `${100 * left}%`, top: `${100 * top}%`, width: `${100 * (right - left)}%`, height: `${100 * (bottom - top)}%` };
    for (const part of [this.handle, this.find(".cb-shade")]) Object.assign(part.style, place);
    this.handle.toggleAttribute("data-narrow", (right - left) * clientWidth < ROOMY);
    this.handle.toggleAttribute("data-low", (bottom - top) * clientHeight < ROOMY);
    this.root.dataset.box = this.box?.join(",") ?? "";
    this.fields.forEach((field, k) => showValue(field, Number((100 * box[k]).toFixed(1))));
    this.find('[data-do="reset"]').disabled = this.box === null;
    const [width, height] = [right - left, bottom - top].map((side) => Math.round(100 * side));
    const about = this.box ? `Your box: ${width} × ${height} % of the picture` : this.data.about;
    const status = this.find(".cb-status");
    if (!this.drag && status.textContent !== about) status.textContent = about;
  }

  destroy() {
    this.debouncer.cancel();
    this.sizes.disconnect();
  }
}
