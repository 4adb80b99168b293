// Grad-CAM beside: alpha of each map as bars, their weighted sum as it builds up, the final ReLU, and a zero that can be shifted.

import { digits, element, find } from "./dom.mjs";
import { canvasOf, heat, palette, signed } from "./paint.mjs";

export class Cam {
  // keep(parts): remember how it stands
  constructor(keep) {
    for (const id of ["cam-count", "cam-shift", "cam-relu"]) {
      find(id).addEventListener("input", () => this.draw());
      find(id).addEventListener("change", () => keep(this.state()));
    }
    find("cam-build").addEventListener("click", () => this.build(keep));
  }

  state() {
    const { value, max } = find("cam-count");
    return { maps: value === max ? null : Number(value), final: find("cam-relu").checked, zero: Number(find("cam-shift").value) };
  }

  set({ maps, final, zero }) {
    this.count = maps;
    find("cam-relu").checked = final;
    find("cam-shift").value = zero;
    if (this.found) this.show(this.found, this.A, this.layer, this.name);
  }

  // one map after the other, in three seconds
  build(keep) {
    const slider = find("cam-count"), most = Number(slider.max), begin = performance.now(), running = (this.running = {});
    const next = () => {
      if (running !== this.running) return;
      const share = Math.min(1, (performance.now() - begin) / 3000);
      slider.value = Math.round(share * most);
      this.draw();
      if (share < 1) requestAnimationFrame(next);
      else keep(this.state());
    };
    next();
  }

  // found: the answer to "gradcam", A: (K, h, w) as one array
  show(found, A, layer, name) {
    Object.assign(this, { found, A, layer, name });
    const size = found.H * found.W, { alpha } = found;
    const means = Float64Array.from(alpha, (_, k) => A.subarray(k * size, (k + 1) * size).reduce((a, b) => a + b, 0) / size);
    this.order = [...alpha.keys()].sort((a, b) => Math.abs(alpha[b] * means[b]) - Math.abs(alpha[a] * means[a]));
    find("cam-count").max = alpha.length;
    find("cam-count").value = this.count ?? alpha.length;
    this.draw();
  }

  draw() {
    if (!this.found) return;
    this.count = this.state().maps;
    const { alpha, H, W, bias } = this.found, size = H * W, count = Number(find("cam-count").value), relu = find("cam-relu").checked;
    const L = new Float64Array(size), all = this.found.map, most = all.reduce((m, v) => Math.max(m, Math.abs(v)), 0) || 1;
    for (const k of this.order.slice(0, count)) for (let p = 0; p < size; p++) L[p] += alpha[k] * this.A[k * size + p];
    const shift = Number(find("cam-shift").value) * most, moved = L.map((v) => v + shift);
    const above = moved.filter((v) => v > 0).length, colours = palette();
    canvasOf(find("cam-map"), W, H, (i, j) => (relu ? heat(moved[i * W + j] / most) : signed(moved[i * W + j] / most, colours)));
    canvasOf(find("cam-kept"), W, H, (i, j) => signed((moved[i * W + j] + (bias - size * shift) / size) / most, colours));
    this.bars(alpha, count);
    find("cam-say").textContent = `${this.name}, at ${this.layer}: ${count === alpha.length ? "all" : `the first ${count} of`} ${alpha.length} maps. ${above} of ${size} places are above 0${relu ? "; the final ReLU leaves out the others" : ""}.`;
    find("cam-kept-say").textContent = shift ? `Zero moved by ${digits(shift)}: the next layer takes it away from its bias, so scores stay. The map moved; this one, map + b/Z, did not.` : "map + b/Z: what no shift of zero can change.";
  }

  bars(alpha, count) {
    const most = alpha.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-300), shown = this.order.slice(0, 64), width = 320, step = width / shown.length;
    const drawing = element("svg", { viewBox: `0 0 ${width} 90`, role: "img", "aria-label": `alpha of ${alpha.length} maps; the largest contribution: map ${this.order[0]}, alpha ${digits(alpha[this.order[0]])}` });
    drawing.append(element("line", { x1: 0, x2: width, y1: 45, y2: 45, class: "grid" }), ...shown.map((k, n) => {
      const tall = (42 * Math.abs(alpha[k])) / most;
      return element("rect", { x: n * step, width: Math.max(1, step - 1), y: alpha[k] > 0 ? 45 - tall : 45, height: Math.max(0.5, tall), class: `${alpha[k] > 0 ? "up" : "down"}${n < count ? "" : " off"}` }, element("title", {}, `map ${k}: alpha ${digits(alpha[k])}`));
    }));
    find("cam-bars").replaceChildren(drawing);
  }
}
