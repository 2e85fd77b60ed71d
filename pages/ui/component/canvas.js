/** Canvases at the screen's resolution, drawn in CSS pixels. */

/** Clears a canvas to a size in CSS pixels. @returns {CanvasRenderingContext2D} */
export function sharpContext(canvas, width = canvas.clientWidth, height = canvas.clientHeight) {
  const ratio = devicePixelRatio || 1, size = { width: Math.round(width * ratio), height: Math.round(height * ratio) };
  if (canvas.width !== size.width || canvas.height !== size.height) Object.assign(canvas, size);
  const ctx = canvas.getContext("2d");
  ctx.reset();
  ctx.scale(ratio, ratio);
  return ctx;
}

/** Begins a path through points in pixels. */
export function tracePath(ctx, points) {
  ctx.beginPath();
  for (const [x, y] of points) ctx.lineTo(x, y); // the first begins the line
}
