/** Downloads a file that was asked for once it is ready: presses its button (job_panel.py) when it first appears. */
window.downloadsReady ??= new MutationObserver(() => {
  for (const place of document.querySelectorAll('[class*="st-key-ready-file-"]')) {
    const name = [...place.classList].find((word) => word.startsWith("st-key-ready-file-"));
    const button = place.querySelector("button");
    if (!button || button.disabled || window.downloadsReady.done.has(name)) continue;
    window.downloadsReady.done.add(name);
    button.click();
  }
});
if (!window.downloadsReady.done) {
  window.downloadsReady.done = new Set();
  window.downloadsReady.observe(document.body, { childList: true, subtree: true });
}
