/** A picture that is dropped anywhere on a page goes into the page's field for files, which a control opens first. */

const FIELD = '[data-testid="stFileUploaderDropzone"], [data-testid="stFileUploader"]';
const PATIENCE = 15000; // milliseconds until the field is given up

/** Whether a drag carries files from outside of the page. */
const carriesFiles = (event) => event.dataTransfer?.types.includes("Files") ?? false;

/** The input of the field for files in a container, once it is there. @returns {Promise<HTMLInputElement | null>} */
async function fieldIn(container) {
  for (const end = performance.now() + PATIENCE; performance.now() < end;) {
    const input = document.querySelector(container)?.querySelector('input[type="file"]');
    if (input) return /** @type {HTMLInputElement} */ (input);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
  return null;
}

/**
 * @param {string} opener selects the control that shows the field
 * @param {string} container selects what the field appears in
 * @returns {() => void} ends this
 */
export function acceptDroppedFiles(opener, container) {
  const over = (event) => {
    if (!carriesFiles(event) || event.target.closest?.(FIELD)) return; // the field takes it itself
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  };
  const dropped = async (event) => {
    if (!carriesFiles(event) || event.target.closest?.(FIELD)) return;
    event.preventDefault(); // else the browser leaves the page for the picture
    const file = event.dataTransfer.files[0];
    if (!file) return;
    if (!document.querySelector(container)?.querySelector('input[type="file"]')) {
      /** @type {HTMLElement | null} */ (document.querySelector(opener))?.click();
    }
    const input = await fieldIn(container);
    if (!input) return;
    const transfer = new DataTransfer();
    transfer.items.add(file);
    input.files = transfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  document.addEventListener("dragover", over);
  document.addEventListener("drop", dropped);
  return () => {
    document.removeEventListener("dragover", over);
    document.removeEventListener("drop", dropped);
  };
}
