// What is shown, in the address: a link leads to the very number.  Whatever an address says is checked against the model.

import { inkOf, inkWords } from "./picture.mjs";

const SIGN_ALONE = "the sign of what this rule lets back; no derivative: it does not say what more of it would do";

export const RULES = {
  backprop: { title: "backprop", gate: "g where x > 0", means: "the derivative: a little more there would raise the number (red) or lower it (blue)", colour: "--backprop" },
  deconvnet: { title: "deconvnet", gate: "g where g > 0", means: SIGN_ALONE, colour: "--deconvnet" },
  guided: { title: "guided backprop", gate: "g where x > 0 and g > 0", means: SIGN_ALONE, colour: "--guided" },
  lrp_epsilon: { title: "LRP, epsilon", gate: "R as it is", means: "each number is shared out among those that made it, in proportion to w · x; ε, added to the sum, keeps small sums from giving large shares. Red counts for the number, blue against it", colour: "--lrp" },
  lrp_zplus: { title: "LRP, z⁺", gate: "R as it is", means: "each number is shared out among those that made it, in proportion to w · x, but only where w · x is positive: what counted against it gets nothing", colour: "--lrp" },
  own: { title: "your rule", gate: "", means: "the sign of what your rule, written below, lets back", colour: "--own" },
};
export const THREE = ["backprop", "deconvnet", "guided"];
const CARDS = ["number", "why", "signs", "switches", "cam", "sure", "random", "occluder", "own"];
const LONGEST_RULE = 200;

// the parts of a state: picture p, `ink` on it; start at; columns back `step`; a number `see`; more rules; `colours` of the
// pixels, signals `after` the gates; `random` layers; own rule; Grad-CAM's layer, how many maps are summed, its final ReLU,
// its zero; a card to show, or `only` that one
export function parse(hash, model, pictures) {
  const given = new URLSearchParams(hash.replace(/^#/, "")), state = { picture: 0, start: null, step: null, see: null };
  const whole = (text, most) => (/^\d{1,6}$/.test(text ?? "") && Number(text) <= most ? Number(text) : null);
  state.picture = whole(given.get("p"), pictures - 1) ?? 0;
  state.start = startOf(given.get("at"), model);
  state.step = whole(given.get("step"), model.columns.length);
  const [what, ...rest] = (given.get("see") ?? "").split("~");
  const unit = startOf(rest.join("~"), model, 3);
  if (unit && (what === "forward" || what in RULES)) state.see = { what, tensor: unit.tensor, unit: unit.region.slice(0, 3) };
  state.rules = (given.get("also") ?? "").split(",").filter((rule) => rule.startsWith("lrp_") && rule in RULES);
  state.random = whole(given.get("random"), model.steps.length) ?? 0;
  state.layer = model.steps.some((step) => step.name === given.get("layer") && step.shape[1] > 1) ? given.get("layer") : model.layer;
  state.colours = given.get("colours") !== "0";
  state.after = given.get("after") === "1";
  state.by = given.get("by") === "probability" ? "probability" : "score";
  state.sureness = Math.min(30, Math.max(0.1, Number(given.get("sure")) || 1));
  const [, H, W] = model.steps[0].shape, zero = Number(given.get("zero"));
  state.ink = inkOf(given.get("ink"), H, W);
  state.maps = whole(given.get("maps"), 1e6);
  state.final = given.get("final") !== "0";
  state.zero = Math.abs(zero) <= 1 ? zero : 0;
  state.only = CARDS.includes(given.get("only")) ? given.get("only") : null;
  state.card = CARDS.includes(given.get("card")) ? given.get("card") : null;
  state.own = (given.get("own") ?? "").slice(0, LONGEST_RULE);
  return state;
}

export function format(state, model) {
  const parts = new URLSearchParams();
  if (state.picture) parts.set("p", state.picture);
  if (state.start) parts.set("at", placed(state.start.tensor, state.start.region));
  if (state.step !== null) parts.set("step", state.step);
  if (state.see) parts.set("see", `${state.see.what}~${placed(state.see.tensor, state.see.unit)}`);
  if (state.rules.length) parts.set("also", state.rules.join(","));
  if (state.random) parts.set("random", state.random);
  if (!state.colours) parts.set("colours", 0);
  if (state.after) parts.set("after", 1);
  if (state.by !== "score") parts.set("by", state.by);
  if (state.sureness !== 1) parts.set("sure", state.sureness);
  if (state.own) parts.set("own", state.own);
  if (state.layer !== model.layer) parts.set("layer", state.layer);
  if (state.maps !== null) parts.set("maps", state.maps);
  if (!state.final) parts.set("final", 0);
  if (state.zero) parts.set("zero", state.zero);
  if (state.only) parts.set("only", state.only);
  if (state.ink.length && inkWords(state.ink)) parts.set("ink", inkWords(state.ink));
  return `#${parts}`;
}

const placed = (tensor, numbers) => [tensor, ...numbers].join("~");

// "relu4_2~17~3~4" -> {tensor, region: [17, 3, 4, 3, 4]}, if there is such a place; else null
function startOf(text, model, most = 5) {
  const parts = (text ?? "").split("~"), step = model.steps.find(({ name }) => name === parts[0]);
  const numbers = parts.slice(1).map((part) => (/^\d{1,5}$/.test(part) ? Number(part) : NaN));
  if (!step || ![3, most].includes(numbers.length) || numbers.some(Number.isNaN)) return null;
  const [k, i, j, i1 = i, j1 = j] = numbers, [C, H, W] = step.shape;
  return k < C && i <= i1 && j <= j1 && i1 < H && j1 < W ? { tensor: step.name, region: [k, i, j, i1, j1] } : null;
}
