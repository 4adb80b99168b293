// The page: what is shown follows from one state; every change goes through `change`, and can be undone.

import { Cam } from "./cam.mjs";
import { fromBase64, FromNotebook, FromServer, InPage } from "./client.mjs";
import { digits, element, find, percent, say } from "./dom.mjs";
import { showNumber } from "./number.mjs";
import { Occluder } from "./occluder.mjs";
import { Own } from "./own.mjs";
import { isDark } from "./paint.mjs";
import { further, greyOf, inked, inkWords, pixelsOf, stroked, thumbs } from "./picture.mjs";
import { classSearch, showClasses, showSureness } from "./scores.mjs";
import { placeOf, sayNumber, Stage } from "./stage.mjs";
import { format, parse, RULES, THREE } from "./state.mjs";
import { Switches } from "./switches.mjs";
import { gateWords, showGates, showSigns } from "./why.mjs";

const DATA = JSON.parse(find("data").textContent), { model } = DATA, [, H, W] = model.steps[0].shape;
const GREY = model.preprocessing.channels === "L", LAST = model.steps.at(-1).name;
const shapes = Object.fromEntries(model.steps.map(({ name, shape }) => [name, shape]));
const pictures = DATA.pictures.map(({ name, pixels }) => ({ name, pixels: fromBase64(pixels) }));
const client = DATA.address ? new FromServer(DATA.address) : DATA.notebook ? new FromNotebook() : new InPage(model, DATA.weights);
const ask = (...questions) => client.ask(questions);
const RARE = 4; // places of a stroke between which a slow network is asked
const OFTEN = 200; // milliseconds of a stroke between which the scores are written anew

// `dropped`: a picture of the reader's, which no address can hold
let state = parse(location.hash || DATA.place || "", model, pictures.length), found = null, past = [], dropped = null, turn = 0, quick = true;

const stage = new Stage(model, {
  start: (tensor, region) => change({ start: { tensor, region }, step: null }),
  hover: (what, tensor, unit, keyboard) => see({ what, tensor, unit }, keyboard),
  pin: (what, tensor, unit) => change({ see: { what, tensor, unit } }),
  stroke: (event, canvas) => stroke(event, canvas),
  stroked: () => { pen = false; remember(); look(); },
});
const own = new Own(DATA, client), cam = new Cam((parts) => change(parts)), switches = new Switches(model, (questions) => client.ask(questions));
const occluder = new Occluder(model, async (places, side) => (await ask(["occlude", { side, c: chosenClass(), places }]))[0].falls);

let seen = { of: null, ink: null, pixels: null };
function pixels() {
  const of = dropped ?? pictures[state.picture].pixels;
  if (seen.of !== of || seen.ink !== state.ink) seen = { of, ink: state.ink, pixels: inked(of, state.ink, H, W, GREY) };
  return seen.pixels;
}
const isClass = () => state.start?.tensor === LAST; // none yet: the best class of a picture that is looked at
const chosenClass = () => (isClass() ? state.start.region[0] : found.best);
const classStart = (c) => ({ tensor: LAST, region: [c, 0, 0, 0, 0] });
const rules = () => [...THREE, ...state.rules, ...(own.on ? ["own"] : [])];
const LOOKS = ["picture", "ink", "random"], TRACES = ["start", "rules", "by", "sureness", "after"];

function remembered() {
  past = [...past.slice(-99), { state, dropped }];
  find("undo").disabled = false;
}

// some parts of the state, changed: what depends on them is computed and drawn again
async function change(parts, keep = true) {
  if (keep) remembered();
  state = { ...state, ...parts };
  remember();
  if (!drawn || LOOKS.some((part) => part in parts)) return look();
  if (TRACES.some((part) => part in parts)) return trace();
  if ("colours" in parts) redraw();
  if ("layer" in parts) await client.ask(camQuestions()).then(showCam);
  if ("step" in parts) reach();
  if ("see" in parts) see(state.see);
}

function remember() {
  try {
    history.replaceState(null, "", format(state, model));
  } catch {
    if (location.protocol === "file:") location.replace(format(state, model)); // a page from a folder, in some browsers
  }
}

async function undo() {
  const last = past.pop();
  if (!last) return;
  find("undo").disabled = !past.length;
  ({ state, dropped } = last);
  controls();
  remember();
  await look();
  say("undone");
}

let drawn = false; // whether the picture, and the weights, that are seen are those of the state

