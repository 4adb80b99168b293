// The page: what is shown follows from one state; every change goes through `change`, and can be undone.

import { Cam } from "./cam.mjs";
import { fromBase64, FromServer, InPage } from "./client.mjs";
import { digits, element, find, percent, say } from "./dom.mjs";
import { showNumber } from "./number.mjs";
import { Occluder } from "./occluder.mjs";
import { isDark } from "./paint.mjs";
import { Brush, pixelsOf, thumbs } from "./picture.mjs";
import { classSearch, showClasses, showSureness } from "./scores.mjs";
import { sayNumber, Stage } from "./stage.mjs";
import { format, parse, RULES, THREE } from "./state.mjs";
import { gateWords, showGates, showSigns } from "./why.mjs";

const DATA = JSON.parse(find("data").textContent), { model } = DATA, [, H, W] = model.steps[0].shape;
const GREY = model.preprocessing.channels === "L", LAST = model.steps.at(-1).name;
const shapes = Object.fromEntries(model.steps.map(({ name, shape }) => [name, shape]));
const pictures = DATA.pictures.map(({ name, pixels }) => ({ name, pixels: fromBase64(pixels) }));
const client = DATA.address ? new FromServer(DATA.address) : new InPage(model, DATA.weights);
const ask = (...questions) => client.ask(questions);
const RARE = 4; // frames of a stroke between which a slow network is asked

let state = parse(location.hash, model, pictures.length), found = null, ownClient = null, past = [], drawn = null, turn = 0, quick = true;

const stage = new Stage(model, {
  start: (tensor, region) => change({ start: { tensor, region }, step: null }),
  hover: (what, tensor, unit, keyboard) => see({ what, tensor, unit }, keyboard),
  pin: (what, tensor, unit) => change({ see: { what, tensor, unit } }),
  stroke: (event, canvas) => stroke(event, canvas),
  stroked: () => { brush.last = null; look(); },
});
const brush = new Brush(H, W), cam = new Cam();
const occluder = new Occluder(model, async (places, side) => (await ask(["occlude", { side, c: chosenClass(), places }]))[0].falls);

const pixels = () => drawn ?? pictures[state.picture].pixels;
const isClass = () => state.start.tensor === LAST;
const chosenClass = () => (isClass() ? state.start.region[0] : found.best);
const classStart = (c) => ({ tensor: LAST, region: [c, 0, 0, 0, 0] });
const rules = () => [...THREE, ...state.rules, ...(ownClient ? ["own"] : [])];

// some parts of the state, changed: what depends on them is computed and drawn again
async function change(parts, keep = true) {
  if (keep) {
    past = [...past.slice(-99), { state, drawn }];
    find("undo").disabled = false;
  }
  const before = state;
  state = { ...state, ...parts };
  remember();
  if ("picture" in parts || "pixels" in parts || before.random !== state.random) return look();
  if (["start", "rules", "by", "sureness"].some((part) => part in parts)) return trace();
  if ("layer" in parts) await showCam();
  if ("step" in parts) reach();
  if ("see" in parts) see(state.see);
}

function remember() {
  try {
    history.replaceState(null, "", format(state));
  } catch {
    location.replace(format(state)); // a page from a folder, in some browsers
  }
}

async function undo() {
  const last = past.pop();
  if (!last) return;
  find("undo").disabled = !past.length;
  ({ state, drawn } = last);
  controls();
  remember();
  await look();
  say("undone");
}

// a new picture, or new weights: forward, and back again
async function look() {
  const mine = ++turn, begin = performance.now();
  document.body.classList.add("busy");
  try {
    if (lastRandom !== state.random) await randomise();
    const [seen] = await ask(["look", { pixels: pixels() }]);
    if (ownClient) await ownClient.ask([["look", { pixels: pixels() }]]);
    if (mine !== turn) return;
    const scores = [...seen.scores], best = scores.indexOf(Math.max(...scores));
    found = { ...seen, scores, best };
    state.start ??= classStart(best);
    thumbs(pictures, H, W, drawn ? -1 : state.picture, (n) => { drawn = null; change({ picture: n, start: null, see: null, step: null }); });
    await trace(begin);
  } catch (error) {
    await failed(error, look);
  }
}

