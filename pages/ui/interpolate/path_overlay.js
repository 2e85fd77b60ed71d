/** Drawn over the Interpolate page's map: the path, its frames, numbered waypoints, a stroke. */

import { trace } from "../map/lasso.js";
import { disc } from "../map/overlay.js";

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
  if (scene.settled) for (const z of scene.frames) disc(ctx, view, z, 2.6, theme.ground, theme.accentText);
  if (scene.stroke?.length > 1) line(ctx, view, scene.stroke, theme.text, 3);
  ctx.globalAlpha = scene.faded ? 0.45 : 1;
  ctx.font = `600 11px ${theme.mono}`; ctx.textAlign = "center"; ctx.textBaseline = "middle";
  scene.waypoints.forEach((z, i) => {
    const [x, y] = view.toPixel(z[0], z[1]), chosen = i === scene.chosen;
    disc(ctx, view, z, chosen ? 12 : 10, chosen ? theme.text : theme.accentText, theme.ground, 2);
    ctx.fillStyle = theme.ground; ctx.fillText(String(i + 1), x, y + 0.5);
  });
  ctx.globalAlpha = 1;
  if (scene.frames.length) disc(ctx, view, scene.head, 6, theme.text, theme.ground);
  ctx.restore();
}

function line(ctx, view, codes, colour, width) {
  trace(ctx, view, codes);
  ctx.strokeStyle = colour; ctx.lineWidth = width; ctx.stroke();
}

/** Index of the topmost waypoint within `radius` pixels of a point on the screen, or null. */
export function waypointAt(view, waypoints, [px, py], radius) {
  const away = ([x, y]) => Math.hypot(x - px, y - py), i = waypoints.findLastIndex((z) => away(view.toPixel(z[0], z[1])) <= radius);
  return i < 0 ? null : i;
}
