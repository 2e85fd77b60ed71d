/** Below a map: what its items are coloured by, and which of them are shown. All pages with this choice have it from here. */

import { element } from "../component/element.js";

export class ItemChoices {
  colour = ""; // a column; "": the class
  show = ""; // which items; "": the default of the data set
  /** @type {any} */ map;
  /** @type {{ colour(): void, show(): void }} */ chosen;
  /** @type {number} of the state that Python last set */ revision;
  wanted = ""; // the column that was chosen last, which may be loading
  /** @type {Map<string, Set<number>>} kinds that are hidden when it colours the items again, by column */ hiddenBy = new Map();

  /**
   * @param {Element} root of the component, with an empty .la-choices
   * @param {any} map { items, coloured, hidden, showColours(coloured) }: its items, and how they are drawn in other colours
   * @param {{ colour(): void, show(): void }} chosen called after a choice, to tell Python, which answers with other items
   */
  constructor(root, map, chosen) {
    Object.assign(this, { map, chosen });
    this.root = /** @type {HTMLElement} */ (root.querySelector(".la-choices"));
    this.colours = element("select", { dataset: { testid: "colour-by" }, onchange: () => this.setColour(this.colours.value) });
    this.which = element("select", { dataset: { testid: "shown-items" }, onchange: () => this.setShow(this.which.value) });
    this.status = element("span", { className: "la-hint", role: "status" });
    this.root.replaceChildren(
      element("label", { title: "Which column of the data set the colours of the items show" }, "Colour by ", this.colours),
      element("label", { title: "Held-out items are filled, those that the model was trained on are outlined" }, "Show ", this.which), this.status);
  }

  /** Offers what the items of a model have. @param {{ columns: string[], choices: string[][], classes: string[] }} items */
  setModel({ columns, choices, classes }, { colour, show, revision }) {
    const option = ([value, textContent]) => element("option", { value, textContent });
    this.colours.replaceChildren(...[["", classes.length > 1 ? "class" : "no column"], ...columns.map((name) => [name, name])].map(option));
    this.which.replaceChildren(...choices.map(([value, words], i) => option([i ? value : "", words])));
    this.colours.parentElement.hidden = !columns.length;
    this.which.parentElement.hidden = !choices.length;
    this.root.hidden = !columns.length && !choices.length;
    this.hiddenBy.clear();
    Object.assign(this, { colour, show, revision, wanted: colour });
    this.display();
  }

  /** @param said what is waited for, or what went wrong */
  display(said = "") {
    this.colours.value = this.colour;
    this.which.value = this.show;
    this.status.textContent = said;
  }

  /** The message to Python. */
  message(digest) { return { digest, show: this.show, colour: this.colour, turn: Date.now() }; }

  setShow(show) {
    this.show = show;
    this.display("Loading…");
    this.chosen.show();
  }

  /** Colours the items by a column, or by "", their class; what was hidden with it before is hidden again. */
  async setColour(colour) {
    const before = /** @type {const} */ ([this.colour, this.map.hidden]);
    if (await this.recolour(colour, this.hiddenBy.get(colour) ?? new Set())) {
      this.hiddenBy.set(...before);
      this.chosen.colour();
    }
  }

  /** Adopts what Back or Forward led to. */
  follow({ colour, show, revision }) {
    if (revision === this.revision) return;
    Object.assign(this, { show, revision });
    this.recolour(colour, new Set());
  }

  /** @param {Set<number>} hidden kinds of the column   @returns whether it has loaded, and nothing else was chosen meanwhile */
  async recolour(colour, hidden) {
    const { map } = this, { items } = map;
    this.wanted = colour;
    if (colour === (map.coloured.column?.name ?? "")) { this.display(); return false; }
    try {
      const coloured = await items.colouredBy(colour);
      if (colour !== this.wanted) return false;
      if (items !== map.items) return this.recolour(colour, hidden); // others have loaded meanwhile
      map.hidden = hidden;
      this.colour = colour;
      map.showColours(coloured);
      this.display();
      return true;
    } catch (error) {
      this.display(`The column did not load (${error.message}).`);
      return false;
    }
  }
}
