// The stage: the picture, the maps of some layers, and below them the signal that comes back under each rule.

import { digits, element, find, say, written } from "./dom.mjs";
import { backAtPixels, mosaic, photo, unitAt } from "./paint.mjs";
import { RULES } from "./state.mjs";

export class Stage {
  // on: {start(tensor, region), hover(what, tensor, unit), pin(what, tensor, unit), step(n), stroke(event, kind)}
  constructor(model, on) {
    Object.assign(this, { model, on, cells: {}, columns: ["x", ...model.columns], drawing: false });
    this.order = model.preprocessing.channels === "BGR" ? [2, 1, 0] : [0, 1, 2];
    const into = ({ from: [n] }) => model.steps.filter(({ from }) => from.includes(n)).length; // how many take what a ReLU takes
    this.gated = Object.fromEntries(model.steps.filter((step) => step.op === "ReLU" && into(step) === 1).map(({ name, from: [n] }) => [name, model.steps[n].name]));
    this.shape = Object.fromEntries(model.steps.map(({ name, shape }) => [name, shape]));
  }

  // after: whether the signal is shown once it has passed the gates
  rows(rules, after) {
    Object.assign(this, { rules, after, drawn: null });
    const grid = find("stage"), rows = ["forward", ...rules];
    grid.style.setProperty("--rows", rows.length + 1);
    grid.style.setProperty("--columns", this.columns.length);
    grid.replaceChildren();
    this.cells = {};
    this.sizes = {};
    const [forward, ...others] = rows.map((row) => this.label(row));
    grid.append(element("div", { class: "corner" }), forward, element("div", { class: "comes" }, "signal"), ...others);
    for (const column of this.columns) {
      const [, H, W] = this.shape[column];
      const words = column === "x" ? "the picture" : column, size = element("small", {}, `${H} × ${W}`);
      this.sizes[column] = size;
      grid.append(element("div", { class: "head", "data-column": column }, element("b", {}, words), size));
      const comes = element("div", { class: "comes" }, column === "x" ? "at the pixels" : column in this.gated ? this.after ? "after the gate" : "before the gate" : "here");
      const [forward, ...others] = rows.map((row) => this.cell(row, column));
      grid.append(forward, comes, ...others);
    }
    this.cells["forward x"].canvas.setAttribute("aria-label", "the picture");
    find("key-rules").replaceChildren(...rules.map((rule) => element("li", { style: `--rule: var(${RULES[rule].colour})` }, element("b", {}, RULES[rule].title), `: ${RULES[rule].means}.`)));
  }

  label(row) {
    if (row === "forward") return element("div", { class: "row" }, element("b", {}, "forward"), element("small", {}, "activations"));
    const { title, gate, colour } = RULES[row];
    return element("div", { class: "row", style: `--rule: var(${colour})` }, element("b", {}, title), element("small", {}, gate));
  }

