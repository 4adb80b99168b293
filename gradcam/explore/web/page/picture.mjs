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
    const rgb = data.subarray(4 * n, 4 * n + 3), v = Math.round(0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]);
    out.set(grey ? [v, v, v] : rgb, 3 * n);
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

// a round stroke of colour from one place to the next
export class Brush {
  constructor(H, W) {
    Object.assign(this, { H, W, last: null });
  }

  stroke(pixels, event, canvas, grey) {
    const box = canvas.getBoundingClientRect(), at = [((event.clientY - box.top) / box.height) * this.H, ((event.clientX - box.left) / box.width) * this.W];
    if (!(event.buttons & 1)) return null;
    const from = event.type === "pointerdown" ? at : (this.last ?? at), out = pixels.slice(), radius = Number(find("brush-size").value) * this.H / 200;
    const hex = find("brush-colour").value, rgb = [1, 3, 5].map((n) => parseInt(hex.slice(n, n + 2), 16)), v = Math.round(0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]);
    const steps = Math.ceil(Math.hypot(at[0] - from[0], at[1] - from[1]) * 2) + 1;
    for (let s = 0; s < steps; s++) {
      const y = from[0] + ((at[0] - from[0]) * (s + 1)) / steps, x = from[1] + ((at[1] - from[1]) * (s + 1)) / steps;
      for (let i = Math.max(0, Math.floor(y - radius)); i < Math.min(this.H, y + radius); i++) for (let j = Math.max(0, Math.floor(x - radius)); j < Math.min(this.W, x + radius); j++)
        if (Math.hypot(i + 0.5 - y, j + 0.5 - x) <= radius) out.set(grey ? [v, v, v] : rgb, 3 * (i * this.W + j));
    }
    this.last = at;
    return out;
  }
}
