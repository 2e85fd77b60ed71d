/** Drawn over the Interpolate page's map: the path, its frames, numbered waypoints, a stroke. */

const MAX_POINTS = 190; // of a committed stroke

/** @param {import("../component/types").PathScene} scene */
export function drawPath(ctx, view, theme, scene) {
  ctx.save();
  ctx.lineJoin = ctx.lineCap = "round";
  if (scene.path.length > 1) {
    // A halo in the background colour keeps the line visible on any image.
    line(ctx, view, scene.path, theme.ground, 6);
    if (!scene.settled) ctx.setLineDash([2, 7]);
    line(ctx, view, scene.path, theme.accentText, 2.5);
    ctx.setLineDash([]);
  }
  if (scene.settled) {
    for (const z of scene.frames) dot(ctx, view, z, 2.6, theme.ground, theme.accentText);
  }
  if (scene.stroke?.length > 1) line(ctx, view, scene.stroke, theme.text, 3);
  ctx.globalAlpha = scene.faded ? 0.45 : 1;
  ctx.font = `600 11px ${theme.mono}`; ctx.textAlign = "center"; ctx.textBaseline = "middle";
  scene.waypoints.forEach((z, i) => {
    const [x, y] = view.toPixel(z[0], z[1]), chosen = i === scene.chosen;
    ctx.beginPath(); ctx.arc(x, y, chosen ? 12 : 10, 0, 2 * Math.PI);
    ctx.fillStyle = chosen ? theme.text : theme.accentText; ctx.fill();
    ctx.strokeStyle = theme.ground; ctx.lineWidth = 2; ctx.stroke();
    ctx.fillStyle = theme.ground; ctx.fillText(String(i + 1), x, y + 0.5);
  });
  ctx.globalAlpha = 1;
  if (scene.frames.length) dot(ctx, view, scene.head, 6, theme.text, theme.ground);
  ctx.restore();
}

function line(ctx, view, codes, colour, width) {
  ctx.beginPath();
  codes.forEach((z, i) => {
    const [x, y] = view.toPixel(z[0], z[1]);
    if (i) ctx.lineTo(x, y); else ctx.moveTo(x, y);
  });
  ctx.strokeStyle = colour; ctx.lineWidth = width; ctx.stroke();
}

function dot(ctx, view, z, radius, fill, edge) {
  const [x, y] = view.toPixel(z[0], z[1]);
  ctx.beginPath(); ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fillStyle = fill; ctx.fill();
  ctx.strokeStyle = edge; ctx.lineWidth = 1.5; ctx.stroke();
}

/** Index of the topmost waypoint within `radius` pixels of a point on the screen, or null. */
export function waypointAt(view, waypoints, [px, py], radius) {
  for (let i = waypoints.length - 1; i >= 0; i--) {
    const [x, y] = view.toPixel(waypoints[i][0], waypoints[i][1]);
    if (Math.hypot(x - px, y - py) <= radius) return i;
  }
  return null;
}

/** A stroke without the points closer than `spacing` to the previous one; both ends stay. */
export function simplified(stroke, spacing) {
  const points = stroke.slice(0, 1);
  for (const z of stroke) if (Math.hypot(z[0] - points.at(-1)[0], z[1] - points.at(-1)[1]) >= spacing) points.push(z);
  if (points.length > 1) points[points.length - 1] = stroke.at(-1);
  return points.length <= MAX_POINTS ? points : simplified(stroke, spacing * 1.5);
}
