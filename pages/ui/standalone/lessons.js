/** Below a map that is one file: steps of the Learn page, whose figures open when they are scrolled to. */

import { themeAt } from "../component/theme.js";
import Lesson from "../learn/lesson.js";

const AHEAD = "300px"; // below the window

export class Lessons {
  /** @type {Map<Element, Lesson>} */ open = new Map();

  /** @param {any} data of the map's message, whose model the figures show */
  constructor({ facts, urls }) {
    const model = { facts, urls };
    const seen = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        seen.unobserve(target);
        this.open.set(target, new Lesson(target));
        this.show(target);
      }
    }, { rootMargin: AHEAD });
    this.show = (root) => this.open.get(root).update({ data: { figure: root.dataset.step, large: false, models: [model] } }, themeAt(root));
    for (const root of document.querySelectorAll(".la[data-step]")) seen.observe(root);
  }

  /** Draws the figures in another theme. */
  repaint() { for (const root of this.open.keys()) this.show(root); }
}
