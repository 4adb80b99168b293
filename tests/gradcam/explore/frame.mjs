// node frame.mjs given.json COUNT: milliseconds of each frame in Node.js: forward, three rules back, and the maps as colours

import { readFileSync } from "node:fs";
import { Session } from "../../../gradcam/explore/web/engine/session.mjs";
import { bytes } from "../../../gradcam/explore/web/engine/weights.mjs";

globalThis.document = { documentElement: { dataset: { theme: "light" } } };
globalThis.ImageData = class {
  constructor(width, height) { this.data = new Uint8ClampedArray(4 * width * height); }
};
const { backAtPixels, mosaic } = await import("../../../gradcam/explore/web/page/paint.mjs");
const canvas = () => ({ width: 1, height: 1, getContext: () => ({ putImageData() {} }) }), kept = {};

const [, , from, count] = process.argv, { model, weights, looks, start } = JSON.parse(readFileSync(from, "utf8"));
const session = new Session(model, bytes(weights)), rules = ["backprop", "deconvnet", "guided"], times = [];
for (let n = 0; n < Number(count); n++) {
  const begin = performance.now();
  session.look({ pixels: Uint8Array.from(looks[n % looks.length]) });
  session.trace({ start, rules });
  for (const row of ["forward", ...rules]) for (const column of ["x", ...model.columns]) {
    if (row === "forward" && column === "x") continue;
    const found = session.maps({ tensor: column, what: row }), on = (kept[`${row} ${column}`] ??= canvas());
    if (column === "x") backAtPixels(on, found, [0, 1, 2], true);
    else mosaic(on, found, row === "forward" ? "bright" : "signed");
  }
  times.push(performance.now() - begin);
}
console.log(JSON.stringify(times));
