/** "Copy link": the address of this page with the query that Python wrote. */

const FEEDBACK = 1500, PATIENCE = 2000; // milliseconds

/** Copies the link and says so on the button. @param query as the address bar has it, with its "?" */
export async function copyLink(button, query) {
  const url = new URL(location.href), words = button.textContent;
  url.search = query;
  const copied = await navigator.clipboard?.writeText(url.href).then(() => true, () => false);
  button.textContent = copied || copyBySelection(url.href) ? "Copied" : "Copy the address bar";
  setTimeout(() => { button.textContent = words; }, FEEDBACK);
}

/** Resolves once `map.onAnswer` is called with Python's answer, which brings the link; at the latest after two seconds. */
export const answered = (map) => new Promise((done) => {
  map.onAnswer = done;
  setTimeout(done, PATIENCE);
});

/** Outside https a page has no clipboard, but it may copy a selection. */
function copyBySelection(text) {
  const field = Object.assign(document.createElement("textarea"), { value: text });
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  return copied;
}
