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

/** The colours of frames and their pixels as indices: exact where there are at most 256, else 6 x 7 x 6 levels. */
function palette(frames) {
  const found = new Map();
  for (const rgba of frames) {
    for (let p = 0; p < rgba.length && found.size <= 256; p += 4) {
      const key = rgba[p] << 16 | rgba[p + 1] << 8 | rgba[p + 2];
      if (!found.has(key)) found.set(key, found.size);
    }
  }
  const exact = found.size <= 256, level = (v, n) => Math.round(v / 255 * (n - 1));
  const index = exact ? (r, g, b) => found.get(r << 16 | g << 8 | b) : (r, g, b) => (level(r, 6) * 7 + level(g, 7)) * 6 + level(b, 6);
  const colours = exact ? [...found.keys()].map((key) => [key >> 16, key >> 8 & 255, key & 255])
    : Array.from({ length: 252 }, (_, k) => [Math.floor(k / 42) * 51, Math.floor(k / 6) % 7 * 42.5, k % 6 * 51]);
  const indexed = frames.map((rgba) => Uint8Array.from({ length: rgba.length / 4 }, (_, p) => index(rgba[4 * p], rgba[4 * p + 1], rgba[4 * p + 2])));
  return { colours, indexed };
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