  cell(row, column) {
    const what = row === "forward" ? "activations" : `signal under ${RULES[row].title}`;
    const name = `${column === "x" ? "the pixels" : column}, ${what}; arrow keys move, page keys change the map, Enter chooses, with Shift a region`;
    const canvas = element("canvas", { tabindex: 0, role: "img", "aria-label": name, width: 1, height: 1 });
    const cell = element("div", { class: `cell ${column === "x" ? "pixels" : "maps"}`, "data-row": row, "data-column": column }, canvas);
    const entry = (this.cells[`${row} ${column}`] = { cell, canvas, cursor: [0, 0, 0] });
    const unit = (event) => this.unitOf(row, column, event), draws = () => this.drawing && row === "forward" && column === "x";
    const lift = () => { entry.pen = false; this.on.stroked(); };
    canvas.addEventListener("pointermove", (event) => {
      if (entry.pen || draws()) return this.on.stroke(event, canvas);
      const at = unit(event);
      if (!at) return;
      this.on.hover(row, this.tensorOf(row, column), at);
      if (this.from) this.mark(row, column, this.spanned(at), "span");
    });
    canvas.addEventListener("pointerdown", (event) => {
      this.from = null;
      if (!draws() && !(row === "forward" && column !== "x")) return;
      if (draws() || this.spanning) {
        event.preventDefault();
        canvas.setPointerCapture(event.pointerId);
      }
      entry.pen = draws();
      if (entry.pen) this.on.stroke(event, canvas);
      else this.from = unit(event);
    });
    canvas.addEventListener("pointerup", (event) => {
      if (entry.pen) return lift();
      const at = unit(event) ?? this.from;
      if (!at) return;
      entry.cursor = [column === "x" ? 0 : this.tops[column].indexOf(at[0]), at[1], at[2]]; // arrow keys go on from here
      this.unmark("cursor");
      this.choose(row, column, at);
    });
    canvas.addEventListener("pointercancel", () => {
      this.from = null;
      this.unmark("span");
      if (entry.pen) lift();
    });
    canvas.addEventListener("keydown", (event) => this.key(event, row, column, entry));
    canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && this.describe(row, column, entry));
    canvas.addEventListener("blur", () => this.unmark("cursor"));
    return cell;
  }

  // a click: in the forward row a start, a dragged rectangle of one map, too; elsewhere a number to keep
  choose(row, column, at) {
    if (row !== "forward" || column === "x") return this.on.pin(row, this.tensorOf(row, column), at);
    const region = this.spanned(at);
    this.from = null;
    this.unmark("span");
    this.on.start(column, region);
  }

  // the tensor whose numbers a cell shows: behind a gate, the ReLU's input
  tensorOf(row, column) {
    return row !== "forward" && this.after ? (this.gated[column] ?? column) : column;
  }

  // from where the pointer went down to where it is, within one map
  spanned(at) {
    const [k, i, j] = this.from?.[0] === at[0] ? this.from : at;
    return [k, Math.min(i, at[1]), Math.min(j, at[2]), Math.max(i, at[1]), Math.max(j, at[2])];
  }

  unmark(kind) {
    find("stage").querySelectorAll(`.${kind}`).forEach((old) => old.remove());
  }

  unitOf(row, column, event) {
    const [C, H, W] = this.shape[column], { canvas } = this.cells[`${row} ${column}`];
    const at = unitAt(canvas, event, H, W);
    if (!at) return null;
    if (column === "x") return [this.channel(at[1], at[2], row, C), at[1], at[2]];
    const k = this.tops?.[column]?.[at[0]];
    return k === undefined ? null : [k, at[1], at[2]];
  }

  // of a pixel, the channel with the largest signal
  channel(i, j, row, C) {
    const drawn = this.drawn?.[`${row} x`], [, H, W] = this.shape.x;
    let best = 0;
    for (let c = 1; drawn?.maps && c < C; c++)
      if (Math.abs(drawn.maps[(c * H + i) * W + j]) > Math.abs(drawn.maps[(best * H + i) * W + j])) best = c;
    return best;
  }

  key(event, row, column, entry) {
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }, [, H, W] = this.shape[column];
    const count = column === "x" ? 1 : (this.tops?.[column]?.length ?? 1), [m, i, j] = entry.cursor;
    if (event.key in moves) {
      const [down, right] = moves[event.key];
      if (!event.shiftKey) this.from = null;
      else if (row === "forward" && column !== "x") this.from ??= this.cursorUnit(row, column, entry);
      entry.cursor = [m, Math.max(0, Math.min(H - 1, i + down)), Math.max(0, Math.min(W - 1, j + right))];
    } else if (event.key === "PageDown" || event.key === "PageUp") {
      entry.cursor = [(m + (event.key === "PageDown" ? 1 : count - 1)) % count, i, j];
    } else if (event.key === "Enter" || event.key === " ") {
      this.choose(row, column, this.cursorUnit(row, column, entry));
    } else return;
    event.preventDefault();
    this.describe(row, column, entry);
  }

  cursorUnit(row, column, { cursor: [m, i, j] }) {
    return column === "x" ? [this.channel(i, j, row, this.shape.x[0]), i, j] : [this.tops[column][m], i, j];
  }

  describe(row, column, entry) {
    if (!this.tops) return;
    const unit = this.cursorUnit(row, column, entry);
    this.mark(row, column, unit, "cursor");
    if (this.from && row === "forward") this.mark(row, column, this.spanned(unit), "span");
    else this.unmark("span");
    this.on.hover(row, this.tensorOf(row, column), unit, true);
  }

  // what is asked for to draw these rows: [[row, column, question], ...]
  wanted(rows) {
    return rows.flatMap((row) => this.columns.filter((column) => row !== "forward" || column !== "x")
      .map((column) => [row, column, ["maps", { tensor: column, what: row, ...(row !== "forward" && this.after && column in this.gated && { after: true }) }]]));
  }

  // found: [[row, column, what is drawn], ...] of some rows; the others stay -> how long it took
  paint(found, { pixels: seen, tops, start, reach, asColours }) {
    const begin = performance.now(), rows = ["forward", ...this.rules];
    Object.assign(this, { tops, seen, asColours });
    for (const column of this.columns.slice(1)) this.sizeOf(column);
    for (const [row, column, drawn] of found) (this.drawn ??= {})[`${row} ${column}`] = drawn;
    for (const name of Object.keys(this.drawn)) if (!rows.includes(name.slice(0, name.indexOf(" ")))) delete this.drawn[name];
    this.draw(start, reach, found.map(([row, column]) => `${row} ${column}`));
    return performance.now() - begin;
  }

  // how many of the maps are shown
  sizeOf(column) {
    const [C, H, W] = this.shape[column], shown = this.tops[column].length;
    if (this.sizes[column].shown === shown) return;
    this.sizes[column].shown = shown;
    this.sizes[column].textContent = `${shown < C ? `${shown} of ${C}` : `${C} maps`}, ${H} × ${W}`;
    this.sizes[column].title = shown < C ? `of ${C} maps the ${shown} with the largest sums` : "";
  }

  // the picture alone, as a stroke goes on
  photo(seen) {
    const [, H, W] = this.shape.x;
    photo(this.cells["forward x"].canvas, seen, H, W);
  }

  draw(start, reach, some = Object.keys(this.drawn)) {
    this.photo(this.seen);
    this.cells["forward x"].canvas.across = 1;
    written(find("key-pixels"), this.shape.x[0] !== 3 ? "" : this.asColours
      ? "pixels in colour: grey is 0; red, green and blue are brighter where their own signal is positive, darker where it is negative (untick it for red and blue)"
      : "pixels: the sum of the signals of red, green and blue");
    for (const name of some) {
      const [row, column] = [name.slice(0, name.indexOf(" ")), name.slice(name.indexOf(" ") + 1)], found = this.drawn[name], { cell, canvas } = this.cells[name];
      cell.classList.toggle("empty", found.maps === null);
      if (found.maps === null) { canvas.width = canvas.height = 1; continue; }
      if (column === "x") { backAtPixels(canvas, found, this.order, this.asColours); canvas.across = 1; }
      else mosaic(canvas, found, row === "forward" ? "bright" : "signed");
      canvas.classList.toggle("smooth", canvas.width > 200); // more squares than the screen has room for
    }
    this.reach(start, reach);
  }

  // columns that the signal has reached: `reach` of them, counted from where it starts
  reach(start, reach) {
    const from = this.columns.indexOf(start.tensor) < 0 ? this.columns.length : this.columns.indexOf(start.tensor);
    this.columns.forEach((column, n) => {
      const back = from - n;
      for (const row of this.rules) this.cells[`${row} ${column}`].cell.classList.toggle("hidden", reach !== null && back > reach);
      this.cells[`forward ${column}`].cell.classList.toggle("start", column === start.tensor);
    });
    if (from < this.columns.length) this.mark("forward", start.tensor, start.region, "begin");
    else this.unmark("begin");
  }

  // a frame around a unit, or a region, of a mosaic
  mark(row, column, [k, i0, j0, i1 = i0, j1 = j0], kind) {
    if (this.after && !(`${row} ${column}` in this.cells)) column = Object.keys(this.gated).find((relu) => this.gated[relu] === column) ?? column;
    const entry = this.cells[`${row} ${column}`];
    if (!entry) return this.unmark(kind);
    const { cell, canvas } = entry, m = column === "x" ? 0 : this.tops[column].indexOf(k), [, H, W] = this.shape[column];
    if (m < 0 || !canvas.width) return this.unmark(kind);
    const y = Math.floor(m / canvas.across) * (H + 1) + i0, x = (m % canvas.across) * (W + 1) + j0;
    const share = (v, whole) => `${(100 * v) / whole}%`;
    const style = `left:${share(x, canvas.width)};top:${share(y, canvas.height)};width:${share(j1 - j0 + 1, canvas.width)};height:${share(i1 - i0 + 1, canvas.height)}`;
    if (cell.querySelector(`.${kind}`)?.getAttribute("style") === style) return; // it is there: a browser would lay all out anew
    this.unmark(kind);
    cell.append(element("span", { class: kind, style }));
  }
}

const COLOURS = { L: ["grey"], RGB: ["red", "green", "blue"], BGR: ["blue", "green", "red"] };

// channels: the order of the network's own, "RGB" say
export const placeOf = (tensor, [k, i, j], shape, channels) =>
  shape[1] === 1 && shape[2] === 1 ? `unit ${k} of ${tensor}` : tensor === "x" ? `pixel in row ${i}, column ${j}, ${COLOURS[channels]?.[k] ?? `channel ${k}`}` : `map ${k} of ${tensor}, row ${i}, column ${j}`;

export function sayNumber(what, place, value) {
  const kind = what === "forward" ? "activation" : `signal under ${RULES[what].title}`;
  say(`${place}: ${kind} ${digits(value)}`);
}
