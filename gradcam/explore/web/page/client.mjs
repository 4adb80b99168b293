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
    return Promise.all(questions.map(([what, args]) => new Promise((done, failed) => {
      this.waiting.set(++this.next, [done, failed]);
      this.worker.postMessage({ id: this.next, what, args });
    })));
  }

  settle({ id, answer, error }) {
    const [done, failed] = this.waiting.get(id) ?? [];
    this.waiting.delete(id);
    if (error !== undefined) failed?.(new Error(error));
    else done?.(answer);
  }

  fail(error) {
    for (const [, failed] of this.waiting.values()) failed(error);
    this.waiting.clear();
    this.worker.terminate();
  }
}

// what a rule of the reader's may do without: it computes, and nothing else
const ALONE = `for (const name of ["fetch", "XMLHttpRequest", "WebSocket", "EventSource", "WebTransport", "importScripts", "Worker",
  "SharedWorker", "BroadcastChannel", "indexedDB", "caches"]) Object.defineProperty(globalThis, name, { value: undefined });\n`;

export class FromServer {
  constructor(address) {
    this.address = address;
    this.opened = Promise.resolve();
    this.session = Math.random().toString(36).slice(2);
  }

  async ask(questions) {
    const body = JSON.stringify({ session: this.session, questions }, (_, v) => (v instanceof Uint8Array ? { bytes: toBase64(v) } : v));
    const answer = await fetch(this.address, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    const found = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(found.error || `the program answers ${answer.status}`), { gone: answer.status === 410 });
    return found.answers.map(arrays);
  }
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

// {"float32": base64} -> Float32Array, wherever one stands
function arrays(found) {
  if (Array.isArray(found)) return found.map(arrays);
  if (found === null || typeof found !== "object") return found;
  if (typeof found.float32 === "string") return new Float32Array(fromBase64(found.float32).buffer);
  if (typeof found.float64 === "string") return new Float64Array(fromBase64(found.float64).buffer);
  return Object.fromEntries(Object.entries(found).map(([key, value]) => [key, arrays(value)]));
}