let lastRandom = 0;
async function randomise() {
  const args = { count: state.random, seed: 1 };
  const [{ layers }] = await ask(["randomise", args]);
  if (ownClient) await ownClient.ask([["randomise", args]]);
  lastRandom = state.random;
  find("random").max = layers.length;
  find("random").value = state.random;
  const drawnAnew = layers.slice(layers.length - state.random);
  find("random-say").textContent = state.random ? `Random now: ${drawnAnew.reverse().join(", ")}.` : "Nothing is random: this is what it learned.";
}

async function trace(begin = performance.now()) {
  const mine = ++turn, standard = rules().filter((rule) => rule !== "own");
  const { tensor, region } = state.start, by = isClass() ? state.by : "score", question = { start: { tensor, region }, by, sureness: state.sureness };
  try {
    const [traced] = await ask(["trace", { ...question, rules: standard }]);
    if (ownClient) await ownClient.ask([["trace", { ...question, rules: ["own"] }]]).catch(stopOwn);
    if (mine !== turn) return;
    found.traced = traced;
    if (String(stage.rules) !== String(rules())) stage.rows(rules());
    const drawing = await stage.paint(client.ask.bind(client), { pixels: pixels(), tops: found.tops, start: state.start, reach: state.step, own: (questions) => ownClient.ask(questions) });
    if (mine !== turn) return;
    found.ms = performance.now() - begin;
    quick = found.ms < 90;
    document.body.dataset.ms = found.ms.toFixed(1);
    document.body.dataset.engine = (traced.ms ?? 0).toFixed(1);
    document.body.dataset.drawing = drawing.toFixed(1);
    showClasses(model, found.scores, isClass() ? region[0] : null, (c) => change({ start: classStart(c), step: null }));
    showSureness(model, found.scores, chosenClass(), state);
    occluder.look(pixels(), chosenClass(), model.classes[chosenClass()]);
    const relus = model.steps.filter(({ name }) => traced.gates[name]).map(({ name }) => name).reverse();
    find("relu").replaceChildren(...relus.map((name) => element("option", { value: name }, name)));
    showSigns(traced.signs, model.steps);
    reach();
    await Promise.all([showCam(), state.see ? see(state.see) : null]);
    document.body.classList.remove("busy");
    document.body.dataset.ready = String(turn);
    if (state.card) showCard();
  } catch (error) {
    await failed(error, look);
  }
}

let retried = 0;
async function failed(error, again) {
  document.body.classList.remove("busy");
  if (error.gone && retried++ < 3) { lastRandom = 0; return again(); }
  find("told").textContent = `That could not be done: ${error.message}`;
}

// how far back the signal is shown, and what is said of it
function reach() {
  const columns = stage.columns, at = columns.indexOf(state.start.tensor), from = at < 0 ? columns.length : at, step = state.step ?? from;
  stage.reach(state.start, state.step);
  find("deeper").disabled = find("again").disabled = step <= 0;
  find("back").disabled = find("all").disabled = step >= from;
  const column = columns[Math.max(0, from - step)], gates = found.traced.gates;
  const relu = gates[column] ? column : [...find("relu").options].map((option) => option.value).find((name) => order(name) <= order(column ?? LAST)) ?? find("relu").options[find("relu").options.length - 1]?.value;
  find("relu").value = relu;
  showGates(gates, find("relu").value);
  tell(column, step, from);
}

// the card that the address asked for, once
function showCard() {
  const card = find(`h-${state.card}`).parentElement;
  state = { ...state, card: null };
  card.classList.add("asked");
  card.scrollIntoView({ block: "center" });
}

const order = (name) => model.steps.findIndex((step) => step.name === name);

function tell(column, step, from) {
  const name = isClass() ? model.classes[state.start.region[0]] : placeWords(), refused = Object.entries(found.traced.refused ?? {})[0];
  const at = `The signal starts at ${name} (${isClass() ? "score" : "value"} ${digits(found.traced.value)})`;
  const where = step === 0 ? "Step back to see it come." : column === "x" ? "and is back at the pixels. " : `and is back at ${column}. `;
  const gates = found.traced.gates[find("relu").value] && column !== "x" ? `At ${find("relu").value}, ${gateWords(found.traced.gates, find("relu").value)}.` : "";
  const pixelsSay = column === "x" && step ? `Of it, ${THREE.filter((rule) => found.traced.signs[rule]?.x).map((rule) => atPixels(found.traced.signs[rule].x, RULES[rule].title)).join(", ")}.` : "";
  find("told").textContent = `${at}${step === 0 ? ". " : " "}${where}${gates}${pixelsSay}${refused ? ` ${RULES[refused[0]].title} is not defined here: ${refused[1]}` : ""}${state.random ? ` ${state.random} layers are random.` : ""}`;
}

