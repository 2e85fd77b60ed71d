/**
 * A canvas of the model's image size to draw on, which also takes pasted images.
 *
 * Strokes are drawn on a canvas eight times as fine and averaged, so that edges are as soft as those of
 * the data set. Only "Use this drawing" and pasting send anything.
 */

import { element, onButtons, pressOnly } from "../component/element.js";

const SCALE = 8;
const MAX_BYTES = 4 * 2 ** 20; // of a pasted image

export default class Drawing {
  /** @type {HTMLCanvasElement} */ canvas;
  /** @type {HTMLCanvasElement} */ fine;

  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.canvas = this.find("canvas");
    /** @type {{ brush: number, points: [number, number][], pointer: number }[]} */ this.strokes = [];
    this.brush = 2;
    this.turn = 0;
    onButtons(root, "brush", (brush) => { this.brush = Number(brush); pressOnly(root, "brush", brush); });
    this.find('[data-do="undo"]').onclick = () => { this.strokes.pop(); this.draw(); };
    this.find('[data-do="clear"]').onclick = () => { this.strokes = []; this.draw(); };
    this.find('[data-do="use"]').onclick = () => this.sendImage("drawing", this.grey);
    this.listen();
  }

  update({ data, setStateValue }) {
    this.send = setStateValue;
    this.turn = Math.max(this.turn, data.turn);
    if (this.root.dataset.state === "ready" && this.canvas.width === data.width && this.canvas.height === data.height) return;
    Object.assign(this.canvas, { width: data.width, height: data.height });
    this.fine = element("canvas", { width: SCALE * data.width, height: SCALE * data.height });
    this.strokes = [];
    this.root.dataset.state = "ready";
    this.draw();
  }

  listen() {
    const { canvas } = this;
    /** @returns {[number, number]} */
    const position = (event) => {
      const box = canvas.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width * this.fine.width, (event.clientY - box.top) / box.height * this.fine.height];
    };
    canvas.onpointerdown = (event) => {
      if (event.button || !this.fine) return;
      canvas.setPointerCapture(event.pointerId);
      this.stroke = { brush: this.brush, points: [position(event)], pointer: event.pointerId };
      this.strokes.push(this.stroke);
      this.draw();
    };
    canvas.onpointermove = (event) => {
      if (this.stroke?.pointer !== event.pointerId) return;
      for (const part of event.getCoalescedEvents?.() ?? [event]) this.stroke.points.push(position(part));
      this.draw();
    };
    canvas.onpointerup = canvas.onpointercancel = (event) => { if (this.stroke?.pointer === event.pointerId) this.stroke = null; };
    canvas.onkeydown = (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
      event.preventDefault();
      this.find('[data-do="undo"]').click();
    };
    this.pasted = (event) => {
      if (!this.root.isConnected || /^(INPUT|TEXTAREA)$/.test(document.activeElement?.tagName)) return;
      const file = [...event.clipboardData?.files ?? []].find((f) => f.type.startsWith("image/"));
      if (!file) return;
      event.preventDefault();
      this.paste(file);
    };
    document.addEventListener("paste", this.pasted);
  }

  draw() {
    const ctx = this.fine.getContext("2d"), { width, height } = this.canvas;
    ctx.fillStyle = "#000";
    ctx.fillRect(0, 0, this.fine.width, this.fine.height);
    ctx.strokeStyle = ctx.fillStyle = "#fff";
    ctx.lineCap = ctx.lineJoin = "round";
    for (const { brush, points } of this.strokes) {
      ctx.lineWidth = brush * SCALE;
      ctx.beginPath();
      ctx.moveTo(...points[0]);
      for (const point of points) ctx.lineTo(...point);
      ctx.stroke();
      ctx.beginPath(); ctx.arc(...points[0], brush * SCALE / 2, 0, 2 * Math.PI); ctx.fill();
    }
    const { data } = ctx.getImageData(0, 0, this.fine.width, this.fine.height);
    this.grey = Uint8Array.from({ length: width * height }, (_, k) => {
      const top = SCALE * Math.floor(k / width), left = SCALE * (k % width);
      let sum = 0;
      for (let y = top; y < top + SCALE; y++) for (let x = left; x < left + SCALE; x++) sum += data[4 * (y * this.fine.width + x)];
      return Math.round(sum / SCALE ** 2);
    });
    const small = this.canvas.getContext("2d"), image = small.createImageData(width, height);
    this.grey.forEach((v, i) => image.data.set([v, v, v, 255], 4 * i));
    small.putImageData(image, 0, 0);
    for (const name of ["undo", "clear", "use"]) this.find(`[data-do="${name}"]`).disabled = this.strokes.length === 0;
  }

  async paste(file) {
    const large = file.size > MAX_BYTES, megabytes = (file.size / 1e6).toFixed(1);
    this.find(".dr-status").textContent = large ? `The pasted image has ${megabytes} MB; expected at most 4 MB. Copy a smaller one.` : "";
    if (!large) this.sendImage("pasted", new Uint8Array(await file.arrayBuffer()));
  }

  sendImage(kind, bytes) {
    let text = "";
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    this.turn += 1;
    this.send("picture", { turn: this.turn, kind, data: btoa(text) });
  }

  destroy() { document.removeEventListener("paste", this.pasted); }
}
