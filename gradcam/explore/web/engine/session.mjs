// What the page asks of an engine.  gradcam/explore/session.py answers the same questions in Python; the two must agree.

import { Network } from "./network.mjs";
import { normal, sequence } from "./random.mjs";
import { backwardTerms, forwardTerms } from "./terms.mjs";

const TOP = 16, LARGE = 32 * 32, OF_LARGE = 9; // maps of a tensor that are shown, and how many if they are large
const GREY = 127; // what an occluder is made of
const STEPS = 127; // from 0 to the largest colour

export class Session {
  constructor(model, raw) {
    this.model = model;
    this.net = new Network(model, raw);
    this.signals = {};
  }

  // ask("look", {...}) -> an answer that can be sent from a worker
  ask(what, args) {
    return this[what](args);
  }

  // pixels: RGB of the network's own size, 0 to 255
  look({ pixels }) {
    this.pixels = pixels;
    this.signals = {};
    const scores = this.net.forward(this.input(pixels));
    return { scores: Float64Array.from(scores), tops: this.tops() };
  }

  input(pixels) {
    const { channels, scale, mean, std } = this.model.preprocessing, C = mean.length;
    const order = channels === "BGR" ? [2, 1, 0] : [0, 1, 2];
    const x = new Float64Array((pixels.length / 3) * C);
    for (let p = 0, n = 0; n < pixels.length; n += 3, p++) for (let c = 0; c < C; c++) {
      x[p * C + c] = (pixels[n + order[c]] * (scale / 255) - mean[c]) / std[c];
    }
    return x;
  }

  // of the tensors that are shown, the maps with the largest sums
  tops() {
    return (this.top = Object.fromEntries(["x", ...this.model.columns].map((name) => {
      const { y } = this.step(name), sums = channelSums(y), most = y.H * y.W > LARGE ? OF_LARGE : TOP;
      return [name, [...sums.keys()].sort((a, b) => sums[b] - sums[a] || a - b).slice(0, most)];
    })));
  }

  step(name) {
    return this.net.steps[this.net.index[name]];
  }

  // start: {tensor, region: [k, i0, j0, i1, j1]}, the last row and column included; by: "score" or "probability"
  trace({ start, rules, by = "score", sureness = 1 }) {
    const { net } = this, from = net.index[start.tensor], { y } = net.steps[from], before = performance.now();
    const region = this.region(start), value = region.reduce((sum, v, n) => (v ? sum + y.data[n] : sum), 0);
    const signal = by === "probability" ? this.ofProbability(y.data, region, start.region[0], sureness) : region;
    this.signals = {};
    for (const rule of rules) {
      const first = rule.startsWith("lrp") ? signal.map((v, n) => v * y.data[n]) : signal;
      this.signals[rule] = net.backward(from, first, rule);
    }
    return { value, refused: {}, ms: performance.now() - before };
  }

  // of the last signals, how much of each is positive or negative, and the four cases at each ReLU
  counts() {
    const rules = Object.keys(this.signals);
    return { signs: Object.fromEntries(rules.map((rule) => [rule, this.signs(rule)])), gates: this.gates(rules) };
  }

  // 1 in the region, 0 elsewhere
  region({ tensor, region: [k, i0, j0, i1, j1] }) {
    const { y } = this.step(tensor), signal = new Float64Array(y.data.length);
    for (let i = i0; i <= i1; i++) for (let j = j0; j <= j1; j++) signal[(i * y.W + j) * y.C + k] = 1;
    return signal;
  }

  // dp_k/dy_j, p of scores s times as large: s p_k (1[j = k] - p_j) of a softmax, s p_k (1 - p_k) of a sigmoid each
  ofProbability(y, one, k, s) {
    if (this.model.multi_label) return one.map((v, n) => v && s * slope(s * y[n]));
    const p = softmax(y, s);
    return p.map((v, n) => s * p[k] * (one[n] - v));
  }

  // of every tensor that the signal reached: how much of it is positive, negative
  signs(rule) {
    const reached = this.net.steps.filter(({ index }) => this.signals[rule][index]);
    return Object.fromEntries(reached.map(({ name, index }) => [name, signsOf(this.signals[rule][index])]));
  }

  // of every ReLU that the signal passes: {rule: [open and g > 0, open and g < 0, closed and g > 0, closed and g < 0]}
  gates(rules) {
    const relus = this.net.steps.filter((step) => step.op === "ReLU" && this.signals[rules[0]]?.[step.index]);
    return Object.fromEntries(relus.map((step) => {
      const x = this.net.steps[step.from[0]].y.data;
      return [step.name, Object.fromEntries(rules.map((rule) => [rule, fourCases(x, this.signals[rule][step.index])]))];
    }));
  }

