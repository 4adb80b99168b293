// Classes to start from; and what probabilities make of scores.

import { digits, element, find, percent } from "./dom.mjs";

const SHOWN = 8;

export function probabilities(scores, multi, sureness) {
  if (multi) return Array.from(scores, (v) => 1 / (1 + Math.exp(-sureness * v)));
  const top = Math.max(...scores), e = Array.from(scores, (v) => Math.exp(sureness * (v - top))), sum = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / sum);
}

export function showClasses(model, scores, chosen, start) {
  const order = [...scores.keys()].sort((a, b) => scores[b] - scores[a]), shown = order.slice(0, SHOWN), p = probabilities(scores, model.multi_label, 1);
  if (chosen !== null && !shown.includes(chosen)) shown.push(chosen);
  const most = Math.max(...Array.from(scores, Math.abs), 1e-9);
  find("classes").replaceChildren(...shown.map((c) => element("button", { type: "button", "aria-pressed": String(c === chosen), onclick: () => start(c), title: `score ${digits(scores[c])}, ${percent(p[c])}` },
    element("span", { class: "name" }, model.classes[c]), element("span", { class: "score" }, digits(scores[c])), element("i", { class: scores[c] < 0 ? "down" : "up", style: `width:${(100 * Math.abs(scores[c])) / most}%` }))));
}

export function classSearch(model, start) {
  const box = find("class-search");
  if (model.classes.length <= SHOWN) return (box.hidden = true);
  find("class-names").append(...model.classes.map((name) => element("option", { value: name })));
  box.querySelector("input").addEventListener("change", (event) => {
    const typed = event.target.value.trim().toLowerCase(), c = model.classes.findIndex((name) => name.toLowerCase() === typed);
    if (c >= 0) start(c);
  });
}

// the slider of sureness: scores times s, what becomes of the probabilities, and of the signal at the score
export function showSureness(model, scores, c, state) {
  const p = probabilities(scores, model.multi_label, state.sureness), order = [...scores.keys()].sort((a, b) => scores[b] - scores[a]).slice(0, 5);
  if (!order.includes(c)) order.push(c);
  find("sure-bars").replaceChildren(...order.map((k) => element("div", { class: `share${k === c ? " chosen" : ""}` }, element("span", {}, model.classes[k]), element("span", { class: "rail" }, element("i", { style: `width:${100 * p[k]}%` })), element("span", {}, percent(p[k])))));
  const signal = state.sureness * p[c] * (1 - p[c]);
  find("sure-say").textContent = `Scores times ${digits(state.sureness)}: the same network, ${state.sureness > 1 ? "surer" : state.sureness < 1 ? "less sure" : "as it is"}. From the score the signal starts with 1; from the probability with s p (1 − p) = ${digits(signal)}${signal < 1e-3 ? ": almost nothing, though the network is as right as before" : ""}.`;
}
