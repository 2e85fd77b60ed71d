/** The map of Explore on its own: for a page that is one file, and for a notebook. */

import { element } from "../component/element.js";
import hints from "../component/hints.js";
import { provide } from "../component/host.js";
import look from "../component/look.js";
import { themeAt } from "../component/theme.js";
import LatentMap from "../explore/latent_map.js";
import { Embedded } from "./embedded.js";
import { FilmSection } from "./film_section.js";

export class Explorer {
  /**
   * @param {HTMLElement} home in which the markup of the map is
   * @param {any} data of the map's first message
   * @param {{ block: (name: string) => Promise<Uint8Array<ArrayBuffer> | null>, work: () => void, commit?: (state: any) => void }} given
   *   the content, the worker's program, and what takes the state of the map after a change
   */
  constructor(home, data, { block, work, commit = () => {} }) {
    Object.assign(this, { data, commit });
    provide(new Embedded(block, data.pictures, work));
    this.root = /** @type {HTMLElement} */ (home.querySelector(".la"));
    this.root.dataset.channels = data.facts.image[0];
    this.map = new LatentMap(this.root);
    this.films = new FilmSection(this.root, this.map);
    // A view that is fixed lets the wheel scroll the page around it.
    this.map.over.parentElement.addEventListener("wheel", (event) => { if (!data.controls) event.stopPropagation(); }, { capture: true });
    hints(this.root);
    look(this.root);
  }

  /** Opens the map, or gives it another theme or message. */
  async update(data = this.data) {
    this.data = data;
    const setStateValue = (name, value) => { if (name === "location") this.take(value); };
    try {
      await this.map.update({ data, setStateValue }, themeAt(this.root));
      this.films.update();
      this.map.view.fixed = !data.controls;
    } catch (error) {
      this.root.dataset.state = "failed";
      this.root.querySelector(".la-status").replaceChildren(element("span", {}, `This map did not open (${error.message}).`));
      throw error;
    }
  }

  take(state) {
    this.films.update();
    this.commit(state);
  }

  destroy() {
    this.films.destroy();
    this.map.destroy();
  }
}
