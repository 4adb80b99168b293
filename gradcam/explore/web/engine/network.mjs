// A network as a list of steps, each made of earlier ones; forward once, and a signal back from anywhere.

import { Conv } from "./conv.mjs";
import { Add, Concat, Flatten, GlobalAvgPool, MaxPool, ReLU } from "./operations.mjs";
import { GATES, RELEVANCE, relevance, throughReLU } from "./rules.mjs";
import { decode } from "./weights.mjs";

const KINDS = { Add, ReLU, MaxPool, GlobalAvgPool, Flatten, Concat };

export class Network {
  // model: as gradcam/explore/model.py writes it; raw: its weights, a Uint8Array
  constructor(model, raw) {
    this.model = model;
    this.arrays = decode(model, raw);
    this.steps = model.steps.map((step, index) => ({ ...step, index, consumers: [] }));
    this.index = Object.fromEntries(this.steps.map((step) => [step.name, step.index]));
    for (const step of this.steps) for (const from of step.from) this.steps[from].consumers.push(step.index);
    this.gates = { ...GATES };
    this.restore();
  }

  // every operation with the network's own weights
  restore() {
    for (const step of this.steps) this.build(step, (array) => array);
  }

  // change: ({shape, data}, name) -> another array of that shape
  build(step, change) {
    if (step.op === "input") return;
    if (step.op === "Conv" || step.op === "Linear") {
      const array = (n, part) => (n === undefined ? null : change(this.arrays[n], `${step.name}.${part}`));
      step.layer = new Conv({ ...step, W: array(step.W, "W"), b: array(step.b, "b") });
    } else step.layer = new KINDS[step.op](step);
  }

  // x: Float64Array (H, W, C) -> the scores
  forward(x) {
    const [C, H, W] = this.steps[0].shape;
    this.steps[0].y = { C, H, W, data: x };
    return this.forwardFrom(1);
  }

  forwardFrom(first) {
    for (const step of this.steps.slice(first)) step.y = step.layer.forward(...step.from.map((n) => this.steps[n].y));
    return this.steps.at(-1).y.data;
  }

  // from: index of the step where the signal starts, signal: what it is there -> [the signal at each step's output]
  backward(from, signal, rule) {
    const signals = [], gate = this.gates[rule];
    signals[from] = signal;
    for (let n = from; n > 0; n--) {
      const g = signals[n], step = this.steps[n];
      if (!g) continue;
      const xs = step.from.map((k) => this.steps[k].y);
      let gs;
      if (RELEVANCE.includes(rule)) gs = relevance(rule, step.layer, g, xs, step.y);
      else if (step.layer.backs) gs = step.layer.backs(g, xs);
      else gs = [step.op === "ReLU" ? throughReLU(gate, g, xs[0].data) : step.layer.back(g, xs[0])];
      step.from.forEach((k, part) => { signals[k] = signals[k] ? sum(signals[k], gs[part]) : gs[part]; });
    }
    return signals;
  }
}

const sum = (a, b) => a.map((v, n) => v + b[n]);
