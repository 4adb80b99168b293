// A session inside a Web Worker: {id, what, args} in, {id, answer} or {id, error} out.

import { Session } from "./session.mjs";
import { bytes } from "./weights.mjs";

let session;

export function answer(what, args) {
  if (what !== "open") return session.ask(what, args);
  session = new Session(args.model, bytes(args.weights));
  if (args.own) session.own({ rule: globalThis.ownRule });
  return {};
}

self.onmessage = ({ data: { id, what, args } }) => {
  try {
    self.postMessage({ id, answer: answer(what, args) });
  } catch (error) {
    self.postMessage({ id, error: String(error && error.message).slice(0, 300) });
  }
};
