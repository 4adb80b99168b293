// Numbers as colours.  Zero is the page's own ground; red is positive, blue negative, and the eye sees their size.

export const GAP = 1;

const palettes = {
  light: { zero: [255, 255, 255], up: [178, 24, 43], down: [33, 102, 172], none: [232, 230, 224] },
  dark: { zero: [24, 27, 31], up: [255, 120, 104], down: [110, 178, 255], none: [52, 57, 64] },
};
export const palette = () => palettes[isDark() ? "dark" : "light"];

export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

const mixed = (from, to, share) => from.map((v, n) => v + (to[n] - v) * share);

// v in -1 ... 1
export function signed(v, { zero, up, down }) {
  const share = Math.sqrt(Math.min(1, Math.abs(v)));
  return mixed(zero, v < 0 ? down : up, share);
}

// v in 0 ... 1: from dark to bright, as a photo
export const bright = (v) => {
  const grey = 255 * Math.max(0, Math.min(1, v));
  return [grey, grey, grey];
};

export function canvasOf(canvas, width, height, colour) {
  const image = imageOf(canvas, width, height), { data } = image;
  for (let n = 0, i = 0; i < height; i++) for (let j = 0; j < width; j++, n += 4) {
    const c = colour(i, j);
    data[n] = c[0]; data[n + 1] = c[1]; data[n + 2] = c[2]; data[n + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// what is put on a canvas, of this size; its memory is kept for the next time
function imageOf(canvas, width, height) {
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  if (canvas.image?.width !== width || canvas.image.height !== height) canvas.image = new ImageData(width, height);
  return canvas.image;
}

// A thousand squares and more are drawn at a time: their colours stand in a table, one for each code from -127 to 127.
const tables = {};
function tableOf(kind) {
  const colours = palette();
  return (tables[`${kind} ${isDark()}`] ??= Uint32Array.from({ length: 256 }, (_, n) => {
    const share = Math.max(-1, (n - 128) / 127); // of a signal: the root, see `signed`
    return packed(kind === "signed" ? signed(share * Math.abs(share), colours) : bright(share));
  }));
}

const packed = ([r, g, b]) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0; // as RGBA lies in memory

// maps (n, H, W) beside and below each other, as codes of colours; kind: "signed" or "bright"
export function mosaic(canvas, { codes, H, W }, kind) {
  const count = codes.length / (H * W), across = Math.ceil(Math.sqrt(count)), table = tableOf(kind);
  const width = across * (W + GAP) - GAP, height = Math.ceil(count / across) * (H + GAP) - GAP;
  canvas.across = across;
  const image = imageOf(canvas, width, height), out = new Uint32Array(image.data.buffer).fill(packed(palette().none));
  for (let m = 0, n = 0; m < count; m++) for (let i = 0; i < H; i++) {
    let at = (Math.floor(m / across) * (H + GAP) + i) * width + (m % across) * (W + GAP);
    for (let j = 0; j < W; j++) out[at++] = table[codes[n++] + 128];
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// where a pointer is in a mosaic -> [m, i, j], or null between the maps
export function unitAt(canvas, event, H, W) {
  const box = canvas.getBoundingClientRect();
  const x = Math.floor(((event.clientX - box.left) / box.width) * canvas.width);
  const y = Math.floor(((event.clientY - box.top) / box.height) * canvas.height);
  const i = y % (H + GAP), j = x % (W + GAP), m = Math.floor(y / (H + GAP)) * canvas.across + Math.floor(x / (W + GAP));
  return i < H && j < W && x >= 0 && y >= 0 && x < canvas.width && y < canvas.height ? [m, i, j] : null;
}

// the picture itself, RGB in rows
export function photo(canvas, pixels, H, W) {
  canvasOf(canvas, W, H, (i, j) => pixels.subarray(3 * (i * W + j), 3 * (i * W + j) + 3));
}

// a signal at the pixels (C, H, W): as colours around grey, or by the sign of the sum over the channels
export function backAtPixels(canvas, { maps, H, W, top }, order, asColours) {
  const C = maps.length / (H * W), size = H * W, scale = top || 1;
  if (!asColours || C !== 3) {
    const sum = maps.slice(0, size), codes = new Int8Array(size), root = Math.sqrt(C);
    for (let n = size; n < maps.length; n++) sum[n % size] += maps[n];
    for (let n = 0; n < size; n++) codes[n] = Math.sign(sum[n]) * Math.round(127 * Math.sqrt(Math.min(1, Math.abs(sum[n]) / scale / root)));
    return mosaic(canvas, { codes, H, W }, "signed");
  }
  const image = imageOf(canvas, W, H);
  for (let n = 0; n < size; n++) {
    for (let c = 0; c < 3; c++) image.data[4 * n + c] = 127.5 + (127.5 * maps[order[c] * size + n]) / scale;
    image.data[4 * n + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// 0 ... 1 in the colours of embers, for heat maps
export function heat(v) {
  const stops = [[0, 0, 4], [87, 16, 110], [188, 55, 84], [249, 142, 9], [252, 255, 164]];
  const at = Math.max(0, Math.min(1, v)) * (stops.length - 1), n = Math.min(stops.length - 2, Math.floor(at));
  return mixed(stops[n], stops[n + 1], at - n);
}
