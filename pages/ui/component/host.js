/**
 * What the page around the components provides. There are three: Streamlit's page (component.js), a page that is one
 * file, and a notebook (standalone/). A host reads what URLs name, here, and gives a component its messages and theme:
 * `update({ data, setStateValue }, theme)` with its initial or newest data, what takes a value that the visitor commits,
 * and the colours and fonts (theme.js). Nothing else in a component knows where it runs.
 */

/**
 * @typedef {object} Host
 * @property {(url: string) => Promise<Response>} fetch answers a request for a URL, as `fetch` does
 * @property {(image: HTMLImageElement, url: string) => Promise<void>} show gives an image its source
 * @property {(url: string) => Worker} worker starts a module in a worker
 */

/** The absolute address of a URL. */
export const resolve = (url) => new URL(url, document.baseURI).href;

/** @type {Host} at first that of a page with a server */
export const host = {
  fetch: (url) => fetch(resolve(url)),
  show: async (image, url) => { image.src = resolve(url); },
  worker: (url) => new Worker(url, { type: "module" }),
};

/** Takes another host, before anything is asked of it. @param {Host} other */
export const provide = (other) => Object.assign(host, other);
