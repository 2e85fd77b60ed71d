/** Animated GIF files (GIF89a, CompuServe 1990): at most 256 colours, LZW with codes of up to 12 bits. */

const MOST_CODES = 4096;

/**
 * @param {Uint8ClampedArray[]} frames RGBA of width x height pixels
 * @param {{ width: number, height: number, scale: number, delay: number, loop: boolean }} how pixels enlarged `scale` times;
 *   each frame shown for `delay` hundredths of a second
 */
export function gif(frames, { width, height, scale, delay, loop }) {
  const { colours, indexed } = palette(frames), word = (n) => [n & 255, n >> 8 & 255], size = [...word(scale * width), ...word(scale * height)];
  const parts = [bytes("GIF89a"), [...size, 0xf7, 0, 0], colours.flat(), Array(768 - 3 * colours.length).fill(0)];
  if (loop) parts.push([0x21, 0xff, 11], bytes("NETSCAPE2.0"), [3, 1, 0, 0, 0]);
  for (const frame of indexed) {
    parts.push([0x21, 0xf9, 4, 4, ...word(Math.max(2, Math.round(delay))), 0, 0], [0x2c, 0, 0, 0, 0, ...size, 0, 8]);
    const data = compressed(enlarged(frame, width, scale));
    for (let at = 0; at < data.length; at += 255) parts.push([Math.min(255, data.length - at)], data.subarray(at, at + 255));
    parts.push([0]);
  }
  return new Blob([...parts.map((part) => Uint8Array.from(part)), Uint8Array.of(0x3b)], { type: "image/gif" });
}

const bytes = (text) => Array.from(text, (c) => c.charCodeAt(0));

/** The colours of frames, at most 256, and their pixels as indices of these. */
function palette(frames) {
  const key = (rgba, p) => rgba[p] << 16 | rgba[p + 1] << 8 | rgba[p + 2], counts = new Map();
  for (const rgba of frames) for (let p = 0; p < rgba.length; p += 4) counts.set(key(rgba, p), (counts.get(key(rgba, p)) ?? 0) + 1);
  const index = new Map(), colours = boxesOf(counts).map((box, i) => {
    for (const { rgb: [r, g, b] } of box) index.set(r << 16 | g << 8 | b, i);
    const count = sum(box, (colour) => colour.count);
    return [0, 1, 2].map((c) => Math.round(sum(box, (colour) => colour.rgb[c] * colour.count) / count));
  });
  return { colours, indexed: frames.map((rgba) => Uint8Array.from({ length: rgba.length / 4 }, (_, p) => index.get(key(rgba, 4 * p)))) };
}

const sum = (values, of) => values.reduce((total, value) => total + of(value), 0);

/**
 * Colours in at most 256 groups, each alone where there are no more (median cut; Heckbert, 1982): the group whose pixels
 * spread most is cut in two halves.
 */
function boxesOf(counts) {
  const measured = (box) => {
    const spreads = [0, 1, 2].map((c) => { const values = box.map(({ rgb }) => rgb[c]); return Math.max(...values) - Math.min(...values); });
    const spread = Math.max(...spreads);
    return { box, along: spreads.indexOf(spread), weight: spread * Math.sqrt(sum(box, ({ count }) => count)) };
  };
  const all = Array.from(counts, ([key, count]) => ({ rgb: [key >> 16, key >> 8 & 255, key & 255], count }));
  const boxes = [{ box: all, along: 0, weight: all.length > 1 ? Infinity : 0 }];
  while (boxes.length < 256) {
    const at = boxes.reduce((best, { weight }, i) => (weight > boxes[best].weight ? i : best), 0), { box, along, weight } = boxes[at];
    if (!weight) break;
    box.sort((a, b) => a.rgb[along] - b.rgb[along]);
    const half = sum(box, ({ count }) => count) / 2;
    let cut = 1;
    for (let seen = box[0].count; cut < box.length - 1 && seen + box[cut].count <= half; cut++) seen += box[cut].count;
    boxes.splice(at, 1, measured(box.slice(0, cut)), measured(box.slice(cut)));
  }
  return boxes.map(({ box }) => box);
}

function enlarged(pixels, width, scale) {
  const wide = width * scale, out = new Uint8Array(pixels.length * scale * scale);
  for (let p = 0; p < out.length; p++) out[p] = pixels[Math.floor(Math.floor(p / wide) / scale) * width + Math.floor(p % wide / scale)];
  return out;
}

/** LZW of bytes, the lowest bits first. */
function compressed(pixels) {
  const CLEAR = 256, END = 257, out = [];
  let table = new Map(), next = 258, bits = 9, held = 0, count = 0;
  const put = (code) => {
    held |= code << count;
    for (count += bits; count >= 8; count -= 8, held >>>= 8) out.push(held & 255);
  };
  put(CLEAR);
  let code = pixels[0];
  for (let p = 1; p < pixels.length; p++) {
    const key = code << 8 | pixels[p], known = table.get(key);
    if (known !== undefined) { code = known; continue; }
    put(code);
    code = pixels[p];
    if (next === MOST_CODES) { put(CLEAR); table = new Map(); next = 258; bits = 9; continue; }
    if (next === 1 << bits) bits++;
    table.set(key, next++);
  }
  put(code);
  put(END);
  if (count > 0) out.push(held & 255);
  return Uint8Array.from(out);
}
