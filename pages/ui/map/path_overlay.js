/** What lies over the map of the Interpolate page: the way, its frames, numbered stops, a stroke. */

const MOST_STROKE = 190; // points that a stroke is committed with

/** @param scene { path, settled, frames, stops, chosen, faded, stroke, head } */
export function drawWay(pen, view, theme, scene) {
  pen.save();
  pen.lineJoin = pen.lineCap = "round";
  if (scene.path.length > 1) {
    // A halo in the colour of the ground keeps the line visible on any picture below it.
    line(pen, view, scene.path, theme.ground, 6);
    if (!scene.settled) pen.setLineDash([2, 7]);
    line(pen, view, scene.path, theme.accentText, 2.5);
    pen.setLineDash([]);
  }
  if (scene.settled) {
    for (const z of scene.frames) dot(pen, view, z, 2.6, theme.ground, theme.accentText);
  }
  if (scene.stroke?.length > 1) line(pen, view, scene.stroke, theme.text, 3);
  pen.globalAlpha = scene.faded ? 0.45 : 1;
  pen.font = `600 11px ${theme.mono}`; pen.textAlign = "center"; pen.textBaseline = "middle";
  scene.stops.forEach((z, i) => {
    const [x, y] = view.toPixel(z[0], z[1]), chosen = i === scene.chosen;
    pen.beginPath(); pen.arc(x, y, chosen ? 12 : 10, 0, 2 * Math.PI);
    pen.fillStyle = chosen ? theme.text : theme.accentText; pen.fill();
    pen.strokeStyle = theme.ground; pen.lineWidth = 2; pen.stroke();
    pen.fillStyle = theme.ground; pen.fillText(String(i + 1), x, y + 0.5);
  });
  pen.globalAlpha = 1;
  if (scene.frames.length) dot(pen, view, scene.head, 6, theme.text, theme.ground);
  pen.restore();
}

function line(pen, view, codes, colour, width) {
  pen.beginPath();
  codes.forEach((z, i) => {
    const [x, y] = view.toPixel(z[0], z[1]);
    if (i) pen.lineTo(x, y); else pen.moveTo(x, y);
  });
  pen.strokeStyle = colour; pen.lineWidth = width; pen.stroke();
}

function dot(pen, view, z, radius, fill, edge) {
  const [x, y] = view.toPixel(z[0], z[1]);
  pen.beginPath(); pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fillStyle = fill; pen.fill();
  pen.strokeStyle = edge; pen.lineWidth = 1.5; pen.stroke();
}

/** Index of the topmost stop within `reach` pixels of a place on the screen, or null. */
export function handleAt(view, stops, [px, py], reach) {
  for (let i = stops.length - 1; i >= 0; i--) {
    const [x, y] = view.toPixel(stops[i][0], stops[i][1]);
    if (Math.hypot(x - px, y - py) <= reach) return i;
  }
  return null;
}

/** A stroke without the points that lie nearer than `least` to the one before; both ends stay. */
export function thinned(stroke, least) {
  const kept = stroke.slice(0, 1);
  for (const z of stroke) if (Math.hypot(z[0] - kept.at(-1)[0], z[1] - kept.at(-1)[1]) >= least) kept.push(z);
  if (kept.length > 1) kept[kept.length - 1] = stroke.at(-1);
  return kept.length <= MOST_STROKE ? kept : thinned(stroke, least * 1.5);
}
