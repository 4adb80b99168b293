// Why the three differ: the four cases at one ReLU; and where negative numbers come back: their share, layer by layer.

import { element, find, percent } from "./dom.mjs";
import { RULES, THREE } from "./state.mjs";

const CASES = [
  ["x > 0", "g > 0", "open, positive"], ["x > 0", "g < 0", "open, negative"], ["x ≤ 0", "g > 0", "closed, positive"], ["x ≤ 0", "g < 0", "closed, negative"],
];
const PASSES = { backprop: [true, true, false, false], deconvnet: [true, false, true, false], guided: [true, false, false, false] };

// first: the ReLU that the signal meets first
export function showGates(gates, relu, first) {
  const rules = THREE.filter((rule) => gates[relu]?.[rule]), box = find("gates");
  find("gates-say").textContent = "";
  if (!rules.length) return box.replaceChildren(element("p", { class: "plain" }, "No ReLU lies between the start and the pixels."));
  find("gates-say").textContent = `Signals that are 0 are not counted. ${relu === first
    ? `${relu} is the first gate that the signal meets: all three get the same here, and let different parts of it through.`
    : alike(gates[relu]) ? "All three get as many of each kind here." : `The three signals themselves differ here, and so may their totals: each has already passed the gates nearer to its start under its own rule; at ${first}, the first gate, all three get the same.`}`;
  const most = Math.max(...rules.flatMap((rule) => gates[relu][rule]), 1);
  box.replaceChildren(element("table", { class: "cases" },
    element("thead", {}, element("tr", {}, element("td", {}), element("th", { scope: "col" }, "signal g > 0"), element("th", { scope: "col" }, "signal g < 0"))),
    element("tbody", {}, ...[0, 2].map((first) => element("tr", {},
      element("th", { scope: "row" }, first ? "closed: x ≤ 0" : "open: x > 0"),
      ...[first, first + 1].map((n) => element("td", {}, ...rules.map((rule) => oneCase(rule, n, gates[relu][rule][n], most)))))))));
}

// whether as many signals of each kind come under each of the rules
const alike = (cases) => new Set(THREE.filter((rule) => cases[rule]).map((rule) => String(cases[rule]))).size === 1;

function oneCase(rule, n, count, most) {
  const passes = PASSES[rule][n], words = `${RULES[rule].title}: ${count} signals, ${CASES[n][2]}: ${passes ? "pass" : "stopped"}`;
  return element("div", { class: `case${passes ? " passes" : ""}`, style: `--rule: var(${RULES[rule].colour})`, title: words, "aria-label": words, role: "img" },
    element("span", { class: "name" }, rule), element("span", { class: "rail" }, element("i", { style: `width:${count ? Math.max(1.5, (100 * count) / most) : 0}%` })),
    element("span", { class: "count" }, count.toLocaleString("en")), element("span", { class: "mark" }, passes ? "pass" : "stop"));
}

export function gateWords(gates, relu, first) {
  const share = (rule) => {
    const counts = gates[relu][rule], passed = counts.reduce((sum, v, n) => sum + (PASSES[rule][n] ? v : 0), 0), all = counts.reduce((a, b) => a + b, 0);
    return `${RULES[rule].title} lets ${passed.toLocaleString("en")} of ${all.toLocaleString("en")} through`;
  };
  return `At ${relu}, of the signals that arrive and are not 0${relu === first || alike(gates[relu]) ? "" : " (by now each rule has its own)"}: ${THREE.filter((rule) => gates[relu]?.[rule]).map(share).join("; ")}.`;
}

// signs: {rule: {tensor: {positive, negative}}} -> a line for each rule, from the start back to the pixels; drawn again
// for the room that there is, so that its words keep their size
export function showSigns(signs, steps) {
  drawSigns(signs, steps);
  let { clientWidth: before } = find("signs");
  wider?.disconnect();
  wider = new ResizeObserver(() => {
    const { clientWidth: now } = find("signs");
    if (now && now !== before) drawSigns(signs, steps);
    before = now;
  });
  wider.observe(find("signs"));
}

