// An occluder under the finger: cover a place, and see what the score falls by; the falls paint a map (Zeiler & Fergus 2014).

import { digits, find } from "./dom.mjs";
import { palette, photo, signed } from "./paint.mjs";

export class Occluder {
  // ask(places, side) -> falls
  constructor(model, ask) {
    [, this.H, this.W] = model.steps[0].shape;
    this.ask = ask;
    this.canvas = find("occluder");
    find("occluder-side").max = Math.round(this.H / 2);
    find("occluder-side").value = Math.round(this.H / 6);
    this.canvas.addEventListener("pointerdown", (event) => { event.preventDefault(); this.canvas.setPointerCapture(event.pointerId); this.held = true; this.cover(event); });
    this.canvas.addEventListener("pointermove", (event) => this.held && this.cover(event));
    for (const end of ["pointerup", "pointercancel"]) this.canvas.addEventListener(end, () => { this.held = false; });
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    find("occluder-sweep").addEventListener("click", () => this.sweep());
    find("occluder-clear").addEventListener("click", () => this.clear());
  }

  // random: how many layers are
  look(pixels, random, c, name) {
    if (this.pixels === pixels && this.random === random && this.c === c) return;
    Object.assign(this, { pixels, random, c, name });
    this.clear();
  }

  clear() {
    this.falls = new Map();
    this.turn = (this.turn ?? 0) + 1;
    this.at = null;
    this.draw();
    find("occluder-say").textContent = `Drag across the picture: a grey square covers a part of it, and ${this.name ?? "the class"} loses or gains.`;
  }

  side() { return Number(find("occluder-side").value); }

  cover(event) {
    const box = this.canvas.getBoundingClientRect(), side = this.side();
    const i = Math.round(((event.clientY - box.top) / box.height) * this.H - side / 2), j = Math.round(((event.clientX - box.left) / box.width) * this.W - side / 2);
    this.put([Math.max(-side + 1, Math.min(this.H - 1, i)), Math.max(-side + 1, Math.min(this.W - 1, j))]);
  }

  key(event) {
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }, step = Math.max(1, Math.round(this.side() / 2));
    if (!(event.key in moves)) return;
    event.preventDefault();
    const [i, j] = this.at ?? [Math.round(this.H / 2), Math.round(this.W / 2)], [down, right] = moves[event.key];
    this.put([Math.max(0, Math.min(this.H - 1, i + down * step)), Math.max(0, Math.min(this.W - 1, j + right * step))]);
  }

  async put(at) {
    this.at = at;
    this.draw();
    if (this.busy) return (this.waiting = at);
    this.busy = true;
    const turn = this.turn, [fall] = await this.ask([at], this.side()).finally(() => { this.busy = false; });
    if (turn === this.turn) {
      this.falls.set(at.join(), [...at, this.side(), fall]);
      find("occluder-say").textContent = `Covered there, ${this.name} ${fall >= 0 ? "falls" : "rises"} by ${digits(Math.abs(fall))}.`;
      this.draw();
    }
    if (this.waiting) { const next = this.waiting; this.waiting = null; this.put(next); }
  }

  async sweep() {
    this.clear();
    const side = this.side(), step = Math.max(1, Math.round(side / 2)), places = [], turn = this.turn;
    for (let i = 0; i <= this.H - side; i += step) for (let j = 0; j <= this.W - side; j += step) places.push([i, j]);
    for (let n = 0; n < places.length && turn === this.turn; n += 8) {
      const some = places.slice(n, n + 8), falls = await this.ask(some, side);
      if (turn !== this.turn) return;
      some.forEach((at, m) => this.falls.set(at.join(), [...at, side, falls[m]]));
      this.draw();
      find("occluder-say").textContent = `${Math.min(places.length, n + 8)} of ${places.length} places: red where covering takes from ${this.name}, blue where it gives.`;
    }
  }

  draw() {
    if (!this.pixels) return;
    const { H, W } = this, sum = new Float64Array(H * W), times = new Float64Array(H * W), colours = palette();
    for (const [top, left, side, fall] of this.falls.values())
      for (let i = Math.max(0, top); i < Math.min(H, top + side); i++) for (let j = Math.max(0, left); j < Math.min(W, left + side); j++) { sum[i * W + j] += fall; times[i * W + j]++; }
    const mean = sum.map((v, n) => (times[n] ? v / times[n] : 0)), most = mean.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-9);
    const out = new Uint8Array(3 * H * W);
    for (let n = 0; n < H * W; n++) {
      const grey = (this.pixels[3 * n] + this.pixels[3 * n + 1] + this.pixels[3 * n + 2]) / 3, colour = times[n] ? signed(mean[n] / most, colours) : null;
      for (let c = 0; c < 3; c++) out[3 * n + c] = colour ? 0.35 * grey + 0.65 * colour[c] : this.pixels[3 * n + c];
    }
    photo(this.canvas, out, H, W);
    if (this.at) {
      const context = this.canvas.getContext("2d"), side = this.side();
      context.fillStyle = "rgb(127 127 127)";
      context.fillRect(this.at[1], this.at[0], side, side);
    }
  }
}
