// Whoever answers: a worker in this page, or the program that served it.  ask([[question, arguments], ...]) -> answers

export class InPage {
  // own: a rule in JavaScript, "x > 0 ? g : 0" say, that this worker, and nobody else, runs
  constructor(model, weights, own = null) {
    const engine = document.getElementById("engine").textContent;
    const parts = own === null ? [engine] : [ALONE, `globalThis.ownRule = (g, x) => (${own}\n);\n`, engine];
    this.worker = new Worker(URL.createObjectURL(new Blob(parts, { type: "text/javascript" })));
    this.waiting = new Map();
    this.next = 0;
    this.worker.onmessage = ({ data }) => this.settle(data);
    this.worker.onerror = (event) => {
      event.preventDefault();
      this.fail(new Error(event.message || "the engine cannot run"));
    };
    this.opened = this.ask([["open", { model, weights, own: own !== null }]]);
    this.opened.catch(() => {});
  }

  ask(questions) {
    return new Promise((done, failed) => {
      this.waiting.set(++this.next, [done, failed]);
      this.worker.postMessage({ id: this.next, questions });
    });
  }

  settle({ id, answers, ms, error }) {
    const [done, failed] = this.waiting.get(id) ?? [];
    this.waiting.delete(id);
    if (error !== undefined) failed?.(new Error(error));
    else done?.(Object.assign(answers, { ms }));
  }

  fail(error) {
    for (const [, failed] of this.waiting.values()) failed(error);
    this.waiting.clear();
    this.worker.terminate();
  }
}

// what a rule of the reader's may do without: it computes, and nothing else
const ALONE = `for (const name of ["fetch", "XMLHttpRequest", "WebSocket", "EventSource", "WebTransport", "importScripts", "Worker",
  "SharedWorker", "BroadcastChannel", "indexedDB", "caches"]) Object.defineProperty(globalThis, name, { value: undefined });
  const { abs, sign, sqrt, exp, log, tanh, sin, cos, floor, ceil, pow, min, max } = Math;\n`;

export class FromServer {
  constructor(address) {
    this.address = address;
    this.opened = Promise.resolve();
    this.session = named();
  }

  async ask(questions) {
    const answer = await fetch(this.address, { method: "POST", headers: { "Content-Type": "application/json" }, body: posed(this.session, questions) });
    if (answer.ok) return unpacked(await answer.arrayBuffer());
    const { error } = await answer.json();
    throw Object.assign(new Error(error || `the program answers ${answer.status}`), { gone: answer.status === 410 });
  }
}

// the notebook that this page stands in: what it hears goes to the engine in its kernel
export class FromNotebook {
  constructor() {
    this.opened = Promise.resolve();
    this.session = named();
    this.waiting = new Map();
    this.next = 0;
    addEventListener("message", ({ source, data }) => {
      if (source !== parent || !this.waiting.has(data?.id)) return;
      const [done, failed] = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if (data.error) failed(Object.assign(new Error(data.error), { gone: data.gone }));
      else done(unpacked(data.answers));
    });
  }

  ask(questions) {
    const id = `${this.session} ${++this.next}`; // of all frames that the notebook speaks to, this one
    return new Promise((done, failed) => {
      this.waiting.set(id, [done, failed]);
      parent.postMessage({ id, questions: posed(this.session, questions) }, "*");
    });
  }
}

const named = () => Math.random().toString(36).slice(2).padEnd(4, "0");
const posed = (session, questions) => JSON.stringify({ session, questions }, (_, v) => (v instanceof Uint8Array ? { bytes: toBase64(v) } : v));

const KINDS = { float32: Float32Array, float64: Float64Array, int8: Int8Array };

// answers as gradcam/explore/wire.py packs them
export function unpacked(buffer) {
  const length = new DataView(buffer).getUint32(0, true), start = 4 + length;
  const { answers } = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)), (_, v) => {
    const [kind, place] = v !== null && typeof v === "object" && !Array.isArray(v) ? (Object.entries(v)[0] ?? []) : [];
    return kind in KINDS && Array.isArray(place) ? new KINDS[kind](buffer, start + place[0], place[1]) : v;
  });
  return answers;
}

function toBase64(values) {
  let text = "";
  for (let n = 0; n < values.length; n += 8192) text += String.fromCharCode(...values.subarray(n, n + 8192));
  return btoa(text);
}

export function fromBase64(text) {
  const letters = atob(text), out = new Uint8Array(letters.length);
  for (let n = 0; n < out.length; n++) out[n] = letters.charCodeAt(n);
  return out;
}
