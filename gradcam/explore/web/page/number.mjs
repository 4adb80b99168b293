// One number: its equation with the numbers put in, the terms that made it, the gates that stopped what would have.

import { digits, element, find } from "./dom.mjs";
import { RULES } from "./state.mjs";

const FORWARD = {
  input: "a pixel, as the network takes it", Conv: "y = b + Σ w x", Linear: "y = b + Σ w x", ReLU: "y = max(x, 0)",
  MaxPool: "y = the largest of its window; the switch remembers where", GlobalAvgPool: "y = the mean of the map", Concat: "copied", Flatten: "copied", Add: "y = x + z",
};
const BACKWARD = {
  Conv: "g = Σ w · g above: every place that it went into sends its signal back through the same weight",
  Linear: "g = Σ w · g above", ReLU: "of what arrives at the ReLU's output, what its gate lets through", MaxPool: "the signal of the windows whose switch names this place",
  GlobalAvgPool: "g = g above / Z", Add: "both summands get the signal as it is", Concat: "copied", Flatten: "copied",
};
const RELEVANCE = "R = x Σ w · R above / z above: each gets its share of the sum z";

// place: its name; go(what, tensor, unit): to a number that this one was made of
export function showNumber(what, place, found, go) {
  const box = find("number"), back = what !== "forward";
  const title = back ? `Signal under ${RULES[what].title}` : "Activation";
  box.replaceChildren(
    element("p", { class: "value" }, element("span", { class: sign(found.value) }, digits(found.value, 4)), element("small", {}, `${title} at ${place}`)),
    ...(back ? found.parts.map((part) => partOf(part, what, (at) => go(what, part.above, at))) : [forward(found, found.kind === "Add" ? null : (at) => go(what, found.below, at))]),
    ...(back && !found.parts.length ? [element("p", { class: "plain" }, found.value ? "Here the signal starts." : "No signal came back to it.")] : []),
  );
}

function forward(found, go) {
  const { terms, bias, rest, count, kind, below } = found;
  if (!terms.length) return element("p", { class: "plain" }, FORWARD[kind] ?? `made by ${kind}`);
  const sum = kind === "Conv" || kind === "Linear" ? equation(found.value, bias, terms, "v", rest, count, 1) : null;
  return element("div", {}, element("p", { class: "plain" }, `${FORWARD[kind] ?? kind}${below ? `; x: ${below}` : ""}`), sum, table(terms, "v", rest, count, false, go));
}

function partOf(part, what, go) {
  const { terms, rest = 0, count, stopped, factor, above, kind } = part, relevant = what.startsWith("lrp");
  const words = relevant ? RELEVANCE : (BACKWARD[kind] ?? `from ${kind}`), total = (factor ?? 1) * (terms.reduce((sum, { w, g }) => sum + w * g, 0) + rest);
  const gates = !stopped ? "" : kind === "ReLU" ? `The gate stops it: ${RULES[what].title} passes ${RULES[what].gate}.` : `Signals that are not 0 came to ${count} of the units of ${above} that this number went into. ${stopped} of them stop at the gate there: ${RULES[what].title} passes ${RULES[what].gate}.`;
  return element("div", {},
    element("p", { class: "plain" }, `${words}; above: ${above}. `, element("b", {}, gates)),
    terms.length > 1 || factor !== 1 ? equation(total, 0, terms, "g", rest, count - stopped, factor ?? 1) : null,
    terms.length ? table(terms, "g", rest, count, terms.some((term) => "x" in term), go, stopped) : null);
}

// 0.12 = 0.4 · 0.3 − 0.2 · 0.1 + ...
function equation(value, bias, terms, v, rest, count, factor) {
  const first = terms.filter((term) => term[v] !== 0).slice(0, 4), left = count - first.length;
  const words = first.map((term, n) => `${n || bias ? (term.w < 0 ? " − " : " + ") : term.w < 0 ? "−" : ""}${digits(Math.abs(term.w))} · ${term[v] < 0 ? `(${digits(term[v])})` : digits(term[v])}`);
  const others = terms.slice(first.length).reduce((sum, term) => sum + term.w * term[v], rest);
  const more = left > 0 && others ? ` ${others < 0 ? "−" : "+"} ${digits(Math.abs(others))} of ${left} more` : "";
  const inner = `${bias ? digits(bias) : ""}${words.join("")}${more}` || "0";
  return element("p", { class: "equation" }, `${digits(value, 4)} = ${factor === 1 ? inner : `${digits(factor)} · (${inner})`}`);
}

function table(terms, v, rest, count, gated, go, stops = 0) {
  const most = Math.max(...terms.map((term) => Math.abs(term.w * (term[v] || term.arrived || 0))), 1e-300);
  const head = ["map, row, column", "w", v === "v" ? "x" : "g", ...(gated ? ["gate"] : []), "w · " + (v === "v" ? "x" : "g")];
  const halted = (term) => gated && term[v] === 0 && term.arrived !== 0, unseen = stops - terms.filter(halted).length;
  const rows = terms.map((term) => {
    const product = term.w * term[v], stopped = halted(term);
    const would = stopped ? term.w * term.arrived : product;
    return element("tr", stopped ? { class: "stopped" } : {},
      element("td", {}, go ? element("button", { type: "button", class: "go", title: "Go to this number", onclick: () => go(term.at) }, term.at.join(", ")) : term.at.join(", ")), element("td", { class: sign(term.w) }, digits(term.w)), element("td", { class: sign(term[v]) }, digits(term[v])),
      gated ? element("td", { class: "gate" }, `x ${term.x > 0 ? ">" : "≤"} 0, ${digits(term.arrived)} came`) : null,
      element("td", { class: "bar" }, element("i", { class: `${sign(would)}${stopped ? " hollow" : ""}`, style: `width:${(46 * Math.abs(would)) / most}%` }), element("span", {}, stopped ? "stopped" : digits(product))));
  });
  const more = count > terms.length ? element("tr", { class: "more" }, element("td", { colspan: head.length - 1 }, `${count - terms.length} more${unseen > 0 ? `, ${unseen} of them stopped` : ""}`), element("td", {}, digits(rest))) : null;
  return element("div", { class: "scroll" }, element("table", {}, element("thead", {}, element("tr", {}, ...head.map((word) => element("th", {}, word)))), element("tbody", {}, ...rows, more)));
}

const sign = (v) => (v > 0 ? "up" : v < 0 ? "down" : "");
