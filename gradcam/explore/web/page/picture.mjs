// The picture: one of the page's own, one that is dropped, or what is drawn on it.

import { element, find } from "./dom.mjs";
import { photo } from "./paint.mjs";

// a picture file, cut to the network's size as the network's own pictures are -> RGB in rows
export async function pixelsOf(file, H, W, grey) {
  const image = await createImageBitmap(file), canvas = element("canvas", { width: W, height: H }), context = canvas.getContext("2d");
  const scale = Math.max(W / image.width, H / image.height), w = image.width * scale, h = image.height * scale;
  context.imageSmoothingQuality = "high";
  context.fillStyle = "white";
  context.fillRect(0, 0, W, H);
  context.drawImage(image, (W - w) / 2, (H - h) / 2, w, h);
  const { data } = context.getImageData(0, 0, W, H), out = new Uint8Array(3 * H * W);
  for (let n = 0; n < H * W; n++) {
    const rgb = data.subarray(4 * n, 4 * n + 3);
    out.set(grey ? Array(3).fill(luma(rgb)) : rgb, 3 * n);
  }
  return out;
}

export function thumbs(pictures, H, W, chosen, choose) {
  find("thumbs").replaceChildren(...pictures.map(({ pixels, name }, n) => {
    const canvas = element("canvas", { width: W, height: H });
    photo(canvas, pixels, H, W);
    return element("button", { type: "button", "aria-pressed": String(n === chosen), "aria-label": name, title: name, onclick: () => choose(n) }, canvas);
  }));
}

const MOST_INK = 6000; // letters of an address

const luma = ([r, g, b]) => Math.round(0.299 * r + 0.587 * g + 0.114 * b);

// "#f2c230" -> the grey that a network of grey pictures takes it for
export const greyOf = (colour) => `#${luma([1, 3, 5].map((k) => parseInt(colour.slice(k, k + 2), 16))).toString(16).padStart(2, "0").repeat(3)}`;

// strokes of a brush, [{colour: "f2c230", radius, at: [row, column, row, column, ...]}, ...], over a picture
export function inked(pixels, ink, H, W, grey) {
  if (!ink.length) return pixels;
  const out = pixels.slice();
  for (const stroke of ink) for (let n = 0; n < stroke.at.length; n += 2) reached(out, stroke, n, H, W, grey);
  return out;
}

// what is seen already, and the last place of the last stroke
export function further(seen, ink, H, W, grey) {
  const out = seen.slice(), stroke = ink.at(-1);
  reached(out, stroke, stroke.at.length - 2, H, W, grey);
  return out;
}

// the brush goes from the place before to the n-th number's
function reached(out, { colour, radius, at }, n, H, W, grey) {
  const rgb = [0, 2, 4].map((k) => parseInt(colour.slice(k, k + 2), 16)), paint = grey ? Array(3).fill(luma(rgb)) : rgb;
  const [y0, x0] = n ? [at[n - 2], at[n - 1]] : [at[0], at[1]], steps = Math.ceil(Math.hypot(at[n] - y0, at[n + 1] - x0)) + 1;
  for (let s = 1; s <= steps; s++) dot(out, y0 + ((at[n] - y0) * s) / steps, x0 + ((at[n + 1] - x0) * s) / steps, radius, paint, H, W);
}

function dot(out, y, x, radius, rgb, H, W) {
  for (let i = Math.max(0, Math.floor(y - radius)); i <= Math.min(H - 1, y + radius); i++)
    for (let j = Math.max(0, Math.floor(x - radius)); j <= Math.min(W - 1, x + radius); j++)
      if (Math.hypot(i - y, j - x) <= radius + 0.3) out.set(rgb, 3 * (i * W + j));
}

// a pointer on the picture -> the ink with one more place
export function stroked(ink, event, canvas, H, W) {
  if (!(event.buttons & 1)) return null;
  const box = canvas.getBoundingClientRect(), clip = (v, most) => Math.max(0, Math.min(most - 1, Math.floor(v * most)));
  const at = [clip((event.clientY - box.top) / box.height, H), clip((event.clientX - box.left) / box.width, W)];
  const last = ink.at(-1), first = event.type === "pointerdown" || !last;
  if (!first && last.at.at(-2) === at[0] && last.at.at(-1) === at[1]) return null;
  if (!first) return [...ink.slice(0, -1), { ...last, at: [...last.at, ...at] }];
  return [...ink, { colour: find("brush-colour").value.slice(1), radius: Math.max(1, Math.round((Number(find("brush-size").value) * H) / 200)), at }];
}

// ink in an address: "f2c230.3.10.12.11.14!..."
export const inkWords = (ink) => {
  const words = ink.map(({ colour, radius, at }) => [colour, radius, ...at].join(".")).join("!");
  return words.length <= MOST_INK ? words : null;
};

export function inkOf(words, H, W) {
  if (!words || words.length > MOST_INK) return [];
  const strokes = words.split("!").map((one) => {
    if (!/^[0-9a-f]{6}(\.\d{1,4})(\.\d{1,4}\.\d{1,4})+$/.test(one)) return null;
    const [radius, ...at] = one.split(".").slice(1).map(Number);
    return at.every((v, n) => v < (n % 2 ? W : H)) && radius <= H / 4 ? { colour: one.slice(0, 6), radius, at } : null;
  });
  return strokes.includes(null) ? [] : strokes;
}
