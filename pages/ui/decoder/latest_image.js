/** The original image of an item: one request in flight, the latest item wins. */

import { loadImage } from "../component/load.js";

export class LatestImage {
  shown = null;
  wanted = null;
  model = {};

  /**
   * @param {(item: number) => string} url
   * @param {(image: HTMLImageElement, item: number) => void} show
   */
  constructor(url, show) {
    this.url = url;
    this.show = show;
  }

  want(item) {
    this.wanted = item;
    if (this.loading || this.shown === item) return;
    this.loading = true;
    const { model } = this;
    loadImage(this.url(item)).then((image) => { if (model === this.model) this.show(image, item); }, () => {}).finally(() => {
      this.loading = false;
      if (model === this.model) this.shown = item;
      if (this.wanted !== null && this.wanted !== this.shown) this.want(this.wanted);
    });
  }

  /** Forgets what is shown and what is on its way: another view or another model shows it now. */
  forget() { Object.assign(this, { shown: null, wanted: null, model: {} }); }
}
