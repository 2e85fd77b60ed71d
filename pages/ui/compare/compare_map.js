/**
 * Two to four models on linked maps with one cursor: the same z or the same test image in all.
 *
 * As on the Explore page, `preview` follows a hovering pointer and `held` is the cursor; only the
 * cursor is committed to Python. An item index means the same image in every model, because all encode
 * the same images in the same order.
 */

import { ComparePanel, neighbourTowards } from "./model_panel.js";
import { SAME, Sheet } from "./contact_sheet.js";
import { Debouncer } from "../component/debounce.js";
import { Lists } from "../map/lists.js";
import { LatestImage } from "../decoder/latest_image.js";
import { loadPlotly } from "../map/scatter.js";
import { round } from "../map/viewport.js";

const COMMIT_DELAY = 250;

export default class CompareMap {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.panels = [];
    this.sheets = [];
    this.debouncer = new Debouncer(() => this.send?.("place", { turn: this.turn = (this.turn ?? 0) + 1, ...this.state }));
    this.hidden = new Set();
    this.lists = new Lists(root, { toggleClass: (label) => this.toggleClass(label) });
    this.latestImage = new LatestImage((item) => this.lists.picture(item), (picture, item) => {
      for (const panel of this.ready()) panel.showOriginal(picture, item);
    });
    this.find('[data-do="fit"]').onclick = () => this.fit();
    for (const button of root.querySelectorAll("[data-mode]")) button.onclick = () => this.setMode(button.dataset.mode);
    for (const button of root.querySelectorAll("[data-extent]")) {
      button.onclick = () => { this.state.extent = button.dataset.extent; this.showTools(); this.drawSheets(); this.commit(); };
    }
  }

  /** The handlers of a panel's pointer and keys; a click, which `listen` calls `pin`, moves the cursor. */
  actions() {
    return {
      preview: (panel, z) => { if (panel.items) { this.preview = z && this.aim(panel, z); this.redraw(); } },
      hold: (panel, z) => { if (panel.items) { this.hold(panel, this.aim(panel, z)); } },
      pin: (panel, z) => { if (panel.items) { this.hold(panel, this.aim(panel, z)); this.rest(); } },
      release: () => this.rest(),
      moved: (panel) => { (this.moved ??= new Set()).add(panel); this.redraw(); },
      nudge: (panel, dx, dy) => { if (panel.items) this.nudge(panel, dx, dy); },
      key: (panel, key) => this.key(panel, key),
    };
  }

  /** Called with every message of Python; the cursor stays when the models change. */
  async update({ data, setStateValue }, theme) {
    this.send = setStateValue;
    const repaint = theme !== this.theme;
    this.theme = theme;
    this.state ??= { ...data.place, z: round(data.place.z) };
    const wanted = data.models.map((m) => m.facts.digest).join();
    if (wanted !== this.wanted) {
      this.wanted = null;
      await this.open(data);
      this.wanted = wanted;
    } else if (repaint && this.lists.items) {
      this.lists.showLegend(this.hidden, theme);
      await Promise.all(this.ready().map((panel) => panel.plot.setTheme(theme, panel.view)));
      this.moveAll();
    }
  }

  /** Fills one panel and one sheet per model; a panel whose model stays is not redrawn. */
  async open({ models, plotly }) {
    const home = this.find(".cm-panels");
    const Plotly = await loadPlotly(plotly);
    const free = this.panels.filter((p) => !models.some((m) => m.facts.digest === p.digest));
    const next = models.map((m) => this.panels.find((p) => p.digest === m.facts.digest) ?? free.shift() ?? this.addPanel());
    for (const panel of this.panels) if (!next.includes(panel)) panel.destroy();
    this.panels = next;
    home.dataset.count = next.length;
    home.append(...next.map((p) => p.element));
    while (this.sheets.length > next.length) this.sheets.pop().destroy();
    while (this.sheets.length < next.length) this.sheets.push(this.addSheet());
    this.itemsUrl = models[0].urls.items;
    if (this.root.dataset.state === "loading") this.root.dataset.state = "opening";
    await Promise.all(next.map((panel, i) => panel.digest !== models[i].facts.digest
      && panel.open(models[i], Plotly, this.theme, this.hidden)));
    this.begin();
  }

  begin() {
    const [first] = this.ready();
    if (first) {
      this.lists.setModel(first.items, null, this.itemsUrl);
      this.lists.showLegend(this.hidden, this.theme);
      if (this.state.item >= first.items.count) this.state.item = null;
      if (this.state.mode === "item") this.state.item ??= first.items.nearest(this.state.z, 1)[0].item;
    }
    this.preview = null;
    this.latestImage.forget();
    this.showTools();
    this.drawSheets();
    this.moveAll();
    this.root.dataset.state = "ready";
  }

  addPanel() {
    const element = this.find(".cm-panel-template").content.firstElementChild.cloneNode(true);
    this.find(".cm-panels").append(element);
    return new ComparePanel(element, this.actions());
  }

  addSheet() {
    const element = this.find(".cm-sheet-template").content.firstElementChild.cloneNode(true);
    this.find(".cm-sheets").append(element);
    const sheet = new Sheet(element, (z) => {
      const panel = this.panels[this.sheets.indexOf(sheet)];
      this.hold(panel, this.aim(panel, z));
      this.rest();
    });
    return sheet;
  }

  ready() { return this.panels.filter((panel) => panel.items); }

  // --- input -----------------------------------------------------------------------------------

  /** A position in one panel as the shared cursor: itself, or the nearest item. */
  aim(panel, z) {
    if (this.state.mode === "z") return { z: round(z), item: this.state.item };
    const [{ item }] = panel.items.nearest(z, 1);
    return { z: round(panel.items.code(item)), item };
  }

  hold(panel, { z, item }) {
    Object.assign(this.state, { z, item });
    this.lead = panel;
    this.preview = null;
    this.redraw();
  }

  nudge(panel, dx, dy) {
    const { mode, z, item } = this.state;
    if (mode === "z") this.hold(panel, { z: round([z[0] + dx, z[1] + dy]), item });
    else {
      const next = neighbourTowards(panel.items, item, dx, dy);
      this.hold(panel, { z: round(panel.items.code(next)), item: next });
    }
    if (panel.view.reveal(...this.state.z)) (this.moved ??= new Set()).add(panel);
    this.rest();
  }

  key(panel, key) {
    if (!panel.items) return false;
    const zoom = (factor) => () => { panel.view.zoom(factor); (this.moved ??= new Set()).add(panel); this.redraw(); };
    const action = {
      "+": zoom(1.5), "=": zoom(1.5), "-": zoom(1 / 1.5), f: () => this.fit(), F: () => this.fit(),
      m: () => this.setMode(this.state.mode === "z" ? "item" : "z"), M: () => this.setMode(this.state.mode === "z" ? "item" : "z"),
      Enter: () => this.commit(0),
    }[key];
    if (action) { action(); return true; }
    const centre = /^[0-9]$/.test(key) && panel.items.centres[Number(key)];
    if (!centre) return false;
    this.hold(panel, this.aim(panel, centre));
    this.rest();
    return true;
  }

  setMode(mode) {
    const lead = this.lead?.items ? this.lead : this.ready()[0];
    if (!lead || mode === this.state.mode) return;
    this.state.mode = mode;
    if (mode === "item") this.hold(lead, this.aim(lead, this.state.z));
    else Object.assign(this.state, { z: round(this.state.z) });
    this.showTools();
    this.rest();
  }

  fit() {
    for (const panel of this.ready()) panel.view.fit(panel.items.bounds);
    this.moveAll();
  }

  toggleClass(label) {
    if (!this.hidden.delete(label)) this.hidden.add(label);
    this.lists.showLegend(this.hidden, this.theme);
    for (const panel of this.ready()) panel.plot.setVisible(this.hidden, true);
    this.redraw();
  }

  // --- output ---------------------------------------------------------------------------------

  showTools() {
    const { mode, extent } = this.state;
    for (const button of this.root.querySelectorAll("[data-mode]")) button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
    for (const button of this.root.querySelectorAll("[data-extent]")) button.setAttribute("aria-pressed", String(button.dataset.extent === extent));
    this.find(".cm-extent").textContent = extent === "same"
      ? "121 points, spaced 0.5 from −2.5 to 2.5 on both axes. Click one to move the cursor there."
      : "121 points over the extent of each model's codes: compare the arrangement, not the positions.";
  }

  drawSheets() {
    this.panels.forEach((panel, i) => {
      if (panel.items) this.sheets[i].draw(panel, this.state.extent === "same" ? SAME : panel.items.bounds);
    });
    this.redraw();
  }

  moveAll() {
    this.moved = new Set(this.panels);
    this.redraw();
  }

  redraw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.drawCursor();
    });
  }

  drawCursor() {
    const { state, theme, hidden } = this, panels = this.ready();
    if (!panels.length) return;
    const { z, item } = this.preview ?? state, byItem = state.mode === "item" && item !== null;
    const moved = this.moved ?? new Set();
    this.moved = null;
    panels.forEach((panel) => {
      const code = (i) => round(panel.items.code(i)), here = byItem ? code(item) : z;
      panel.show(here, byItem ? item : null);
      panel.draw(theme, { z: here, held: byItem ? code(state.item) : state.z, preview: this.preview !== null, item, hidden }, moved.has(panel));
      this.sheets[this.panels.indexOf(panel)].point(here);
    });
    if (byItem) this.latestImage.want(item);
    const [{ items }] = panels;
    this.find(".cm-where").textContent = byItem
      ? `test image ${items.itemNumber(item)}: ${items.classes[items.labels[item]]}` : `z = ${z.map((v) => v.toFixed(2)).join(", ")}`;
  }

  /** Sends the cursor to Python and announces it to screen readers. */
  rest() {
    this.commit();
    clearTimeout(this.saying);
    this.saying = setTimeout(() => {
      this.find(".la-live").textContent = [this.find(".cm-where").textContent,
        ...this.ready().map((p) => `${p.items.name}: ${p.find(".cm-facts").textContent}`)].join("; ");
    }, 400);
  }

  commit(delay = COMMIT_DELAY) { this.debouncer.schedule(delay); }

  destroy() {
    for (const part of [...this.panels, ...this.sheets]) part.destroy();
    cancelAnimationFrame(this.frame);
    this.debouncer.cancel();
    clearTimeout(this.saying);
  }
}
