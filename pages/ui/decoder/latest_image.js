/** The original image of an item: one request in flight, the latest item wins. */

import { loadImage } from "../component/load.js";

export class LatestImage {
  shown = null;

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
    loadImage(this.url(item)).then((image) => this.show(image, item), () => {}).finally(() => {
      this.shown = item;
      this.loading = false;
      if (this.wanted !== this.shown) this.want(this.wanted);
    });
  }

  /** Forgets what is shown: another view shows it now. */
  forget() { this.shown = null; }
}