// a new picture, or new weights: forward, and back again
async function look() {
  const begin = performance.now(), mine = ++turn, question = ["look", { pixels: pixels() }];
  drawn = false;
  document.body.classList.add("busy");
  try {
    if (random !== state.random) await randomise();
    if (!state.start) {
      saw((await ask(question))[0]);
      if (mine !== turn) return;
      state.start = classStart(found.best);
    }
    await trace(begin, question);
  } catch (error) {
    await failed(error, look);
  }
}

function saw({ scores, tops }) {
  found = { ...found, scores: [...scores], tops, best: scores.indexOf(Math.max(...scores)) };
}

let random = 0;
async function randomise() {
  const args = { count: state.random, seed: 1 }, [{ layers }] = await ask(["randomise", args]);
  if (own.on && own.apart) await own.ask([["randomise", args]]);
  random = state.random;
  find("random").max = layers.length;
  find("random").value = random;
  find("random-say").textContent = random ? `Random now: ${layers.slice(layers.length - random).reverse().join(", ")}.` : "Nothing is random: this is what it learned.";
}

// signals back from the start; first: a picture to look at before
async function trace(begin = performance.now(), first = null) {
  if (!first && !drawn) return look(); // a picture was on its way, and this overtakes it
  const mine = ++turn, all = rules(), apart = own.on && own.apart, { tensor, region } = state.start;
  if (String(stage.rules) !== String(all) || stage.after !== state.after) stage.rows(all, state.after);
  const question = (those) => ["trace", { start: { tensor, region }, rules: those, by: isClass() ? state.by : "score", sureness: state.sureness }];
  const mainly = all.filter((rule) => rule !== "own" || !apart), rows = first || !stage.drawn ? ["forward", ...mainly] : mainly;
  const wanted = stage.wanted(rows), more = apart ? stage.wanted(["own"]) : [], looks = first ? [first] : [];
  const asking = (those, maps) => [...looks, question(those), ...maps.map(([, , one]) => one)];
  try {
    const [answers, others] = await Promise.all([
      client.ask(asking(mainly, wanted)).catch((error) => { if (!own.on || apart || error.gone) throw error; stopOwn(error); }),
      apart ? own.ask(asking(["own"], more)).catch(stopOwn) : null]);
    if (mine !== turn) return;
    if (!answers || (apart && !others)) return trace(begin, first);
    if (first) saw(answers[0]);
    const maps = [...wanted.map(([row, column], n) => [row, column, answers[n + looks.length + 1]]), ...more.map(([row, column], n) => [row, column, others[n + looks.length + 1]])];
    found.traced = { signs: {}, gates: {}, ...answers[looks.length] };
    const drawing = stage.paint(maps, { pixels: pixels(), tops: found.tops, start: state.start, reach: state.step, asColours: state.colours });
    drawn = true;
    measured({ ms: performance.now() - begin, engine: answers.ms ?? found.traced.ms, drawing });
    if (pen && begin - told < OFTEN) return;
    told = begin;
    showClasses(model, found.scores, isClass() ? region[0] : null, (c) => change({ start: classStart(c), step: null }));
    if (pen) return; // what else there is to say waits until the pen is lifted
    showSureness(model, found.scores, chosenClass(), state);
    if (first) thumbs(pictures, H, W, dropped ? -1 : state.picture, (n) => { dropped = null; change({ picture: n, ink: [], start: null, see: null, step: null }); });
    occluder.look(pixels(), state.random, chosenClass(), model.classes[chosenClass()]);
    await explain(mine);
  } catch (error) {
    await failed(error, look);
  }
}

function measured(times) {
  quick = times.ms < 90;
  for (const [name, ms] of Object.entries(times)) document.body.dataset[name] = ms.toFixed(1);
}

// what is said of the signals, once they are drawn
async function explain(mine) {
  const [counts, ...cams] = await ask(["counts", {}], ...camQuestions());
  if (mine !== turn) return;
  Object.assign(found.traced, counts);
  const relus = model.steps.filter(({ name }) => counts.gates[name]).map(({ name }) => name).reverse();
  find("relu").replaceChildren(...relus.map((name) => element("option", { value: name }, name)));
  showSigns(counts.signs, model.steps);
  showCam(cams);
  reach();
  await Promise.all([switches.show(), see(state.see)]);
  if (mine !== turn) return;
  document.body.classList.remove("busy");
  document.body.dataset.ready = String(turn);
  if (state.card) showCard();
}

let retried = 0;
async function failed(error, again) {
  document.body.classList.remove("busy");
  if (error.gone && retried++ < 3) {
    random = 0;
    if (own.on) await own.take(own.rule, []);
    return again();
  }
  find("told").textContent = `That could not be done: ${error.message}`;
}

