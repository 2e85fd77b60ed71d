/** "Copy link": the address of this page with the query that Python wrote. */

const FEEDBACK = 1500, PATIENCE = 2000; // milliseconds

/**
 * Copies the link of a map and says so on its button.
 * @param {(() => void) | false} send sends the state, so that Python answers with the link and the map calls `onAnswer`;
 *   the answer is awaited for two seconds. False where the link is up to date.
 */
export async function copyLink(map, send) {
  if (send) await new Promise((done) => { map.onAnswer = done; setTimeout(done, PATIENCE); send(); });
  const button = map.find('[data-do="copy"]'), url = new URL(location.href), words = button.textContent;
  url.search = map.link;
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
