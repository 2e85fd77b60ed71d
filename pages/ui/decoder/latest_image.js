/** The real image of an item, as it was given: one request in flight, the latest wins. */
import { loadImage } from "../component/load.js";

export class LatestImage {
  /** @param url item -> where its picture is   @param show(picture, item) */
  constructor(url, show) { Object.assign(this, { url, show, shown: null }); }

  want(item) {
    this.wanted = item;
    if (this.loading || this.shown === item) return;
    this.loading = true;
    loadImage(this.url(item)).then((picture) => this.show(picture, item), () => {}).finally(() => {
      this.shown = item;
      this.loading = false;
      if (this.wanted !== this.shown) this.want(this.wanted);
    });
  }

  /** Forgets what is shown: whoever shows it is new. */
  forget() { this.shown = null; }
}
