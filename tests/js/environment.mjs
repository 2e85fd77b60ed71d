/** What the modules expect of a browser: the address of the page and a server that answers. */

globalThis.document = /** @type {any} */ ({ baseURI: "http://atelier.test/" });

/** Replaces `fetch` by a function of the URL that returns bytes, a status, or an Error to throw; returns the URLs asked for. */
export function serve(answer) {
  const asked = [];
  globalThis.fetch = async (url) => {
    asked.push(String(url));
    const found = await answer(String(url), asked.length);
    if (found instanceof Error) throw found;
    if (typeof found === "number") return new Response("No such content; reload the page.", { status: found, headers: { "content-type": "text/plain; charset=utf-8" } });
    return new Response(found);
  };
  return asked;
}

/** A promise and the function that resolves it. */
export function deferred() {
  let resolve;
  const promise = new Promise((done) => { resolve = done; });
  return { promise, resolve };
}
