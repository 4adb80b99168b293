// What made a number: the terms of the sum that it is, going forward or coming back.

import { Conv } from "./conv.mjs";
import { minus, plus, quotient, RELEVANCE, shares } from "./rules.mjs";
import { rootOf } from "./units.mjs";

const SHOWN = 12, STOPPED = 3; // terms; among them those that a gate stopped

// the value of step n at unit [k, i, j], and what it was made of:
// {value, kind, terms: [{w, v, at}], count, rest, bias}: value = sum of w v over all `count` terms, and the bias
export function forwardTerms(net, n, [k, i, j]) {
  const step = net.steps[n], { C, W, data } = step.y, value = data[(i * W + j) * C + k];
  if (step.op === "input") return { value, kind: "input", terms: [], count: 0 };
  const below = net.steps[step.from[0]], x = below.y;
  if (step.op === "Conv" || step.op === "Linear") {
    const { layer } = step, all = [];
    for (let c = 0; c < layer.C; c++) for (let a = 0; a < layer.kh; a++) for (let b = 0; b < layer.kw; b++) {
      const row = i * layer.stride[0] + a * layer.dilation[0] - layer.pad[0];
      const column = j * layer.stride[1] + b * layer.dilation[1] - layer.pad[1];
      if (row < 0 || row >= x.H || column < 0 || column >= x.W) continue;
      all.push({ w: layer.weight(k, c, a, b), v: x.data[(row * x.W + column) * x.C + c], at: [c, row, column] });
    }
    return { value, kind: step.op, below: below.name, bias: layer.b ? layer.b[k] : 0, ...largest(all) };
  }
  if (step.op === "Add") {
    const all = step.from.map((from) => ({ w: 1, v: net.steps[from].y.data[(i * W + j) * C + k], at: [k, i, j] }));
    return { value, kind: "Add", below: below.name, bias: 0, ...largest(all) };
  }
  if (step.op === "ReLU") return made(value, "ReLU", below.name, [{ w: 1, v: x.data[(i * W + j) * C + k], at: [k, i, j] }]);
  if (step.op === "MaxPool") {
    const at = step.layer.switches[(i * W + j) * C + k];
    return made(value, "MaxPool", below.name, [{ w: 1, v: x.data[at], at: place(x, at) }]);
  }
  if (step.op === "GlobalAvgPool") {
    const all = [], size = x.H * x.W;
    for (let p = 0; p < size; p++) all.push({ w: 1 / size, v: x.data[p * x.C + k], at: [k, (p / x.W) | 0, p % x.W] });
    return { value, kind: step.op, below: below.name, bias: 0, ...largest(all) };
  }
  const { name, unit } = rootOf(net, step, [k, i, j]);
  return made(value, step.op, name, [{ w: 1, v: value, at: unit }]);
}

// The signal at the output of step n, at unit [k, i, j], as the sum over everything that it went into:
// {value, parts: [{kind, above, terms: [{w, g, at, x, arrived}], count, stopped, factor}]}.  In front of a ReLU a term
// has its gate: x, the ReLU's input, and `arrived`, the signal that came to it; `stopped`: how many gates are closed.
export function backwardTerms(net, signals, n, [k, i, j], rule) {
  const step = net.steps[n], { C, W } = step.y, at = (i * W + j) * C + k;
  const parts = step.consumers.filter((m) => signals[m]).map((m) => part(net, signals, n, m, [k, i, j], at, rule));
  return { value: signals[n] ? signals[n][at] : 0, parts };
}