const atPixels = (signs, title) => (signs.up + signs.down ? `${percent(negative(signs))} is negative under ${title}` : `nothing is left under ${title}`);
const negative = ({ positive, negative }) => (positive - negative ? -negative / (positive - negative) : 0);

function placeWords() {
  const { tensor, region: [k, i, j, i1, j1] } = state.start;
  return i1 > i || j1 > j ? `rows ${i} to ${i1}, columns ${j} to ${j1} of map ${k} of ${tensor}` : `row ${i}, column ${j} of map ${k} of ${tensor}`;
}

// the number that is pointed at; of many questions on the way, the last one is answered
let pointing = null, asked = false;
async function see(target, aloud = true) {
  if (!target || !found?.traced) return;
  pointing = [target, aloud];
  if (asked) return;
  asked = true;
  while (pointing) {
    const [{ what, tensor, unit }, spoken] = pointing;
    pointing = null;
    try {
      const question = ["number", { tensor, unit, what }], [number] = what === "own" ? (ownClient ? await ownClient.ask([question]) : []) : await ask(question);
      if (!number) continue;
      showNumber({ what, tensor, unit }, number, shapes[tensor]);
      stage.mark(what, tensor, unit, "seen");
      if (spoken) sayNumber(what, tensor, unit, shapes[tensor], number.value);
    } catch { /* a question that came too late for its picture */ }
  }
  asked = false;
}

async function showCam() {
  if (!state.layer) return (find("h-cam").parentElement.hidden = true);
  const c = chosenClass();
  const [map, A] = await ask(["gradcam", { layer: state.layer, c }], ["values", { tensor: state.layer, what: "forward" }]);
  cam.show(map, A, state.layer, model.classes[c]);
}

function stroke(event, canvas) {
  const next = brush.stroke(pixels(), event, canvas, GREY);
  if (!next) return;
  if (event.type === "pointerdown") { past.push({ state, drawn }); find("undo").disabled = false; }
  drawn = next;
  state = { ...state, see: null };
  stage.seen = drawn;
  strokes++;
  if (quick ? !waiting : strokes % RARE === 0 && !waiting) { waiting = true; requestAnimationFrame(async () => { await look(); waiting = false; }); }
  else stage.drawn && stage.photo(drawn);
}
let strokes = 0, waiting = false;

// a rule of the reader's: another worker, and only when asked to
async function runOwn() {
  const rule = find("own").value.trim();
  if (!rule) return;
  if (DATA.address) return (find("own-say").textContent = "Rules of your own run in a page that computes by itself: gradcam explore --out page.html writes one.");
  ownClient?.worker.terminate();
  ownClient = new InPage(model, DATA.weights, rule);
  find("own-say").textContent = "It runs …";
  const limit = setTimeout(() => ownClient?.fail(new Error("it took longer than ten seconds, and was stopped")), 10000);
  try {
    await ownClient.opened;
    if (state.random) await ownClient.ask([["randomise", { count: state.random, seed: 1 }]]);
    const questions = [["look", { pixels: pixels() }], ["trace", { start: state.start, rules: ["own"] }]];
    await ownClient.ask(questions);
    RULES.own.gate = rule.length > 24 ? `${rule.slice(0, 23)}…` : rule;
    find("own-say").textContent = "Below guided backprop stands a row of it now.";
    await change({ own: rule, rules: state.rules });
  } catch (error) {
    stopOwn(error);
    await trace();
  } finally {
    clearTimeout(limit);
  }
}

function stopOwn(error) {
  ownClient?.worker.terminate();
  ownClient = null;
  find("own-say").textContent = `The rule could not run: ${error.message}`;
}

function controls() {
  find("random").value = state.random;
  find("own").value = state.own;
  find("sure").value = Math.round(10 * Math.log10(state.sureness) * 2.3);
  for (const box of document.querySelectorAll(".also")) box.checked = state.rules.includes(box.value);
  for (const box of document.querySelectorAll('[name="by"]')) box.checked = box.value === state.by;
  find("cam-layer").value = state.layer;
}