// how far back the signal is shown, and what is said of it
function reach() {
  const columns = stage.columns, at = columns.indexOf(state.start.tensor), from = at < 0 ? columns.length : at, step = state.step ?? from;
  stage.reach(state.start, state.step);
  find("deeper").disabled = find("again").disabled = step <= 0;
  find("back").disabled = find("all").disabled = step >= from;
  const column = columns[Math.max(0, from - step)], { gates } = found.traced;
  const relus = [...find("relu").options].map((option) => option.value), near = relus.find((name) => order(name) <= order(column ?? LAST));
  find("relu").value = state.step === null ? relus[0] : near ?? relus.at(-1);
  showGates(gates, find("relu").value, relus[0]);
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
  const where = step === 0 ? "Step back to see it come. " : column === "x" ? "and is back at the pixels. " : `and is back at ${column}. `;
  const gates = found.traced.gates[find("relu").value] && column !== "x" ? gateWords(found.traced.gates, find("relu").value, find("relu").options[0].value) : "";
  const pixelsSay = column === "x" && step ? `Of its amount (the sizes of all its numbers), ${THREE.filter((rule) => found.traced.signs[rule]?.x).map((rule) => atPixels(found.traced.signs[rule].x, RULES[rule].title)).join(", ")}.` : "";
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
    const [{ what, tensor, unit }, spoken] = pointing, question = ["number", { tensor, unit, what }];
    pointing = null;
    try {
      const [number] = what === "own" ? await own.ask([question]) : await ask(question);
      if (!number) continue;
      const place = placeOf(tensor, unit, shapes[tensor], model.preprocessing.channels);
      showNumber(what, place, number, (...to) => change({ see: { what: to[0], tensor: to[1], unit: to[2] } }));
      stage.mark(what, tensor, unit, "seen");
      if (spoken) sayNumber(what, place, number.value);
    } catch { /* a question that came too late for its picture */ }
  }
  asked = false;
}

const camQuestions = () => (state.layer ? [["gradcam", { layer: state.layer, c: chosenClass() }], ["values", { tensor: state.layer, what: "forward" }]] : []);

function showCam([map, A]) {
  find("h-cam").parentElement.hidden = !map;
  if (map) cam.show(map, A, state.layer, model.classes[chosenClass()]);
}

function stroke(event, canvas) {
  const ink = stroked(state.ink, event, canvas, H, W);
  if (!ink) return;
  if (event.type === "pointerdown") remembered();
  pen = true;
  seen = { of: dropped ?? pictures[state.picture].pixels, ink, pixels: further(pixels(), ink, H, W, GREY) };
  state = { ...state, ink, see: null };
  places++;
  if ((quick || places % RARE === 0) && !waiting) { waiting = true; requestAnimationFrame(async () => { await look(); waiting = false; }); }
  else if (stage.drawn) stage.photo(pixels());
}
let places = 0, waiting = false, pen = false, told = 0;

// a rule of the reader's: only when asked to
async function runOwn() {
  const rule = find("own").value.trim();
  if (!rule) return;
  find("own-say").textContent = "It runs …";
  try {
    await own.take(rule, [["randomise", { count: state.random, seed: 1 }], ["look", { pixels: pixels() }], ["trace", { start: state.start ?? classStart(found.best), rules: ["own"] }]]);
    RULES.own.gate = rule.length > 24 ? `${rule.slice(0, 23)}…` : rule;
    find("own-say").textContent = "Above, the last row of maps is your rule's.";
    stage.rules = null;
    await change({ own: rule, rules: state.rules });
  } catch (error) {
    stopOwn(error);
    await trace();
  }
}

function stopOwn(error) {
  own.stop();
  find("own-say").textContent = `The rule could not run: ${error.message}`;
}

function controls() {
  find("random").value = state.random;
  find("own").value = state.own;
  find("colours").checked = state.colours;
  find("after").checked = state.after;
  find("sure").value = Math.round(10 * Math.log10(state.sureness) * 2.3);
  for (const box of document.querySelectorAll(".also")) box.checked = state.rules.includes(box.value);
  for (const box of document.querySelectorAll('[name="by"]')) box.checked = box.value === state.by;
  find("cam-layer").value = state.layer;
  cam.set(state);
  document.body.dataset.only = state.only ?? "";
  find("whole").hidden = !state.only;
  for (const card of document.querySelectorAll(".card")) card.classList.toggle("chosen-card", state.only !== null && card.contains(find(`h-${state.only}`)));
}

