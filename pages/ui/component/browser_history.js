/**
 * Steps of the browser's history, inlined into every page. Streamlit adds an entry for every change of
 * the query. Here deliberate acts add one, such as another model or a pin; what moves on without them,
 * such as the cursor and the view, replaces it. Python restores the state of an entry that is marked as one of Back or Forward (session.py).
 */
(() => {
  if (window["atelierHistory"]) return;
  window["atelierHistory"] = true;
  const MOVING = ["z", "v", "sel"]; // position, view, view of a sheet
  const RESTORED = ["", "interpolate", "generate"]; // pages that restore their whole query
  const push = history.pushState.bind(history);
  let acted = false;

  const isStep = (from, to) => {
    const page = to.pathname.split("/").at(-1), all = [...from.searchParams.keys(), ...to.searchParams.keys()];
    const keys = RESTORED.includes(page) ? all.filter((key) => !MOVING.includes(key)) : page === "compare" ? [] : ["m", "b"];
    return keys.some((key) => from.searchParams.get(key) !== to.searchParams.get(key));
  };

  history.pushState = (state, unused, url) => {
    const from = new URL(location.href), to = new URL(String(url ?? ""), from), leaves = from.pathname !== to.pathname;
    if (leaves || (acted && isStep(from, to))) push(state, unused, url); else history.replaceState(state, unused, url);
    if (leaves) acted = false; // what a page writes when it opens is no act
  };
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => { acted = true; }, true);
  // An address that a page wrote before this script ran is an entry of its own: Back goes over it.
  const first = window.performance?.getEntriesByType("navigation")[0]?.name, doubled = Boolean(first) && first !== location.href;
  addEventListener("popstate", () => {
    acted = false;
    const url = new URL(location.href);
    if (doubled && url.href === first) history.back();
    else if (!url.searchParams.has("back")) {
      // Streamlit has sent the address already, and sends it again with the mark.
      history.replaceState(history.state, "", `${url}${url.search ? "&" : "?"}back=1`);
      dispatchEvent(new PopStateEvent("popstate", { state: history.state }));
    }
  });
})();
