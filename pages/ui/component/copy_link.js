/** "Copy link": the address of this page with the query that Python wrote. */

const FEEDBACK = 1500, PATIENCE = 4000, PAUSE = 40; // milliseconds

/**
 * Copies the link of a map and says so on its button.
 * @param {(() => void) | false} send sends the state, so that Python writes the address at once and answers with the
 *   link, when the map calls `onAnswer`; the first of both is awaited. False where the link is up to date.
 */
export async function copyLink(map, send) {
  const before = location.search, end = performance.now() + PATIENCE;
  let waiting = Boolean(send);
  map.onAnswer = () => { waiting = false; };
  if (send) send();
  while (waiting && location.search === before && performance.now() < end) await new Promise((done) => { setTimeout(done, PAUSE); });
  const button = map.find('[data-do="copy"]'), url = new URL(location.href), words = button.textContent;
  url.search = waiting ? location.search.replaceAll("%2C", ",").replaceAll("%3B", ";") : map.link; // as in map.link
  const copied = await navigator.clipboard?.writeText(url.href).then(() => true, () => false);
  button.textContent = copied || copyBySelection(url.href) ? "Copied" : "Copy the address bar";
  setTimeout(() => { button.textContent = words; }, FEEDBACK);
}

/** Outside https a page has no clipboard, but it may copy a selection. */
function copyBySelection(text) {
  const field = Object.assign(document.createElement("textarea"), { value: text });
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  return copied;
}
