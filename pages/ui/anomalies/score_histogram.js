/**
 * A histogram of the scores of normal and candidate images with a threshold that can be dragged.
 *
 * The flagged images are counted here, in the sorted scores, on every move; Python receives the
 * threshold when it is released.
 */

import { svgElement } from "../component/element.js";
import { loadBuffer } from "../component/load.js";

const BINS = 64;
const AXIS = 22; // pixels below the bars
const OUTLIERS = 0.001; // share of the scores that may lie beyond either end of the axis

/** The number of sorted values above a threshold. */
function above(values, threshold) {
  let low = 0, high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] > threshold) high = middle; else low = middle + 1;
  }
  return values.length - low;
}

/** The quantile of sorted values, with linear interpolation. */
function quantile(values, share) {
  const index = share * (values.length - 1), low = Math.floor(index);
  return values[low] + (index - low) * ((values[low + 1] ?? values[low]) - values[low]);
}

const percent = (count, of) => `${count.toLocaleString("en")} of ${of.toLocaleString("en")} (${(100 * count / of).toFixed(1)} %)`;

export default class ScoreHistogram {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.svg = this.find(".sh-plot > svg");
    this.line = this.find(".sh-line");
    this.target = this.find('[data-testid="target-fpr"]');
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
    this.target.onchange = () => {
      const share = Number(this.target.value) / 100;
      if (this.target.value === "" || !(share >= 0 && share <= 1)) { this.count(); return; }
      this.move(quantile(this.scores.normal, 1 - share));
      this.commit(share);
    };
    this.sized = new ResizeObserver(() => this.scores && this.draw());
    this.sized.observe(plot);
  }

  async update({ data, setStateValue }) {
    this.send = setStateValue;
    this.turn = Math.max(this.turn, data.turn);
    this.descriptions = data.descriptions;
    if (data.key !== this.scoresKey) {
      const [normal, candidates] = await Promise.all([loadBuffer(data.urls.normal), loadBuffer(data.urls.candidates)]);
      this.scoresKey = data.key;
      this.scores = { normal: new Float64Array(normal), candidates: new Float64Array(candidates) };
      this.setRange();
    }
    this.root.dataset.candidates = String(this.scores.candidates.length > 0);
    for (const group of ["normal", "candidates"]) this.find(`[data-group="${group}"]`).textContent = this.descriptions[group];
    this.root.dataset.state = "ready";
    if (this.dragged == null && !this.pressed) this.threshold = data.threshold;
    this.draw();
    this.root.dataset.key = data.key;
  }

  setRange() {
    const ends = Object.values(this.scores).filter((v) => v.length);
    let low = Math.min(...ends.map((v) => quantile(v, OUTLIERS))), high = Math.max(...ends.map((v) => quantile(v, 1 - OUTLIERS)));
    if (!(high > low)) { low -= 0.5; high += 0.5; }
    const margin = 0.03 * (high - low);
    this.low = low - margin; this.high = high + margin;
  }

  /** The score at the pointer. */
  at(event) {
    const box = this.svg.getBoundingClientRect();
    return this.low + Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * (this.high - this.low);
  }

  move(threshold) { this.threshold = threshold; this.showThreshold(); this.count(); }

  key(event) {
    const span = this.high - this.low;
    const by = { ArrowLeft: -0.005, ArrowDown: -0.005, ArrowRight: 0.005, ArrowUp: 0.005, PageDown: -0.05, PageUp: 0.05 }[event.key];
    const to = { Home: this.low, End: this.high }[event.key] ?? (by && Math.min(this.high, Math.max(this.low, this.threshold + by * span)));
    if (to === undefined || !this.scores) return;
    event.preventDefault();
    this.pressed = true;
    this.move(to);
  }

  /** Sends a target rate to Python, or the released threshold and its rate. */
  commit(share) {
    this.pressed = false;
    const { normal } = this.scores;
    this.turn += 1;
    this.send("threshold", {
      key: this.scoresKey, turn: this.turn, threshold: share === undefined ? this.threshold : null,
      share: share ?? above(normal, this.threshold) / normal.length,
    });
    const [fpr, tpr] = ["fpr", "tpr"].map((name) => this.find(`[data-testid="${name}"]`).textContent);
    this.find(".la-live").textContent = `False-positive rate ${fpr}${this.scores.candidates.length ? `, true-positive rate ${tpr}` : ""}`;
  }

  count() {
    const { normal, candidates } = this.scores;
    const falsePositives = above(normal, this.threshold), truePositives = above(candidates, this.threshold);
    const flagged = falsePositives + truePositives, rate = percent(falsePositives, normal.length);
    const threshold = this.threshold.toFixed(3);
    const texts = {
      "threshold-value": threshold, fpr: rate, tpr: candidates.length ? percent(truePositives, candidates.length) : "",
      precision: flagged ? `${(100 * truePositives / flagged).toFixed(1)} % of the flagged images` : "no image is flagged",
    };
    for (const [name, text] of Object.entries(texts)) this.find(`[data-testid="${name}"]`).textContent = text;
    this.target.value = String(Number((100 * falsePositives / normal.length).toFixed(2)));
    const values = { min: this.low.toFixed(3), max: this.high.toFixed(3), now: threshold, text: `${threshold}: false-positive rate ${rate}` };
    for (const [name, value] of Object.entries(values)) this.line.setAttribute(`aria-value${name}`, value);
  }

  showThreshold() {
    const share = Math.min(1, Math.max(0, (this.threshold - this.low) / (this.high - this.low)));
    this.line.style.left = `${100 * share}%`;
    const { width, height } = this.size, x = share * width, shade = this.find(".sh-above");
    for (const [name, value] of Object.entries({ x, y: 0, width: width - x, height: height - AXIS })) shade.setAttribute(name, value);
    const [below, over] = ["below", "above"].map((side) => this.find(`[data-side="${side}"]`));
    below.style.right = `${100 - 100 * share}%`;
    over.style.left = `${100 * share}%`;
    below.style.visibility = x < 110 ? "hidden" : "";
    over.style.visibility = width - x < 120 ? "hidden" : "";
  }

  draw() {
    const { width, height } = this.find(".sh-plot").getBoundingClientRect();
    if (!width) return;
    this.size = { width, height };
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const shares = Object.fromEntries(Object.entries(this.scores).map(([group, values]) => {
      const bins = new Float64Array(BINS);
      for (const v of values) bins[Math.min(BINS - 1, Math.max(0, Math.floor((v - this.low) / (this.high - this.low) * BINS)))] += 1 / values.length;
      return [group, bins];
    }));
    const top = Math.max(...shares.normal, ...shares.candidates), room = height - AXIS - 26;
    for (const [group, bins] of Object.entries(shares)) {
      const steps = Array.from(bins, (v, i) => `V${(height - AXIS - v / top * room).toFixed(1)}H${((i + 1) * width / BINS).toFixed(1)}`);
      this.find(`.sh-plot path.sh-${group}`).setAttribute("d", this.scores[group].length ? `M0 ${height - AXIS}${steps.join("")}V${height - AXIS}Z` : "");
    }
    this.axis(width, height);
    this.showThreshold();
    this.count();
  }

  axis(width, height) {
    const rough = (this.high - this.low) / Math.max(3, Math.floor(width / 130)), power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough), digits = Math.max(0, -Math.floor(Math.log10(step)));
    const parts = [svgElement("line", { x1: 0, x2: width, y1: height - AXIS + 0.5, y2: height - AXIS + 0.5 })];
    for (let v = Math.ceil(this.low / step) * step; v <= this.high; v += step) {
      const x = (v - this.low) / (this.high - this.low) * width;
      if (x < 14 || x > width - 14) continue;
      const text = svgElement("text", { x, y: height - 5 });
      text.textContent = (Math.abs(v) < step / 2 ? 0 : v).toFixed(digits).replace("-", "−");
      parts.push(text);
    }
    this.find(".sh-axis").replaceChildren(...parts);
  }

  destroy() { this.sized.disconnect(); }
}
