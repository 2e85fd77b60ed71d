/** Models by what they are for, each a button with a row of samples; a click chooses one. */

import { element, press } from "../component/element.js";
import { resolve } from "../component/load.js";

export default class ModelGallery {
  constructor(root) { this.root = root; }

  update({ data: { groups, chosen }, setStateValue }) {
    const choose = (name) => setStateValue("choose", { name, turn: Date.now() });
    this.root.querySelector(".mg-groups").replaceChildren(...groups.map(({ title, about, models }) => element(
      "section", {}, element("h3", {}, title), element("p", {}, about),
      element("ol", {}, ...models.map((model) => element("li", {}, button(model, chosen, choose)))),
    )));
  }

  destroy() {}
}

function button({ name, kind, numbers, preview }, chosen, choose) {
  const made = element("button", { type: "button", dataset: { model: name } }, element("b", {}, name), element("small", {}, kind));
  if (preview) made.append(element("img", { src: resolve(preview), alt: `Samples of ${name}` }));
  made.append(element("small", {}, numbers));
  press(made, name === chosen);
  made.onclick = () => choose(name);
  return made;
}
