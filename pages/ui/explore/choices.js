/** Below the map: what the items are coloured by, and which of them are shown. */

import { element } from "../component/element.js";

export class Choices {
  /** @param handlers { setColour(column), setShow(which) }   "" is the class, and the default of the data set */
  constructor(root, { setColour, setShow }) {
    this.root = root.querySelector(".la-choices");
    this.find = (selector) => this.root.querySelector(selector);
    this.colour = this.find('[data-testid="colour-by"]');
    this.which = this.find('[data-testid="shown-items"]');
    this.colour.onchange = () => setColour(this.colour.value);
    this.which.onchange = () => setShow(this.which.value);
  }

  setModel({ columns, choices, classes }) {
    const option = ([value, textContent]) => element("option", { value, textContent });
    this.colour.replaceChildren(...[["", classes.length > 1 ? "class" : "no column"], ...columns.map((name) => [name, name])].map(option));
    this.which.replaceChildren(...choices.map(([value, words], i) => option([i ? value : "", words])));
    this.colour.parentElement.hidden = !columns.length;
    this.which.parentElement.hidden = !choices.length;
    this.root.hidden = !columns.length && !choices.length;
  }

  /** @param state { colour, show }   @param said what is waited for, or what went wrong */
  show({ colour, show }, said = "") {
    this.colour.value = colour;
    this.which.value = show;
    this.find('[role="status"]').textContent = said;
  }
}
