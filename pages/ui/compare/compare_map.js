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
import { onButtons, pressOnly } from "../component/element.js";
import { LinkedMaps } from "../map/linked.js";
import { loadPlotly } from "../map/scatter.js";
import { round } from "../map/viewport.js";

const COMMIT_DELAY = 250;

export default class CompareMap extends LinkedMaps {
  sheets = [];

  constructor(root) {
    super(root);
    this.debouncer = new Debouncer(() => this.send?.("place", { turn: this.turn = (this.turn ?? 0) + 1, ...this.state }));
    onButtons(root, "mode", (mode) => this.setMode(mode));
    onButtons(root, "extent", (extent) => { this.state.extent = extent; this.showTools(); this.drawSheets(); this.commit(); });
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
    const free = this.planes.filter((p) => !models.some((m) => m.facts.digest === p.digest));
    const next = models.map((m) => this.planes.find((p) => p.digest === m.facts.digest) ?? free.shift() ?? this.addPanel());
    for (const panel of this.planes) if (!next.includes(panel)) panel.destroy();
    this.planes = next;
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

  addPanel() { return new ComparePanel(this.addCopy(".cm-panel-template", ".cm-panels"), this.handlers()); }

  addSheet() {
    const sheet = new Sheet(this.addCopy(".cm-sheet-template", ".cm-sheets"), (z) => this.pin(this.planes[this.sheets.indexOf(sheet)], z));
    return sheet;
  }

  // --- input -----------------------------------------------------------------------------------

  /** A position in one panel as the shared cursor: itself, or the nearest item. */
  target(panel, z) {
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

  drag(panel, z) { this.hold(panel, this.target(panel, z)); }

  release() { this.rest(); }

  pin(panel, z) { this.drag(panel, z); this.rest(); }

  nudge(panel, dx, dy) {
    const { mode, z, item } = this.state, next = mode === "z" ? item : neighbourTowards(panel.items, item, dx, dy);
    this.hold(panel, { z: round(mode === "z" ? [z[0] + dx, z[1] + dy] : panel.items.code(next)), item: next });
    if (panel.view.reveal(...this.state.z)) this.changeView(panel);
    this.rest();
  }

  keys() { return { m: () => this.setMode(this.state.mode === "z" ? "item" : "z"), Enter: () => this.commit(0) }; }

  setMode(mode) {
    const lead = this.lead?.items ? this.lead : this.ready()[0];
    if (!lead || mode === this.state.mode) return;
    this.state.mode = mode;
    if (mode === "item") this.drag(lead, this.state.z);
    else Object.assign(this.state, { z: round(this.state.z) });
    this.showTools();
    this.rest();
  }

  // --- output ---------------------------------------------------------------------------------

  showTools() {
    const { mode, extent } = this.state;
    pressOnly(this.root, "mode", mode);
    pressOnly(this.root, "extent", extent);
    this.find(".cm-extent").textContent = extent === "same"
      ? "121 points, spaced 0.5 from −2.5 to 2.5 on both axes. Click one to move the cursor there."
      : "121 points over the extent of each model's codes: compare the arrangement, not the positions.";
  }

  drawSheets() {
    this.planes.forEach((panel, i) => {
      if (panel.items) this.sheets[i].draw(panel, this.state.extent === "same" ? SAME : panel.items.bounds);
    });
    this.redraw();
  }

  showOriginal(picture, item) { for (const panel of this.ready()) panel.showOriginal(picture, item); }

  drawPlanes(moved) {
    const { state, theme, hidden } = this, panels = this.ready();
    if (!panels.length) return;
    const { z, item } = this.preview ?? state, byItem = state.mode === "item" && item !== null;
    for (const panel of panels) {
      const code = (i) => round(panel.items.code(i)), here = byItem ? code(item) : z;
      panel.show(here, byItem ? item : null);
      panel.draw(theme, { z: here, held: byItem ? code(state.item) : state.z, preview: this.preview !== null, item, hidden }, moved.has(panel));
      this.sheets[this.planes.indexOf(panel)].point(here);
    }
    if (byItem) this.latestImage.want(item);
    const [{ items }] = panels;
    this.find(".cm-where").textContent = byItem
      ? `${items.itemName(item)}: ${items.classes[items.labels[item]]}` : `z = ${z.map((v) => v.toFixed(2)).join(", ")}`;
  }

  /** Sends the cursor to Python and announces it to screen readers. */
  rest() { this.commit(); this.say(); }

  words() {
    return [this.find(".cm-where").textContent, ...this.ready().map((p) => `${p.items.name}: ${p.find(".cm-facts").textContent}`)];
  }

  commit(delay = COMMIT_DELAY) { this.debouncer.schedule(delay); }

  destroy() {
    super.destroy();
    for (const sheet of this.sheets) sheet.destroy();
    this.debouncer.cancel();
  }
}
