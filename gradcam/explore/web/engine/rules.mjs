// What a ReLU lets back, and what makes relevance of a signal.

import { Conv } from "./conv.mjs";
import { Add, GlobalAvgPool } from "./operations.mjs";

// g: the signal at the ReLU's output, x: its input -> the signal at its input; one line of `gradcam/rules.py` each, each
// a loop of its own: it is the innermost of all, and a function that is called for each number would be slower
export const GATES = {
  backprop(g, x, to) { for (let n = 0; n < to.length; n++) if (x[n] > 0) to[n] = g[n]; },
  deconvnet(g, x, to) { for (let n = 0; n < to.length; n++) if (g[n] > 0) to[n] = g[n]; },
  guided(g, x, to) { for (let n = 0; n < to.length; n++) if (x[n] > 0 && g[n] > 0) to[n] = g[n]; },
};
export const RELEVANCE = ["lrp_epsilon", "lrp_zplus"];
const TINY = 1e-6, RMS = 0.25;

export function throughReLU(gate, g, x) {
  const to = new Float64Array(g.length);
  gate(g, x, to);
  return to;
}

// R_i = sum_j x_i w_ij / z_j R_j (Bach et al. 2015); zplus: of positive contributions alone
export function relevance(rule, op, R, xs, y) {
  const [x] = xs;
  if (op instanceof Conv) return [rule === "lrp_epsilon" ? byEpsilon(op, R, x, y) : byPositive(op, R, x)];
  if (op instanceof GlobalAvgPool) return [times(x.data, op.back(quotient(R, y.data, TINY), x))];
  if (op instanceof Add) return xs.map((summand) => times(summand.data, quotient(R, y.data, TINY)));
  return op.backs ? op.backs(R, xs) : [op.back ? op.back(R, x) : R];
}

function byEpsilon(op, R, x, y) {
  return times(x.data, op.back(quotient(R, y.data, TINY + RMS * rootMeanSquare(y.data)), x));
}

function byPositive(op, R, x) {
  const [up, down] = positive(op), above = { ...x, data: x.data.map(plus) }, below = { ...x, data: x.data.map(minus) };
  const mixed = x.data.some((v) => v < 0), z = up.forward(above).data;
  if (mixed) down.forward(below).data.forEach((v, n) => { z[n] += v; });
  const s = quotient(R, z, TINY), to = times(above.data, up.back(s, x));
  if (mixed) times(below.data, down.back(s, x)).forEach((v, n) => { to[n] += v; });
  return to;
}

// what relevance is shared out by: s_j = R_j / z_j
export function shares(rule, op, R, x, y) {
  if (rule === "lrp_epsilon") return quotient(R, y.data, TINY + RMS * rootMeanSquare(y.data));
  const [up, down] = positive(op), z = up.forward({ ...x, data: x.data.map(plus) }).data;
  down.forward({ ...x, data: x.data.map(minus) }).data.forEach((v, n) => { z[n] += v; });
  return quotient(R, z, TINY);
}

// W and b where they are positive; W where it is negative
export function positive(op) {
  op.parts ??= [op.with(plus, plus), op.with(minus, null)];
  return op.parts;
}

export const plus = (v) => (v > 0 ? v : 0);
export const minus = (v) => (v < 0 ? v : 0);
const times = (a, b) => a.map((v, n) => v * b[n]);

export function quotient(R, z, further) {
  return R.map((r, n) => {
    const away = z[n] + (z[n] < 0 ? -further : further);
    return r === 0 || away === 0 ? 0 : r / away;
  });
}

function rootMeanSquare(z) {
  let sum = 0;
  for (const v of z) sum += v * v;
  return Math.sqrt(sum / z.length);
}
