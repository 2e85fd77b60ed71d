/** A map as an interactive Plotly page of its own, and as JSON for `plotly.io.read_json` in Python. */

import { scaleColour } from "../component/colour_scale.js";
import { element } from "../component/element.js";
import { lookOf, plotlySource } from "./scatter.js";

const GAP = 0.05; // between maps, of the width

/**
 * One or more maps side by side: a trace per class of each, its hidden classes off; of a column the same with its
 * categories, or a trace with a scale.
 * @param {{ plot: import("./scatter.js").Plot, title?: string }[]} maps
 */
export function figureOf(maps) {
  const data = [], { text, ground } = maps[0].plot.theme, width = (1 - GAP * (maps.length - 1)) / maps.length;
  /** @type {Record<string, any>} */
  const layout = { paper_bgcolor: ground, plot_bgcolor: ground, font: { color: text }, dragmode: "pan", legend: { itemsizing: "constant" } };
  const named = new Set();
  maps.forEach(({ plot: { items, view, theme, hidden }, title = "" }, at) => {
    const suffix = at ? at + 1 : "", left = at * (width + GAP), axis = { gridcolor: theme.grid, zerolinecolor: theme.grid };
    layout[`xaxis${suffix}`] = { ...axis, range: view.ranges.x, domain: [left, left + width], title: { text: title } };
    layout[`yaxis${suffix}`] = { ...axis, range: view.ranges.y, anchor: `x${suffix}`, scaleanchor: `x${suffix}` };
    const { column, labels, onScale } = items, bins = onScale ? column.own : 0; // which are one trace
    items.classes.forEach((kind, label) => {
      if (label && label < bins) return;
      const name = label < bins ? column.name : kind, members = Array.from(labels.keys()).filter((i) => (label < bins ? labels[i] < bins : labels[i] === label));
      if (!members.length) return;
      const { symbol, colour } = lookOf(items, label, theme), said = column ? "%{text}" : "%{fullData.name}";
      data.push({
        type: "scatter", mode: "markers", name, legendgroup: name,
        showlegend: !named.has(name), xaxis: `x${suffix}`, yaxis: `y${suffix}`, visible: hidden.has(label) ? "legendonly" : true,
        ...Object.fromEntries(["x", "y"].map((key, d) => [key, members.map((i) => items.codes[i * items.latentSize + d])])),
        ...(column && { text: members.map((i) => items.valueText(i)) }),
        customdata: members.map((i) => items.itemNumber(i)), hovertemplate: `${said}, item %{customdata}<br>%{x:.3f}, %{y:.3f}<extra></extra>`,
        marker: { size: 5, opacity: 0.75, symbol, ...(label < bins ? scaleOf(items, members, theme) : { color: colour }) },
      });
      named.add(name);
    });
  });
  return { data, layout };
}

/** The colours of items on a scale. */
function scaleOf({ column: { name, own, ends }, labels }, members, theme) {
  const colorscale = Array.from({ length: own }, (_, k) => [k / (own - 1), scaleColour(k / (own - 1), theme)]);
  const colorbar = { title: { text: name }, tickvals: [0, own - 1], ticktext: ends, x: 1, y: 0, yanchor: "bottom", len: 0.5 };
  return { color: members.map((i) => labels[i]), cmin: 0, cmax: own - 1, colorscale, colorbar };
}

/** The page: it holds Plotly and the figure, and needs no server. @param {string} source of Plotly */
export function pageOf(figure, source, title) {
  const script = (text) => `<script>${text.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--")}</script>`;
  const json = JSON.stringify(figure).replaceAll("<", "\\u003c"), name = title.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<!doctype html><meta charset="utf-8"><title>${name}</title>
<style>body { margin: 0; background: ${figure.layout.paper_bgcolor} } #map { height: 100vh } a { position: fixed; right: 16px; bottom: 16px; color: ${figure.layout.font.color}; font: 14px sans-serif }</style>
<div id="map"></div><a id="json" download="map.json">Download the figure as JSON</a>
${script(source)}
${script(`const figure = ${json}, fast = document.createElement("canvas").getContext("webgl");
const data = figure.data.map((trace) => ({ ...trace, type: fast ? "scattergl" : trace.type }));
Plotly.newPlot("map", data, figure.layout, { responsive: true, scrollZoom: true });
document.getElementById("json").href = URL.createObjectURL(new Blob([JSON.stringify(figure)], { type: "application/json" }));`)}
`;
}

/** Opens the page in another tab; where the browser refuses that, downloads it. */
export async function openFigure(maps) {
  const tab = open("", "_blank"); // before anything is awaited, else the browser blocks it
  const page = pageOf(figureOf(maps), await plotlySource(), document.title);
  const href = URL.createObjectURL(new Blob([page], { type: "text/html" }));
  if (tab) tab.location.href = href;
  else element("a", { href, download: "map.html" }).click();
}
