/** A picture that is dropped anywhere on a page goes into the page's field for files, which controls open first. */

const FIELD = '[data-testid="stFileUploaderDropzone"], [data-testid="stFileUploader"]';
const READ = '.cb[data-state="ready"]'; // the picture with the box on the item (crop_box.js)
const PATIENCE = 15000; // milliseconds until the field is given up

/** Whether a drag carries files from outside of the page. */
const carriesFiles = (event) => event.dataTransfer?.types.includes("Files") ?? false;

/** What is looked for again and again, once it is there; null where that takes too long. */
async function awaited(find) {
  for (const end = performance.now() + PATIENCE; performance.now() < end;) {
    const found = find();
    if (found) return found;
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
  return null;
}

/**
 * The input of the field for files in a container, once it is there; each of the openers is pressed as it appears.
 * @returns {Promise<HTMLInputElement | null>}
 */
function fieldIn(container, openers) {
  let closed = openers;
  return awaited(() => {
    const input = document.querySelector(container)?.querySelector('input[type="file"]');
    const next = !input && closed.find((opener) => document.querySelector(opener));
    if (next) /** @type {HTMLElement} */ (document.querySelector(next)).click();
    closed = closed.filter((opener) => opener !== next);
    return input;
  });
}

/**
 * @param {string[]} openers select the controls that show the field, in their order
 * @param {string} container selects what the field appears in
 * @returns {() => void} ends this
 */
export function acceptDroppedFiles(openers, container) {
  const { pathname } = location, elsewhere = () => location.pathname !== pathname;
  const over = (event) => {
    if (!carriesFiles(event) || event.target.closest?.(FIELD) || elsewhere()) return; // a field takes it itself
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  };
  const dropped = async (event) => {
    if (!carriesFiles(event) || event.target.closest?.(FIELD) || elsewhere()) return;
    event.preventDefault(); // else the browser leaves the page for the picture
    const file = event.dataTransfer.files[0];
    if (!file) return;
    const input = await fieldIn(container, openers);
    if (!input) return;
    const transfer = new DataTransfer();
    transfer.items.add(file);
    input.files = transfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    (await awaited(() => document.querySelector(READ)))?.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("dragover", over);
  document.addEventListener("drop", dropped);
  return () => {
    document.removeEventListener("dragover", over);
    document.removeEventListener("drop", dropped);
  };
}

let end = () => {};

/** As `acceptDroppedFiles`, in place of what was said so before: for a page without a component that stays. */
export function acceptOnThisPage(openers, container) {
  end();
  end = acceptDroppedFiles(openers, container);
}