function wire() {
  find("network").textContent = model.title;
  find("link").hidden = Boolean(DATA.notebook); // a frame has no address
  find("undo").addEventListener("click", undo);
  find("link").addEventListener("click", async () => {
    const lost = dropped ? " (without your picture)" : inkWords(state.ink) === null ? " (without the drawing)" : "";
    try { await navigator.clipboard.writeText(location.href); say(`The address is copied${lost}`); find("link").textContent = `Copied${lost}`; }
    catch { find("link").textContent = `It is in the address bar${lost}`; }
    setTimeout(() => { find("link").textContent = "Copy link"; }, 1600);
  });
  find("theme").addEventListener("click", () => { document.documentElement.dataset.theme = isDark() ? "light" : "dark"; redraw(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  const steps = () => { const at = stage.columns.indexOf(state.start?.tensor); return at < 0 ? stage.columns.length : at; };
  find("again").addEventListener("click", () => change({ step: 0 }));
  find("deeper").addEventListener("click", () => change({ step: Math.max(0, (state.step ?? steps()) - 1) }));
  find("back").addEventListener("click", () => change({ step: Math.min(steps(), (state.step ?? steps()) + 1) }));
  find("all").addEventListener("click", () => change({ step: null }));
  find("colours").addEventListener("change", (event) => change({ colours: event.target.checked }));
  find("after").addEventListener("change", (event) => change({ after: event.target.checked }));
  if (GREY) find("colours").parentElement.hidden = true;
  for (const box of document.querySelectorAll(".also")) box.addEventListener("change", () => change({ rules: [...document.querySelectorAll(".also:checked")].map((one) => one.value) }));
  for (const box of document.querySelectorAll('[name="by"]')) box.addEventListener("change", () => change({ by: box.value, start: isClass() || !state.start ? state.start : classStart(found.best) }));
  find("sure").addEventListener("input", () => {
    state.sureness = Number((10 ** (find("sure").value / 23)).toPrecision(3));
    showSureness(model, found.scores, chosenClass(), state);
    if (quick && drawn && state.by === "probability") trace();
  });
  find("sure").addEventListener("change", () => change({ sureness: state.sureness }));
  find("random").addEventListener("change", () => change({ random: Number(find("random").value) }));
  find("relu").addEventListener("change", () => showGates(found.traced.gates, find("relu").value, find("relu").options[0].value));
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
  find("span").addEventListener("change", (event) => { stage.spanning = event.target.checked; find("stage").classList.toggle("spanning", stage.spanning); });
  if (GREY) {
    const grey = ({ target } = { target: find("brush-colour") }) => { target.value = greyOf(target.value); };
    find("brush-colour").title = "grey, as the pictures are";
    find("brush-colour").addEventListener("change", grey);
    grey();
  }
  find("wipe").addEventListener("click", () => change({ ink: [] }));
  find("whole").addEventListener("click", () => { change({ only: null }); controls(); });
  find("own-run").addEventListener("click", runOwn);
  find("own").addEventListener("keydown", (event) => event.key === "Enter" && runOwn());
  addEventListener("dragover", (event) => { event.preventDefault(); document.body.classList.add("over"); });
  addEventListener("dragleave", (event) => event.relatedTarget || document.body.classList.remove("over"));
  addEventListener("drop", (event) => { event.preventDefault(); document.body.classList.remove("over"); event.dataTransfer.files[0] && open(event.dataTransfer.files[0]); });
  addEventListener("keydown", (event) => {
    if (event.key === "z" && (event.ctrlKey || event.metaKey) && event.target.tagName !== "INPUT") { event.preventDefault(); undo(); }
    if (event.target.matches("input, select, canvas, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "b") find("back").click();
    if (event.key === "f") find("deeper").click();
  });
  addEventListener("hashchange", () => { state = parse(location.hash, model, pictures.length); dropped = null; controls(); look(); });
  classSearch(model, (c) => change({ start: classStart(c), step: null }));
  if (state.own) find("own-say").textContent = "This rule came with the address. Read it; it runs only when you press the button.";
}

async function open(file) {
  try {
    const picture = await pixelsOf(file, H, W, GREY);
    remembered();
    dropped = picture;
    await change({ ink: [], start: null, see: null }, false);
  } catch { find("told").textContent = "This file is no picture that the browser can read."; }
}

function redraw() {
  if (!stage.drawn || !state.start) return;
  stage.asColours = state.colours;
  stage.draw(state.start, state.step);
  cam.draw();
  occluder.draw();
  switches.draw();
}

wire();
controls();
stage.rows(rules(), state.after);
client.opened.then(async () => { await randomise(); await look(); }).catch((error) => failed(error, look));
