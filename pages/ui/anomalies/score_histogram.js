/**
 * Scores of normal images and suspects as a histogram, with a threshold that is dragged.
 *
 * What is called unusual is counted here, in the sorted scores, on every move; only where the
 * threshold is let go is told to Python.
 */

import { loadBuffer } from "../component/load.js";

const BINS = 64, FOOT = 22, STRAY = 0.001; // pixels under the bars; share of scores that may lie beyond the ends

/** How many of sorted values lie above one. */
function above(values, threshold) {
  let low = 0, high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] > threshold) high = middle; else low = middle + 1;
  }
  return values.length - low;
}

/** The value below which a share of sorted values lies, between two of them where need be. */
function quantile(values, share) {
  const place = share * (values.length - 1), low = Math.floor(place);
  return values[low] + (place - low) * ((values[low + 1] ?? values[low]) - values[low]);
}

const percent = (count, of) => `${count.toLocaleString("en")} of ${of.toLocaleString("en")} (${(100 * count / of).toFixed(1)} %)`;

export default class ScoreHistogram {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.svg = this.find(".sh-plot > svg");
    this.line = this.find(".sh-line");
    this.wanted = this.find('[data-testid="wanted"]');
    this.turn = 0;
    const plot = this.find(".sh-plot");
    plot.onpointerdown = (event) => {
      if (event.button || !this.scores) return;
      event.preventDefault();
      plot.setPointerCapture(event.pointerId);
      this.line.focus({ preventScroll: true });
      this.dragged = event.pointerId;
      this.move(this.at(event));
    };
    plot.onpointermove = (event) => { if (this.dragged === event.pointerId) this.move(this.at(event)); };
    plot.onpointerup = plot.onpointercancel = (event) => {
      if (this.dragged !== event.pointerId) return;
      this.dragged = null;
      this.commit();
    };
    this.line.onkeydown = (event) => this.key(event);
    this.line.onkeyup = this.line.onblur = () => { if (this.pressed) this.commit(); };
    this.wanted.onchange = () => {
      const share = Number(this.wanted.value) / 100;
      if (this.wanted.value === "" || !(share >= 0 && share <= 1)) { this.count(); return; }
      this.move(quantile(this.scores.normal, 1 - share));
      this.commit(share);
    };
    this.sized = new ResizeObserver(() => this.scores && this.draw());
    this.sized.observe(plot);
  }

  async update({ data, setStateValue }) {
    this.send = setStateValue;
    this.turn = Math.max(this.turn, data.turn);
    this.words = data.words;
    if (data.key !== this.key_) {
      const [normal, suspects] = await Promise.all([loadBuffer(data.urls.normal), loadBuffer(data.urls.suspects)]);
      this.key_ = data.key;
      this.scores = { normal: new Float64Array(normal), suspects: new Float64Array(suspects) };
      this.bound();
    }
    this.root.dataset.suspects = String(this.scores.suspects.length > 0);
    for (const of of ["normal", "suspects"]) this.find(`[data-of="${of}"]`).textContent = this.words[of];
    this.root.dataset.state = "ready";
    if (this.dragged == null && !this.pressed) this.threshold = data.threshold;
    this.draw();
    this.root.dataset.key = data.key;
  }

  /** The ends of the axis: all but stray scores. */
  bound() {
    const ends = Object.values(this.scores).filter((v) => v.length);
    let low = Math.min(...ends.map((v) => quantile(v, STRAY))), high = Math.max(...ends.map((v) => quantile(v, 1 - STRAY)));
    if (!(high > low)) { low -= 0.5; high += 0.5; }
    const room = 0.03 * (high - low);
    this.low = low - room; this.high = high + room;
  }

  at(event) {
    const box = this.svg.getBoundingClientRect();
    return this.low + Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * (this.high - this.low);
  }

  move(threshold) {
    this.threshold = threshold;
    this.place();
    this.count();
  }

  key(event) {
    const span = this.high - this.low;
    const by = { ArrowLeft: -span / 200, ArrowDown: -span / 200, ArrowRight: span / 200, ArrowUp: span / 200, PageDown: -span / 20, PageUp: span / 20 }[event.key];
    const to = { Home: this.low, End: this.high }[event.key] ?? (by && Math.min(this.high, Math.max(this.low, this.threshold + by)));
    if (to === undefined || !this.scores) return;
    event.preventDefault();
    this.pressed = true;
    this.move(to);
  }

  /** Tells Python: a wanted share, or where the line was let go and the share that this gives. */
  commit(share) {
    this.pressed = false;
    const { normal } = this.scores;
    this.turn += 1;
    this.send("threshold", {
      key: this.key_, turn: this.turn, threshold: share === undefined ? this.threshold : null,
      share: share ?? above(normal, this.threshold) / normal.length,
    });
    const told = (name) => this.find(`[data-testid="${name}"]`).textContent;
    this.find(".la-live").textContent = `False alarms ${told("false-alarms")}${this.scores.suspects.length ? `, detections ${told("detections")}` : ""}`;
  }

  count() {
    const { normal, suspects } = this.scores, alarms = above(normal, this.threshold), found = above(suspects, this.threshold);
    const show = (name, text) => { this.find(`[data-testid="${name}"]`).textContent = text; };
    show("threshold-value", this.threshold.toFixed(3));
    show("false-alarms", percent(alarms, normal.length));
    show("detections", suspects.length ? percent(found, suspects.length) : "");
    show("precision", alarms + found ? `${(100 * found / (alarms + found)).toFixed(1)} % of what is called unusual` : "nothing is called unusual");
    this.wanted.value = String(Number((100 * alarms / normal.length).toFixed(2)));
    const { line } = this;
    line.setAttribute("aria-valuemin", this.low.toFixed(3));
    line.setAttribute("aria-valuemax", this.high.toFixed(3));
    line.setAttribute("aria-valuenow", this.threshold.toFixed(3));
    line.setAttribute("aria-valuetext", `${this.threshold.toFixed(3)}: false alarms ${percent(alarms, normal.length)}`);
  }

  place() {
    const share = Math.min(1, Math.max(0, (this.threshold - this.low) / (this.high - this.low)));
    this.line.style.left = `${100 * share}%`;
    const { width, height } = this.size, x = share * width, shade = this.find(".sh-above");
    for (const [name, value] of Object.entries({ x, y: 0, width: width - x, height: height - FOOT })) shade.setAttribute(name, value);
    const [below, over] = ["below", "above"].map((side) => this.find(`[data-side="${side}"]`));
    below.style.right = `${100 - 100 * share}%`;
    over.style.left = `${100 * share}%`;
    below.style.visibility = x < 110 ? "hidden" : "";
    over.style.visibility = width - x < 120 ? "hidden" : "";
  }

  draw() {
    const box = this.find(".sh-plot").getBoundingClientRect(), { width, height } = box;
    if (!width) return;
    this.size = { width, height };
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const shares = Object.fromEntries(Object.entries(this.scores).map(([of, values]) => {
      const bins = new Float64Array(BINS);
      for (const v of values) bins[Math.min(BINS - 1, Math.max(0, Math.floor((v - this.low) / (this.high - this.low) * BINS)))] += 1 / values.length;
      return [of, bins];
    }));
    const top = Math.max(...shares.normal, ...shares.suspects), room = height - FOOT - 26;
    for (const [of, bins] of Object.entries(shares)) {
      const steps = Array.from(bins, (v, i) => `V${(height - FOOT - v / top * room).toFixed(1)}H${((i + 1) * width / BINS).toFixed(1)}`);
      this.find(`.sh-plot path.sh-${of}`).setAttribute("d", this.scores[of].length ? `M0 ${height - FOOT}${steps.join("")}V${height - FOOT}Z` : "");
    }
    this.axis(width, height);
    this.place();
    this.count();
  }

  axis(width, height) {
    const rough = (this.high - this.low) / Math.max(3, Math.floor(width / 130)), power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough), digits = Math.max(0, -Math.floor(Math.log10(step)));
    const axis = this.find(".sh-axis"), made = (name, attributes) => {
      const node = document.createElementNS("http://www.w3.org/2000/svg", name);
      for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
      return node;
    };
    const parts = [made("line", { x1: 0, x2: width, y1: height - FOOT + 0.5, y2: height - FOOT + 0.5 })];
    for (let v = Math.ceil(this.low / step) * step; v <= this.high; v += step) {
      const x = (v - this.low) / (this.high - this.low) * width;
      if (x < 14 || x > width - 14) continue;
      const text = made("text", { x, y: height - 5 });
      text.textContent = (Math.abs(v) < step / 2 ? 0 : v).toFixed(digits).replace("-", "−");
      parts.push(text);
    }
    axis.replaceChildren(...parts);
  }

  destroy() { this.sized.disconnect(); }
}
