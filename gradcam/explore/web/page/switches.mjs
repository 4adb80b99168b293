// What a max-pool remembers: which place of each window was the largest, and so where alone a signal comes back to.

import { element, find } from "./dom.mjs";
import { canvasOf, palette, signed } from "./paint.mjs";
import { RULES } from "./state.mjs";

export class Switches {
  constructor(model, ask) {
    this.model = model;
    this.ask = ask;
    const pools = model.steps.filter(({ op, shape }) => op === "MaxPool" && shape[1] > 1);
    find("h-switches").parentElement.hidden = !pools.length;
    find("pool").replaceChildren(...pools.map(({ name }) => element("option", { value: name }, name)));
    this.k = null; // the map that the reader chose
    find("pool").addEventListener("change", () => { this.k = null; this.show(); });
    find("pool-map").addEventListener("input", () => { this.k = Number(find("pool-map").value); this.show(); });
    find("pool-rule").addEventListener("change", () => this.draw());
  }

  async show() {
    const name = find("pool").value, step = this.model.steps.find((one) => one.name === name);
    if (!step) return;
    find("pool-map").max = step.shape[0] - 1;
    try {
      const [found] = await this.ask([["switches", { tensor: name, k: this.k }]]);
      Object.assign(this, { found, name });
      find("pool-map").value = found.k;
      this.draw();
    } catch { /* the picture changed meanwhile: it is asked again */ }
  }

  draw() {
    if (!this.found) return;
    const { map, times, H, W, back, below } = this.found, most = map.reduce((m, v) => Math.max(m, Math.abs(v)), 0) || 1;
    const rule = find("pool-rule").value, g = back[rule], top = g?.reduce((m, v) => Math.max(m, Math.abs(v)), 0) || 1, { none } = palette();
    canvasOf(find("pool-input"), W, H, (i, j) => {
      const grey = (255 * Math.max(0, map[i * W + j])) / most;
      return times[i * W + j] ? [grey, grey, grey] : [none[0] * 0.75 + grey * 0.25, none[1] * 0.75 + grey * 0.25, none[2] * 0.75 + grey * 0.25];
    });
    canvasOf(find("pool-back"), W, H, (i, j) => (g ? signed(g[i * W + j] / top, palette()) : none));
    const won = times.reduce((sum, v) => sum + (v > 0), 0), here = g ? g.reduce((sum, v) => sum + (v !== 0), 0) : 0;
    find("pool-say").textContent = `Map ${this.found.k} of ${below}: ${won} of ${H * W} places were the largest of a window of ${this.name}; the others are paled. ${g ? `Under ${RULES[rule].title} a signal came back to ${here} of them, and to no other place.` : "No signal came back to it."}`;
  }
}