function wire() {
  find("network").textContent = model.title;
  find("undo").addEventListener("click", undo);
  find("link").addEventListener("click", async () => {
    try { await navigator.clipboard.writeText(location.href); say("The address is copied"); find("link").textContent = "Copied"; }
    catch { find("link").textContent = "It is in the address bar"; }
    setTimeout(() => { find("link").textContent = "Copy link"; }, 1600);
  });
  find("theme").addEventListener("click", () => { document.documentElement.dataset.theme = isDark() ? "light" : "dark"; redraw(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  const steps = () => { const at = stage.columns.indexOf(state.start.tensor); return at < 0 ? stage.columns.length : at; };
  find("again").addEventListener("click", () => change({ step: 0 }));
  find("deeper").addEventListener("click", () => change({ step: Math.max(0, (state.step ?? steps()) - 1) }));
  find("back").addEventListener("click", () => change({ step: Math.min(steps(), (state.step ?? steps()) + 1) }));
  find("all").addEventListener("click", () => change({ step: null }));
  find("colours").addEventListener("change", (event) => { stage.asColours = event.target.checked; redraw(); });
  if (GREY) find("colours").parentElement.hidden = true;
  for (const box of document.querySelectorAll(".also")) box.addEventListener("change", () => change({ rules: [...document.querySelectorAll(".also:checked")].map((one) => one.value) }));
  for (const box of document.querySelectorAll('[name="by"]')) box.addEventListener("change", () => change({ by: box.value, start: isClass() ? state.start : classStart(found.best) }));
  find("sure").addEventListener("input", () => {
    state.sureness = Number((10 ** (find("sure").value / 23)).toPrecision(3));
    showSureness(model, found.scores, chosenClass(), state);
  });
  find("sure").addEventListener("change", () => change({ sureness: state.sureness }));
  find("random").addEventListener("change", () => change({ random: Number(find("random").value) }));
  find("relu").addEventListener("change", () => showGates(found.traced.gates, find("relu").value));
  const layers = model.steps.filter(({ name, shape }) => name !== "x" && shape[1] > 1).map(({ name }) => name);
  find("cam-layer").replaceChildren(...layers.map((name) => element("option", { value: name }, name)));
  find("cam-layer").addEventListener("change", () => change({ layer: find("cam-layer").value }));
  find("negative").addEventListener("click", async () => {
    const [{ unit }] = await ask(["extreme", { tensor: "x", what: "guided", least: true }]);
    await change({ see: { what: "guided", tensor: "x", unit }, step: null });
    find("h-number").scrollIntoView({ behavior: "smooth", block: "center" });
  });
  find("draw").addEventListener("change", (event) => {
    stage.drawing = event.target.checked;
    find("brush").hidden = !stage.drawing;
    find("stage").classList.toggle("drawing", stage.drawing);
    if (stage.drawing) find("stage").querySelector('[data-row="forward"][data-column="x"]').scrollIntoView({ behavior: "smooth", block: "nearest" });
  });
  find("file").addEventListener("change", (event) => event.target.files[0] && open(event.target.files[0]));
  find("own-run").addEventListener("click", runOwn);
  addEventListener("dragover", (event) => { event.preventDefault(); document.body.classList.add("over"); });
  addEventListener("dragleave", (event) => event.relatedTarget || document.body.classList.remove("over"));
  addEventListener("drop", (event) => { event.preventDefault(); document.body.classList.remove("over"); event.dataTransfer.files[0] && open(event.dataTransfer.files[0]); });
  addEventListener("keydown", (event) => {
    if (event.key === "z" && (event.ctrlKey || event.metaKey) && event.target.tagName !== "INPUT") { event.preventDefault(); undo(); }
    if (event.target.matches("input, select, canvas, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "b") find("back").click();
    if (event.key === "f") find("deeper").click();
  });
  addEventListener("hashchange", () => { state = parse(location.hash, model, pictures.length); drawn = null; controls(); look(); });
  classSearch(model, (c) => change({ start: classStart(c), step: null }));
  if (state.own) find("own-say").textContent = "This rule came with the address. Read it; it runs only when you press the button.";
}

async function open(file) {
  try {
    const seen = await pixelsOf(file, H, W, GREY);
    past.push({ state, drawn });
    find("undo").disabled = false;
    drawn = seen;
    state = { ...state, start: null, see: null };
    await look();
  } catch { find("told").textContent = "This file is no picture that the browser can read."; }
}

function redraw() {
  if (!stage.drawn) return;
  stage.draw(state.start, state.step);
  cam.draw();
  occluder.draw();
}

wire();
controls();
stage.rows(rules());
client.opened.then(async () => { await randomise(); await look(); }, (error) => failed(error, () => {}));