let wider;
const WIDE = 13, LETTER = 6.2; // pixels between names that stand upright; of a letter

function drawSigns(signs, steps) {
  const reached = steps.filter(({ name, op }) => THREE.some((rule) => signs[rule]?.[name]) && !["Flatten", "Concat"].includes(op)).reverse();
  const box = find("signs"), left = 42, right = 12, top = 14, height = 170, width = Math.max(280, Math.min(640, box.clientWidth || 640));
  const x = (n) => left + (n * (width - left - right)) / Math.max(1, reached.length - 1), y = (share) => top + height * (1 - share);
  const share = (rule, name) => {
    const { positive, negative } = signs[rule]?.[name] ?? { positive: 0, negative: 0 };
    return positive - negative ? -negative / (positive - negative) : 0;
  };
  const kind = (n) => {
    const after = n ? steps.find(({ from, name }) => name === reached[n - 1].name && from.includes(steps.indexOf(reached[n]))) : null;
    return after?.op;
  };
  const lines = THREE.filter((rule) => signs[rule]).map((rule, r) => element("path", { class: "line", style: `stroke: var(${RULES[rule].colour})`, fill: "none",
    d: reached.map(({ name }, n) => `${n ? "L" : "M"}${x(n).toFixed(1)},${(y(share(rule, name)) + (r - 1) * 1.2).toFixed(1)}`).join("") }));
  const dots = THREE.filter((rule) => signs[rule]).flatMap((rule) => reached.map(({ name }, n) =>
    element("circle", { cx: x(n), cy: y(share(rule, name)), r: 3, style: `fill: var(${RULES[rule].colour})` },
      element("title", {}, `${RULES[rule].title}, at ${name === "x" ? "the pixels" : name}: ${percent(share(rule, name))} of the amount is negative`))));
  const bands = reached.map(({ name }, n) => kind(n) === "ReLU" ? element("rect", { class: "relu", x: x(n - 1), y: top, width: x(n) - x(n - 1), height }) : null);
  const every = Math.ceil(WIDE / (x(1) - x(0))), named = ({ name }) => (name === "x" ? "pixels" : name);
  const said = reached.map((step, n) => (n % every || n > reached.length - 1 - every) && step.name !== "x" ? null : named(step));
  const labels = said.map((words, n) => words && element("text", { x: x(n), y: top + height + 10, transform: `rotate(90 ${x(n)} ${top + height + 10})`, dy: 4 }, words));
  const below = 14 + LETTER * Math.max(...said.map((words) => words?.length ?? 0));
  const grid = [0, 0.5, 1].map((v) => element("g", {}, element("line", { x1: left, x2: width - right, y1: y(v), y2: y(v), class: "grid" }), element("text", { x: left - 6, y: y(v) + 4, "text-anchor": "end" }, `${100 * v} %`)));
  const drawing = element("svg", { viewBox: `0 0 ${width} ${top + height + below}`, role: "img", "aria-label": signsWords(share, reached) });
  drawing.append(...[...bands, ...grid, ...lines, ...dots, ...labels].filter(Boolean));
  box.replaceChildren(drawing, element("p", { class: "legend" }, ...THREE.map((rule) => element("span", { style: `--rule: var(${RULES[rule].colour})` }, RULES[rule].title)), element("span", { class: "band" }, "through a ReLU")));
  const guided = share("guided", "x");
  find("signs-say").textContent = reached.at(-1)?.name !== "x" ? "" :
    `Follow guided backprop: once its signal has passed a ReLU's gate, no number of it is negative. One step on, through a convolution, some are again, because weights have both signs; the maps show it there, as it arrives at the next gate; “after the gates” shows what passes. Between the first convolution and the pixels stands no gate: ${percent(guided)} of the amount that reaches the pixels is negative, and stays.`;
}

const signsWords = (share, reached) => `Share of the signal's amount that is negative, from the start back to the pixels. ${THREE.map((rule) => `${RULES[rule].title} at the pixels: ${percent(share(rule, reached.at(-1)?.name))}`).join("; ")}`;
