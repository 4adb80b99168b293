// Elements, made without a line of HTML in strings: what comes from files or the address is never markup.

export function element(tag, attributes = {}, ...children) {
  const made = tag === "svg" || SVG.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name in made && typeof value === "boolean") made[name] = value;
    else if (value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const SVG = new Set(["g", "path", "line", "rect", "circle", "text", "title"]);

// other words, if they are others: a browser lays out anew what is written
export function written(where, words) {
  if (where.textContent !== words) where.textContent = words;
}

export const find = (id) => document.getElementById(id);

// a number as one reads it: three digits that say something
export function digits(v, count = 3) {
  if (!Number.isFinite(v)) return String(v);
  if (v === 0) return "0";
  const size = Math.abs(v), text = size >= 1e5 || size < 1e-3 ? v.toExponential(count - 1) : v.toPrecision(count);
  return text.replace("e+", "e").replace("-", "−").replace("e-", "e−");
}

export const percent = (v) => `${v > 0.9995 && v < 1 ? (100 * v).toFixed(2) : v < 0.0005 && v > 0 ? "< 0.1" : (100 * v).toFixed(1)} %`;

export function say(words) {
  find("said").textContent = words;
}
