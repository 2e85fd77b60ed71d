/** Requests for what Python names by URL. */

import { element } from "./element.js";
import { host } from "./host.js";

export { resolve } from "./host.js";

const RETRY_DELAY = 250; // milliseconds before a retry, more before each further one
const BUSY = 503, BUSY_RETRIES = 8;

/**
 * Fetches a URL and reads its body. A network failure or a server error (5xx) is tried once more, a busy server longer.
 * Throws an Error whose message says what the server answered.
 * @template T
 * @param {string} url
 * @param {(response: Response) => Promise<T>} read
 * @returns {Promise<T>}
 */
async function load(url, read) {
  const attempt = async () => {
    const response = await host.fetch(url);
    if (response.ok) return read(response);
    const words = response.headers.get("content-type")?.startsWith("text/plain") ? await response.text() : "";
    const error = new Error(words || `the server answered ${response.status}`), { status } = response;
    throw Object.assign(error, { retries: status === BUSY ? BUSY_RETRIES : status < 500 ? 0 : 1 });
  };
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (tries > (error.retries ?? 1)) throw error;
      await new Promise((done) => { setTimeout(done, RETRY_DELAY * tries); });
    }
  }
}

/** The bytes at a URL; null without a URL. */
export const loadBuffer = async (url) => (url ? load(url, (response) => response.arrayBuffer()) : null);

/** The float32 numbers at a URL; null without a URL. */
export const loadFloats = async (url) => (url ? new Float32Array(await loadBuffer(url)) : null);

export const loadText = (url) => load(url, (response) => response.text());

export const loadJson = (url) => load(url, (response) => response.json());

/** A decoded image; fails as its `decode` does. */
export async function loadImage(url) {
  const image = new Image();
  await host.show(image, url);
  await image.decode();
  return image;
}

/** A new <img> of the picture at a URL. */
export function picture(url, properties = {}) {
  const image = element("img", properties);
  host.show(image, url);
  return image;
}
