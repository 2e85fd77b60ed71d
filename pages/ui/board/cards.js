/**
 * The cards of a board: ratings, notes, reordering by drag or keyboard, the lineage, and a pair side
 * by side. Python writes every change and sends the board again.
 */

import { copyLink } from "../component/copy_link.js";
import { loadImage } from "../component/load.js";
import { element, onButtons, pressOnly, svgElement } from "../component/element.js";
import { gridStep, onUndoKeys, spriteStyle } from "../component/image_grid.js";

const DRAG_DISTANCE = 6; // pixels

export default class Board {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.cards = this.find(".bd-cards");
    this.selected = [];
    this.sort = "manual";
    this.view = "cards";
    onButtons(root, "do", (action) => (action === "copy" ? copyLink(this, false) : this.ask(action)));
    onButtons(root, "sort", (sort) => { this.sort = sort; this.show(); });
    onButtons(root, "view", (view) => { this.view = view; this.show(); });
    this.find("[data-least]").onchange = () => this.show();
    this.cards.onpointerdown = (event) => this.press(event);
    this.cards.onkeydown = (event) => this.key(event);
    this.forgetKeys = onUndoKeys(root, (action) => this.ask(action));
  }

  update({ data, setStateValue }) {
    Object.assign(this, { send: setStateValue, link: data.link });
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
      votes: (a, b) => b.votes - a.votes || a.index - b.index, newest: (a, b) => b.changed - a.changed || b.index - a.index,
    };
    return [...this.items.values()].filter((item) => item.stars >= least).sort(by[this.sort]).map((item) => item.id);
  }

  show() {
    const focused = document.activeElement?.closest?.(".bd-card")?.dataset.id;
    pressOnly(this.root, "sort", this.sort);
    pressOnly(this.root, "view", this.view);
    for (const view of ["tree", "pair"]) this.find(`.bd-${view}`).hidden = this.view !== view;
    this.shown = this.order();
    this.cards.parentElement.hidden = this.view === "tree" || !this.shown.length; // a pair is selected from them
    this.cards.replaceChildren(...this.shown.map((id) => this.card(this.items.get(id))));
    if (this.view === "tree") this.showTree();
    this.mark();
    if (focused) this.cards.querySelector(`[data-id="${focused}"]`)?.focus();
  }

  image({ index }) { return element("div", { className: "bd-image", style: spriteStyle(this.data.sprite, index) }); }

  /** A heart with the number of those who voted, that of whoever looks at it filled with colour. */
  vote({ id, index, votes, voted }) {
    return element("button", {
      type: "button", className: "bd-vote", textContent: votes ? `♥ ${votes}` : "♡", tabIndex: -1, "aria-pressed": voted,
      title: voted ? "Take your vote back (V)" : "Vote for this image (V)", "aria-label": `Vote for image ${index + 1}, votes: ${votes}`,
      onclick: () => this.ask("vote", { ids: [id], given: !voted }),
    });
  }

  card(item) {
    const { id, index, model, kind, warning, link } = item, title = `${index + 1} · ${kind}`;
    const stars = [1, 2, 3, 4, 5].map((n) => element("button", {
      type: "button", textContent: n <= item.stars ? "★" : "☆", tabIndex: -1, "aria-label": `${n} stars`,
      onclick: () => this.ask("stars", { ids: [id], stars: n === item.stars ? 0 : n }),
    }));
    const note = element("input", {
      className: "bd-note", value: item.note, placeholder: "Add a note", maxLength: 2000, tabIndex: -1,
      "aria-label": `Note of image ${index + 1}`, onchange: () => this.ask("note", { ids: [id], note: note.value }),
      onblur: () => { if (this.waiting) { this.waiting = false; this.show(); } },
      onkeydown: (event) => {
        event.stopPropagation();
        if (event.key === "Escape") note.value = item.note;
        if (event.key === "Enter" || event.key === "Escape") note.closest(".bd-card").focus();
      },
    });
    const about = `${model}, z ${item.z.map((v) => v.toFixed(3)).join(", ")}${warning ? `: ${warning}` : ""}`;
    const image = this.image(item);
    image.append(this.vote(item));
    const caption = element("div", { className: "bd-caption" }, element("b", { textContent: title, title: about }));
    if (link) caption.append(element("a", { href: link, target: "_self", textContent: "Explore", title: "Open in Explore" }));
    return element("div", {
      className: "bd-card", dataset: { id, z: item.z.join(","), stars: item.stars, votes: item.votes }, role: "gridcell",
      "aria-label": `Image ${index + 1} of ${model}, ${item.stars} stars, votes: ${item.votes}, ${kind}, ${item.caption}`,
    }, image, element("i", { className: "la-tick", "aria-hidden": "true" }), element("div", { className: "bd-stars" }, ...stars), note, caption,
    element("div", { className: "bd-details", textContent: warning || item.caption, title: about }));
  }

  mark() {
    const first = this.shown.includes(this.selected.at(-1)) ? this.selected.at(-1) : this.shown[0];
    for (const card of this.cards.children) {
      card.setAttribute("aria-selected", this.selected.includes(card.dataset.id));
      card.tabIndex = card.dataset.id === first ? 0 : -1;
    }
    const enabled = { ...this.data.can, copy: true, delete: this.selected.length > 0 };
    for (const button of this.root.querySelectorAll("[data-do]")) button.disabled = !enabled[button.dataset.do];
    const selected = JSON.stringify(this.selected);
    if (selected !== this.sent) this.send("selected", this.selected);
    this.sent = selected;
    if (this.view === "pair") this.showPair();
  }

  select(id, { add = false, until = false } = {}) {
    if (until && this.selected.length) {
      const [a, b] = [this.shown.indexOf(this.selected.at(-1)), this.shown.indexOf(id)].sort((x, y) => x - y);
      this.selected = [...new Set([...this.selected, ...this.shown.slice(a, b + 1)])];
    } else if (add) this.selected = this.selected.includes(id) ? this.selected.filter((other) => other !== id) : [...this.selected, id];
    else this.selected = [id];
    this.mark();
  }

  /** A click selects, on the tick with the others; a drag moves the card, or all selected cards. */
  press(event) {
    const card = event.target.closest(".bd-card");
    if (!card || event.button || event.target.closest("button, input, a")) return;
    const { id } = card.dataset, from = [event.clientX, event.clientY], tick = event.target.matches(".la-tick");
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
      for (const [name, listener] of listeners) removeEventListener(name, listener);
      const { drag } = this, over = up.type === "pointerup" && target(up);
      this.drag = null;
      for (const other of this.cards.children) other.dataset.before = other.dataset.dragged = false;
      if (drag) { if (over && !drag.includes(over.dataset.id)) this.move(drag, over.dataset.id); }
      else if (up.type === "pointerup") this.select(id, { add: event.ctrlKey || event.metaKey || tick, until: event.shiftKey });
    };
    const listeners = Object.entries({ pointermove: moved, pointerup: ended, pointercancel: ended });
    for (const [name, listener] of listeners) addEventListener(name, listener);
  }

  /** Moves cards to the position of another one. */
  move(ids, over) {
    const at = this.shown.indexOf(over), forward = this.shown.indexOf(ids[0]) < at;
    this.ask("order", { ids, before: forward ? this.shown[at + 1] ?? null : over });
  }

  key(event) {
    const card = event.target.closest(".bd-card");
    if (!card || event.target !== card) return;
    const { id } = card.dataset, at = this.shown.indexOf(id), ids = this.selected.includes(id) ? this.selected : [id];
    const cards = [...this.cards.children], step = gridStep(event.key, cards);
    const next = Math.min(this.shown.length - 1, Math.max(0, at + step));
    if (step && event.altKey) { if (next !== at && this.sort === "manual") this.move([id], this.shown[next]); }
    else if (step) cards[next].focus();
    else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "a") { this.selected = [...this.shown]; this.mark(); }
    else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (event.key === " " || event.key === "Enter") this.select(id, { add: event.key === " " });
    else if (event.key === "Escape") { this.selected = []; this.mark(); }
    else if (/^[0-5]$/.test(event.key)) this.ask("stars", { ids, stars: Number(event.key) });
    else if (event.key.toLowerCase() === "v") this.ask("vote", { ids, given: !this.items.get(id).voted });
    else if (event.key === "F2" || event.key.toLowerCase() === "n") card.querySelector(".bd-note").focus();
    else if (event.key === "Delete" || event.key === "Backspace") this.ask("delete", { ids });
    else return;
    event.preventDefault();
  }

  /** One row per generation, with a line from each parent to its child. */
  showTree() {
    const panel = this.find(".bd-tree"), leaves = new Map();
    panel.replaceChildren(...this.data.generations.map((row) => {
      for (const id of row) {
        const item = this.items.get(id);
        leaves.set(id, element("div", {
          className: "bd-leaf", title: `${item.index + 1} · ${item.kind}, ${item.caption}`,
          onpointerenter: () => this.highlight(id, leaves), onpointerleave: () => this.highlight(null, leaves),
        }, this.image(item)));
      }
      return element("div", { className: "bd-row" }, ...row.map((id) => leaves.get(id)));
    }));
    const lines = svgElement("svg", { width: panel.scrollWidth, height: panel.scrollHeight });
    for (const [id, leaf] of leaves) {
      for (const parent of this.items.get(id).parents) {
        const from = leaves.get(parent);
        if (!from || from === leaf) continue;
        const x = (l) => l.offsetLeft + l.offsetWidth / 2;
        const y0 = from.offsetTop + from.offsetHeight, y1 = leaf.offsetTop, middle = (y0 + y1) / 2;
        lines.append(svgElement("path", { d: `M${x(from)},${y0}C${x(from)},${middle} ${x(leaf)},${middle} ${x(leaf)},${y1}` }));
      }
    }
    panel.append(lines);
  }

  /** Highlights the ancestors and descendants of an image. */
  highlight(id, leaves) { for (const [other, leaf] of leaves) leaf.dataset.kin = id ? this.below(id, other) || this.below(other, id) : ""; }

  /** Whether an image is another one or derived from it. */
  below(one, id, seen = new Set()) {
    if (one === id) return true;
    if (seen.has(one)) return false;
    seen.add(one);
    return this.items.get(one)?.parents.some((p) => this.below(p, id, seen)) ?? false;
  }

  showPair() {
    const panel = this.find(".bd-pair"), ids = [...new Set([...this.selected.slice(-2), ...this.shown])].slice(0, 2);
    const pair = ids.map((id) => this.items.get(id));
    if (pair.length < 2) {
      panel.replaceChildren(element("p", { className: "bd-hint", textContent: "Two images are needed on the board." }));
      return;
    }
    const figure = (image, textContent) => element("figure", {}, image, element("figcaption", { textContent }));
    const figures = pair.map((item) => figure(this.image(item), `${item.index + 1} · ${item.kind} · ${item.caption}`));
    const [a, b] = pair, distance = a.z.length === b.z.length ? Math.hypot(...a.z.map((v, k) => v - b.z[k])).toFixed(2) : null;
    const canvas = element("canvas");
    panel.replaceChildren(...figures, figure(canvas, `Difference${distance ? ` · distance ${distance} in z` : ""}`));
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

  ask(action, details = {}) {
    const button = this.find(`[data-do="${action}"]`);
    if (!this.data || (button && button.disabled && !details.ids)) return;
    this.send("ask", { turn: Date.now(), do: action, ids: this.selected, ...details });
  }

  destroy() { this.forgetKeys(); }
}