function part(net, signals, n, m, unit, at, rule) {
  const [k, i, j] = unit, x = net.steps[n].y, above = net.steps[m], g = signals[m], y = above.y, { layer } = above;
  const called = { kind: above.op, above: above.name };
  if (layer instanceof Conv) return { ...called, ...convolved(net, signals, above, x, unit, at, rule) };
  if (above.op === "ReLU") {
    const passed = net.steps[n].consumers.length === 1 ? signals[n][at] : g[at];
    const own = { w: 1, g: passed, at: unit, x: x.data[at], arrived: g[at] };
    return { ...called, terms: [own], count: 1, rest: 0, stopped: passed === 0 && g[at] !== 0 ? 1 : 0, factor: 1 };
  }
  if (above.op === "MaxPool") {
    const terms = [];
    layer.switches.forEach((from, p) => { if (from === at) terms.push({ w: 1, g: g[p], at: place(y, p) }); });
    return { ...called, ...largest(terms, "g"), stopped: 0, factor: 1 };
  }
  if (above.op === "GlobalAvgPool") {
    let [factor, v] = [1, g[k]];
    if (RELEVANCE.includes(rule)) [factor, v] = [x.data[at], v / (y.data[k] + (y.data[k] < 0 ? -1e-6 : 1e-6))];
    return { ...called, terms: [{ w: 1 / (x.H * x.W), g: v, at: [k, 0, 0] }], count: 1, rest: 0, stopped: 0, factor };
  }
  if (above.op === "Add") {
    const relevant = RELEVANCE.includes(rule), v = relevant ? quotient([g[at]], [y.data[at]], 1e-6)[0] : g[at];
    return { ...called, terms: [{ w: 1, g: v, at: unit }], count: 1, rest: 0, stopped: 0, factor: relevant ? x.data[at] : 1 };
  }
  if (above.op === "Flatten") {
    const to = (k * x.H + i) * x.W + j;
    return { ...called, terms: [{ w: 1, g: g[to], at: [to, 0, 0] }], count: 1, rest: 0, stopped: 0, factor: 1 };
  }
  const before = above.from.slice(0, above.from.indexOf(n)).reduce((sum, from) => sum + net.steps[from].y.C, 0);
  const to = [before + k, i, j];
  return { ...called, terms: [{ w: 1, g: g[(i * y.W + j) * y.C + before + k], at: to }], count: 1, rest: 0, stopped: 0, factor: 1 };
}

// sum over the filters f and the taps that saw this unit: W[f, k, a, b] g[f]
function convolved(net, signals, above, x, [k, i, j], at, rule) {
  const { layer, y } = above, terms = [], relevant = RELEVANCE.includes(rule);
  let g = signals[above.index];
  const relu = !relevant && above.consumers.length === 1 && net.steps[above.consumers[0]];
  const gate = relu && relu.op === "ReLU" && signals[relu.index];
  if (relevant) g = shares(rule, layer, g, x, y);
  const factor = relevant ? x.data[at] : 1, half = factor < 0 ? minus : plus;
  let stopped = 0;
  for (let a = 0; a < layer.kh; a++) for (let b = 0; b < layer.kw; b++) {
    const row = (i + layer.pad[0] - a * layer.dilation[0]) / layer.stride[0];
    const column = (j + layer.pad[1] - b * layer.dilation[1]) / layer.stride[1];
    if (row < 0 || row >= y.H || row !== (row | 0) || column < 0 || column >= y.W || column !== (column | 0)) continue;
    for (let f = 0; f < layer.F; f++) {
      const to = (row * y.W + column) * y.C + f, arrived = gate ? gate[to] : g[to];
      if (arrived === 0 && g[to] === 0) continue;
      let w = layer.weight(f, k, a, b);
      if (rule === "lrp_zplus") w = half(w);
      if (gate && g[to] === 0) stopped++;
      terms.push({ w, g: g[to], at: [f, row, column], ...(gate && { x: y.data[to], arrived }) });
    }
  }
  return { ...largest(terms, "g"), stopped, factor };
}

// the largest terms, and the largest of those that were stopped
function largest(all, v = "v") {
  const size = (term) => Math.abs(term.w * term[v]) || Math.abs(term.w * (term.arrived ?? 0)) * 1e-9;
  const sorted = all.slice().sort((p, q) => size(q) - size(p)), halted = (term) => "arrived" in term && term[v] === 0;
  const stopped = sorted.filter(halted), passed = sorted.filter((term) => !halted(term));
  const first = passed.slice(0, SHOWN - Math.min(STOPPED, stopped.length)), rest = passed.slice(first.length);
  const terms = [...first, ...stopped.slice(0, SHOWN - first.length)];
  return { terms, count: all.length, rest: rest.reduce((sum, term) => sum + term.w * term[v], 0) };
}

const made = (value, kind, below, terms) => ({ value, kind, below, terms, count: terms.length, rest: 0, bias: 0 });
const place = ({ C, W }, at) => [at % C, Math.floor(at / C / W), Math.floor(at / C) % W];
