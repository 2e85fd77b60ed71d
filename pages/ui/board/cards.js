/**
 * The cards of a board: ratings, notes, reordering by drag or keyboard, the lineage, and a pair side
 * by side. Python writes every change and sends the board again.
 */

import { loadImage, resolve } from "../component/load.js";
import { element } from "../component/element.js";

const DRAG_DISTANCE = 6; // pixels

export default class Board {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.cards = this.find(".bd-cards");
    this.selected = [];
    this.sort = "manual";
    this.view = "cards";
    for (const button of root.querySelectorAll("[data-do]")) button.onclick = () => this.ask(button.dataset.do);
    for (const button of root.querySelectorAll("[data-sort]")) button.onclick = () => { this.sort = button.dataset.sort; this.show(); };
    for (const button of root.querySelectorAll("[data-view]")) button.onclick = () => { this.view = button.dataset.view; this.show(); };
    this.find("[data-least]").onchange = () => this.show();
    this.cards.onpointerdown = (event) => this.press(event);
    this.cards.onkeydown = (event) => this.key(event);
    this.shortcut = (event) => {
      if (event.target.closest?.("input, textarea, select, [contenteditable]") || !(event.ctrlKey || event.metaKey)) return;
      if (event.key.toLowerCase() !== "z" || !root.isConnected) return;
      event.preventDefault();
      this.ask(event.shiftKey ? "redo" : "undo");
    };
    document.addEventListener("keydown", this.shortcut);
  }

  update({ data, setStateValue }) {
    this.send = setStateValue;
    const typing = this.root.contains(document.activeElement) && document.activeElement.classList.contains("bd-note");
    this.data = data;
    this.items = new Map(data.items.map((item, index) => [item.id, { ...item, index }]));
    this.selected = this.selected.filter((id) => this.items.has(id));
    this.find('[data-testid="board-note"]').textContent = data.note;
    this.waiting = typing; // the note that is being typed is not replaced
    if (!typing) this.show();
    this.root.dataset.state = "ready";
    this.root.dataset.revision = data.revision;
  }

  /** The ids with the minimum rating, sorted. */
  order() {
    const least = Number(this.find("[data-least]").value);
    const by = {
      manual: (a, b) => a.index - b.index, stars: (a, b) => b.stars - a.stars || a.index - b.index,
      newest: (a, b) => b.changed - a.changed || b.index - a.index,
    };
    return [...this.items.values()].filter((item) => item.stars >= least).sort(by[this.sort]).map((item) => item.id);
  }

  show() {
    const focused = document.activeElement?.closest?.(".bd-card")?.dataset.id;
    for (const button of this.root.querySelectorAll("[data-sort]")) button.setAttribute("aria-pressed", button.dataset.sort === this.sort);
    for (const button of this.root.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", button.dataset.view === this.view);
    this.cards.hidden = this.view !== "cards";
    this.find(".bd-tree").hidden = this.view !== "tree";
    this.find(".bd-pair").hidden = this.view !== "pair";
    this.shown = this.order();
    this.cards.replaceChildren(...this.shown.map((id) => this.card(this.items.get(id))));
    if (this.view === "tree") this.showTree();
    if (this.view === "pair") this.showPair();
    this.mark();
    if (focused) this.cards.querySelector(`[data-id="${focused}"]`)?.focus();
  }

  image(item) {
    const { columns, rows, url } = this.data.sprite, share = (k, n) => n > 1 ? `${100 * k / (n - 1)}%` : "0";
    const image = element("div");
    image.className = "bd-image";
    Object.assign(image.style, {
      backgroundImage: `url("${resolve(url)}")`, backgroundSize: `${100 * columns}% ${100 * rows}%`,
      backgroundPosition: `${share(item.index % columns, columns)} ${share(Math.floor(item.index / columns), rows)}`,
    });
    return image;
  }

  card(item) {
    const card = element("div");
    card.className = "bd-card";
    Object.assign(card.dataset, { id: item.id, z: item.z.join(","), stars: item.stars });
    card.setAttribute("role", "option");
    card.setAttribute("aria-label", `Image ${item.index + 1} of ${item.model}, ${item.stars} stars${item.step ? `, ${item.step}` : ""}`);
    const stars = element("div");
    stars.className = "bd-stars";
    for (let n = 1; n <= 5; n++) {
      const star = element("button", { type: "button", textContent: n <= item.stars ? "★" : "☆", tabIndex: -1 });
      star.setAttribute("aria-label", `${n} stars`);
      star.onclick = () => this.ask("stars", { ids: [item.id], stars: n === item.stars ? 0 : n });
      stars.append(star);
    }
    const note = element("input", { className: "bd-note", value: item.note, placeholder: "Add a note", maxLength: 2000, tabIndex: -1 });
    note.setAttribute("aria-label", `Note of image ${item.index + 1}`);
    note.onchange = () => this.ask("note", { ids: [item.id], note: note.value });
    note.onblur = () => { if (this.waiting) { this.waiting = false; this.show(); } };
    note.onkeydown = (event) => { event.stopPropagation(); if (event.key === "Enter") note.blur(); };
    const caption = element("div");
    caption.className = "bd-caption";
    const title = `${item.model}, z ${item.z.map((v) => v.toFixed(3)).join(", ")}${item.warning ? `: ${item.warning}` : ""}`;
    caption.append(element("span", { textContent: item.warning || item.step || item.model, title }));
    if (item.link) caption.append(element("a", { href: item.link, target: "_self", textContent: "Explore", title: "Open in Explore" }));
    card.append(this.image(item), stars, note, caption);
    return card;
  }

  mark() {
    const first = this.shown.includes(this.selected.at(-1)) ? this.selected.at(-1) : this.shown[0];
    for (const card of this.cards.children) {
      card.setAttribute("aria-selected", this.selected.includes(card.dataset.id));
      card.tabIndex = card.dataset.id === first ? 0 : -1;
    }
    const can = this.data.can;
    const enabled = { undo: can.undo, redo: can.redo, delete: this.selected.length > 0 };
    for (const button of this.root.querySelectorAll("[data-do]")) button.disabled = !enabled[button.dataset.do];
    if (JSON.stringify(this.selected) !== this.sent) {
      this.sent = JSON.stringify(this.selected);
      this.send("selected", this.selected);
    }
  }

  select(id, { add = false, until = false } = {}) {
    if (until && this.selected.length) {
      const [a, b] = [this.shown.indexOf(this.selected.at(-1)), this.shown.indexOf(id)].sort((x, y) => x - y);
      this.selected = [...new Set([...this.selected, ...this.shown.slice(a, b + 1)])];
    } else if (add) this.selected = this.selected.includes(id) ? this.selected.filter((other) => other !== id) : [...this.selected, id];
    else this.selected = [id];
    this.mark();
  }

  /** A click selects; a drag moves the card, or all selected cards. */
  press(event) {
    const card = event.target.closest(".bd-card");
    if (!card || event.button || event.target.closest("button, input, a")) return;
    const { id } = card.dataset, from = [event.clientX, event.clientY];
    card.focus();
    const target = (move) => document.elementFromPoint(move.clientX, move.clientY)?.closest?.(".bd-card");
    const moved = (move) => {
      if (!this.drag && Math.hypot(move.clientX - from[0], move.clientY - from[1]) > DRAG_DISTANCE && this.sort === "manual") {
        this.drag = this.selected.includes(id) ? this.shown.filter((other) => this.selected.includes(other)) : [id];
        for (const other of this.cards.children) other.dataset.dragged = this.drag.includes(other.dataset.id);
      }
      if (this.drag) for (const other of this.cards.children) other.dataset.before = other === target(move);
    };
    const ended = (up) => {
      removeEventListener("pointermove", moved);
      removeEventListener("pointerup", ended);
      removeEventListener("pointercancel", ended);
      const { drag } = this, over = up.type === "pointerup" && target(up);
      this.drag = null;
      for (const other of this.cards.children) other.dataset.before = other.dataset.dragged = false;
      if (drag) { if (over && !drag.includes(over.dataset.id)) this.move(drag, over.dataset.id); }
      else if (up.type === "pointerup") this.select(id, { add: event.ctrlKey || event.metaKey, until: event.shiftKey });
    };
    addEventListener("pointermove", moved);
    addEventListener("pointerup", ended);
    addEventListener("pointercancel", ended);
  }

  /** Moves cards to the position of another one. */
  move(ids, over) {
    const at = this.shown.indexOf(over), forward = this.shown.indexOf(ids[0]) < at;
    this.ask("order", { ids, before: forward ? this.shown[at + 1] ?? null : over });
  }

  key(event) {
    const card = event.target.closest(".bd-card");
    if (!card || event.target !== card) return;
    const { id } = card.dataset, at = this.shown.indexOf(id), first = this.cards.children[0];
    const columns = Math.max(1, [...this.cards.children].findIndex((other) => other.offsetTop > first.offsetTop));
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    const ids = this.selected.includes(id) ? this.selected : [id];
    if (step && event.altKey) {
      const next = Math.min(this.shown.length - 1, Math.max(0, at + step));
      if (next !== at && this.sort === "manual") this.move([id], this.shown[next]);
    } else if (step) this.cards.children[Math.min(this.shown.length - 1, Math.max(0, at + step))].focus();
    else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "a") { this.selected = [...this.shown]; this.mark(); }
    else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (event.key === " " || event.key === "Enter") this.select(id, { add: event.key === " " });
    else if (event.key === "Escape") { this.selected = []; this.mark(); }
    else if (/^[0-5]$/.test(event.key)) this.ask("stars", { ids, stars: Number(event.key) });
    else if (event.key === "Delete" || event.key === "Backspace") this.ask("delete", { ids });
    else return;
    event.preventDefault();
  }

  /** One row per generation, with a line from each parent to its child. */
  showTree() {
    const panel = this.find(".bd-tree"), leaves = new Map();
    panel.replaceChildren(...this.data.generations.map((row) => {
      const line = element("div", { className: "bd-row" });
      for (const id of row) {
        const item = this.items.get(id), leaf = element("div");
        leaf.className = "bd-leaf";
        leaf.title = item.step || item.model;
        leaf.append(this.image(item));
        leaf.onpointerenter = () => this.highlight(id, leaves);
        leaf.onpointerleave = () => this.highlight(null, leaves);
        leaves.set(id, leaf);
        line.append(leaf);
      }
      return line;
    }));
    const ns = "http://www.w3.org/2000/svg", lines = document.createElementNS(ns, "svg");
    lines.setAttribute("width", panel.scrollWidth);
    lines.setAttribute("height", panel.scrollHeight);
    for (const [id, leaf] of leaves) {
      for (const parent of this.items.get(id).parents) {
        const from = leaves.get(parent);
        if (!from || from === leaf) continue;
        const path = document.createElementNS(ns, "path"), x = (l) => l.offsetLeft + l.offsetWidth / 2;
        const y0 = from.offsetTop + from.offsetHeight, y1 = leaf.offsetTop, middle = (y0 + y1) / 2;
        path.setAttribute("d", `M${x(from)},${y0}C${x(from)},${middle} ${x(leaf)},${middle} ${x(leaf)},${y1}`);
        lines.append(path);
      }
    }
    panel.append(lines);
  }

  /** Highlights the ancestors and descendants of an image. */
  highlight(id, leaves) {
    const found = new Set();
    const up = (one) => { if (!found.has(one)) { found.add(one); this.items.get(one)?.parents.forEach(up); } };
    if (id) up(id);
    for (let grew = Boolean(id); grew;) {
      grew = false;
      for (const [other, { parents }] of this.items) {
        if (!found.has(other) && parents.some((p) => p === id || (found.has(p) && this.below(p, id)))) { found.add(other); grew = true; }
      }
    }
    for (const [other, leaf] of leaves) leaf.dataset.kin = id ? found.has(other) : "";
  }

  below(one, id, seen = new Set()) {
    if (one === id) return true;
    if (seen.has(one)) return false;
    seen.add(one);
    return this.items.get(one)?.parents.some((p) => this.below(p, id, seen)) ?? false;
  }

  showPair() {
    const panel = this.find(".bd-pair"), pair = this.selected.slice(-2).map((id) => this.items.get(id));
    if (pair.length < 2) {
      panel.replaceChildren(element("p", { className: "bd-hint", textContent: "Select two cards first (Ctrl and click)." }));
      return;
    }
    const figures = pair.map((item) => {
      const figure = element("figure");
      const condition = `${item.label === null ? "" : ` · class ${item.label}`}${item.seed ? ` · noise seed ${item.seed}` : ""}`;
      const text = `${item.model} · z ${item.z.map((v) => v.toFixed(2)).join(", ")}${condition}`;
      figure.append(this.image(item), element("figcaption", { textContent: text }));
      return figure;
    });
    const [a, b] = pair, distance = a.z.length === b.z.length ? Math.hypot(...a.z.map((v, k) => v - b.z[k])).toFixed(2) : null;
    const figure = element("figure"), canvas = element("canvas");
    figure.append(canvas, element("figcaption", { textContent: `Difference${distance ? ` · distance ${distance} in z` : ""}` }));
    panel.replaceChildren(...figures, figure);
    this.difference(canvas, a, b);
  }

  async difference(canvas, a, b) {
    const { columns, rows, url } = this.data.sprite, image = await loadImage(url);
    const width = image.width / columns, height = image.height / rows;
    Object.assign(canvas, { width, height });
    const ctx = canvas.getContext("2d", { willReadFrequently: true });
    const read = ({ index }) => {
      ctx.drawImage(image, (index % columns) * width, Math.floor(index / columns) * height, width, height, 0, 0, width, height);
      return ctx.getImageData(0, 0, width, height);
    };
    const one = read(a), two = read(b);
    for (let i = 0; i < one.data.length; i++) if (i % 4 < 3) one.data[i] = Math.abs(one.data[i] - two.data[i]);
    ctx.putImageData(one, 0, 0);
  }

  /** Sends a command to Python. */
  ask(action, details = {}) {
    const button = this.find(`[data-do="${action}"]`);
    if (!this.data || (button && button.disabled && !details.ids)) return;
    this.send("ask", { turn: Date.now(), do: action, ids: this.selected, ...details });
  }

  destroy() { document.removeEventListener("keydown", this.shortcut); }
}