  // what is drawn of a tensor; top: what 99 in 100 of the numbers that are drawn do not exceed in size.  Of the pixels,
  // the numbers themselves (C, H, W); of other tensors a colour for each number of the maps with the largest sums
  // (n, H, W): of an activation 127 v / top, of a signal 127 sqrt(v / top), with its sign; after: the signal at the ReLU's
  // input, which its gate let through, and not the one at its output
  maps({ tensor, what, after = false }) {
    const step = this.step(tensor), { C, H, W } = step.y;
    const from = what === "forward" ? step.y.data : this.signals[what]?.[after ? step.from[0] : step.index];
    if (!from) return { maps: null, H, W };
    const size = H * W, shown = tensor === "x" ? [...Array(C).keys()] : this.top[tensor], maps = new Float32Array(shown.length * size);
    shown.forEach((k, m) => { for (let n = k, at = m * size, end = at + size; at < end; n += C) maps[at++] = from[n]; });
    const top = percentile(maps);
    if (tensor === "x") return { maps, H, W, top };
    const codes = new Int8Array(maps.length), scale = 1 / (top || 1);
    if (what === "forward") for (let n = 0; n < codes.length; n++) codes[n] = maps[n] > 0 ? STEPS * Math.min(1, maps[n] * scale) + 0.5 : 0;
    else for (let n = 0; n < codes.length; n++) {
      const v = maps[n] * scale;
      if (v > 0) codes[n] = STEPS * Math.sqrt(Math.min(1, v)) + 0.5;
      else if (v < 0) codes[n] = -STEPS * Math.sqrt(Math.min(1, -v)) - 0.5;
    }
    return { codes, H, W, top };
  }

  // every number of a tensor, (C, H, W)
  values({ tensor, what }) {
    const step = this.step(tensor), { C, H, W } = step.y;
    const from = what === "forward" ? step.y.data : this.signals[what]?.[step.index] ?? [];
    return Float64Array.from(from, (_, n) => from[(n % (H * W)) * C + Math.floor(n / (H * W))]);
  }

  number({ tensor, unit, what }) {
    const n = this.net.index[tensor];
    if (what === "forward") return forwardTerms(this.net, n, unit);
    return this.signals[what] ? backwardTerms(this.net, this.signals[what], n, unit, what) : { value: 0, parts: [] };
  }

  // what: a rule; least: the smallest or the largest -> the unit of a tensor where the signal is that
  extreme({ tensor, what, least }) {
    const step = this.step(tensor), g = this.signals[what][step.index], { C, W } = step.y;
    let best = 0;
    for (let n = 1; n < g.length; n++) if (least ? g[n] < g[best] : g[n] > g[best]) best = n;
    return { unit: [best % C, Math.floor(best / C / W), Math.floor(best / C) % W], value: g[best] };
  }

  // a map of a max-pool's input (H, W), how often each place was the largest of a window, and what came back to it;
  // k: which one, null for the one with the largest sum
  switches({ tensor, k }) {
    const pool = this.step(tensor), below = this.net.steps[pool.from[0]], { C, H, W, data } = below.y;
    k ??= channelSums(below.y).reduce((best, v, n, sums) => (v > sums[best] ? n : best), 0);
    const times = new Int8Array(H * W), one = (from) => Float32Array.from(times, (_, p) => from[p * C + k]);
    pool.layer.switches.forEach((at) => { if (at % C === k) times[(at - k) / C]++; });
    const back = Object.entries(this.signals).filter(([, g]) => g[below.index]).map(([rule, g]) => [rule, one(g[below.index])]);
    return { k, below: below.name, map: one(data), times, H, W, back: Object.fromEntries(back) };
  }

  // Grad-CAM before its final ReLU: alpha (K), L (h, w), and the bias of the class, if the last layer has one
  gradcam({ layer, c }) {
    const { net } = this, from = net.steps.length - 1, signal = new Float64Array(net.steps[from].y.data.length);
    signal[c] = 1;
    const dA = net.backward(from, signal, "backprop")[net.index[layer]], { C, H, W, data } = net.steps[net.index[layer]].y;
    const alpha = new Float64Array(C), map = new Float64Array(H * W);
    channelSums({ C, data: dA }).forEach((sum, k) => { alpha[k] = sum / (H * W); });
    for (let n = 0; n < data.length; n++) map[Math.floor(n / C)] += alpha[n % C] * data[n];
    const last = net.steps[from].layer;
    return { alpha, map, H, W, bias: last.b ? last.b[c] : 0, score: net.steps[from].y.data[c] };
  }

