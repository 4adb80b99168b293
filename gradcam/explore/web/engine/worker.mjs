// A session inside a Web Worker: {id, questions: [[what, args], ...]} in, {id, answers, ms} or {id, error} out, one message each.

import { Session } from "./session.mjs";
import { bytes } from "./weights.mjs";

let session;

export function answer(what, args) {
  if (what !== "open") return session.ask(what, args);
  session = new Session(args.model, bytes(args.weights));
  if (args.own) session.own({ rule: globalThis.ownRule });
  return {};
}

self.onmessage = ({ data: { id, questions } }) => {
  try {
    const before = performance.now(), answers = questions.map(([what, args]) => answer(what, args));
    self.postMessage({ id, answers, ms: performance.now() - before }, [...new Set(buffers(answers))]);
  } catch (error) {
    self.postMessage({ id, error: String(error && error.message).slice(0, 300) });
  }
};

// arrays are handed over, not copied: a session keeps none that it answers with
const buffers = (found) => (ArrayBuffer.isView(found) ? [found.buffer] : found !== null && typeof found === "object" ? Object.values(found).flatMap(buffers) : []);