  // the fall of class c's score when a grey square of this side covers each place: top left corners [[i, j], ...]
  occlude({ side, c, places }) {
    const [, H, W] = this.net.steps[0].shape, before = this.net.steps.at(-1).y.data[c], falls = new Float64Array(places.length);
    const grey = this.input(new Uint8Array(3).fill(GREY)), x = this.net.steps[0].y.data, C = grey.length;
    places.forEach(([top, left], n) => {
      const covered = x.slice();
      for (let i = Math.max(0, top); i < Math.min(H, top + side); i++)
        for (let j = Math.max(0, left); j < Math.min(W, left + side); j++) covered.set(grey, (i * W + j) * C);
      falls[n] = before - this.net.forward(covered)[c];
    });
    this.net.forward(x);
    return { falls };
  }

  // the last `count` layers with weights drawn anew: W ~ N(0, 2/fan_in) (He et al. 2015), b = 0
  randomise({ count, seed }) {
    const layers = this.net.steps.filter((step) => step.W !== undefined);
    layers.forEach((step, n) => {
      if (n < layers.length - count) return this.net.build(step, (array) => array);
      const next = sequence(seed * 1000 + n);
      this.net.build(step, (array, name) => {
        if (name.endsWith(".b")) return { ...array, data: new Float64Array(array.data.length) };
        const deviation = Math.sqrt(2 / (array.data.length / array.shape[0]));
        return { ...array, data: array.data.map(() => deviation * normal(next)) };
      });
    });
    return { layers: layers.map(({ name }) => name) };
  }

  // a rule written by the reader, (g, x) -> what it lets through of a signal that came
  own({ rule }) {
    this.net.gates.own = (g, x, to) => {
      for (let n = 0; n < to.length; n++) if (g[n] !== 0) to[n] = rule(g[n], x[n]);
      if (!to.every(Number.isFinite)) throw new Error("the rule is not a number everywhere");
    };
    return {};
  }
}

const slope = (v) => 1 / (1 + Math.exp(-v)) / (1 + Math.exp(v)); // of a sigmoid

function channelSums({ C, data }) {
  const sums = new Float64Array(C);
  for (let n = 0; n < data.length; n += C) for (let k = 0; k < C; k++) sums[k] += data[n + k];
  return sums;
}

function signsOf(g) {
  let up = 0, down = 0, positive = 0, negative = 0;
  for (let n = 0; n < g.length; n++) {
    const v = g[n];
    if (v > 0) { up++; positive += v; } else if (v < 0) { down++; negative += v; }
  }
  return { up, down, positive, negative };
}

function fourCases(x, g) {
  let both = 0, open = 0, signal = 0, neither = 0;
  for (let n = 0; n < g.length; n++) {
    if (g[n] > 0) { if (x[n] > 0) both++; else signal++; } else if (g[n] < 0) { if (x[n] > 0) open++; else neither++; }
  }
  return [both, open, signal, neither];
}

export function softmax(y, sureness = 1) {
  const top = y.reduce((a, b) => Math.max(a, b)), e = Float64Array.from(y, (v) => Math.exp(sureness * (v - top)));
  const sum = e.reduce((a, b) => a + b);
  return e.map((v) => v / sum);
}

// of what is not 0, the size that 99 in 100 do not exceed.  A float's first bits are its size, roughly: in how many of them
// it falls is counted, and only those numbers are sorted out that share the right ones
export function percentile(values) {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length), times = new Uint32Array(2 ** (31 - ROUGH));
  let zeros = 0;
  for (let n = 0; n < bits.length; n++) {
    const size = bits[n] & SIZE;
    times[size >>> ROUGH]++;
    zeros += (size - 1) >>> 31;
  }
  const count = values.length - zeros;
  if (!count) return 0;
  times[0] -= zeros;
  let above = count - 1 - Math.floor(0.99 * (count - 1)), bin = times.length - 1; // how many are larger than the one that is looked for
  for (; times[bin] <= above; bin--) above -= times[bin];
  const sizes = new Float32Array(times[bin]);
  for (let n = 0, k = 0; k < sizes.length; n++) if ((bits[n] & SIZE) >>> ROUGH === bin && values[n] !== 0) sizes[k++] = Math.abs(values[n]);
  return selected(sizes, sizes.length, sizes.length - 1 - above);
}

const SIZE = 0x7fffffff, ROUGH = 20; // bits of a float's size; those that are left out at first

// the k-th smallest of the first `count`, found without sorting the others (Hoare 1961)
function selected(values, count, k) {
  for (let low = 0, high = count - 1; low < high; ) {
    const pivot = values[(low + high) >> 1];
    let i = low, j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      [values[i], values[j]] = [values[j], values[i]];
      i++;
      j--;
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return values[k];
}
