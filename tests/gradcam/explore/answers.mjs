// node answers.mjs given.json answers.json [plain]: what the page's engine answers to a list of questions; plain: without
// WebAssembly

import { readFileSync, writeFileSync } from "node:fs";
import { Session } from "../../../gradcam/explore/web/engine/session.mjs";
import { bytes } from "../../../gradcam/explore/web/engine/weights.mjs";

const [, , from, to, plain] = process.argv, { model, weights, talk } = JSON.parse(readFileSync(from, "utf8"));
if (plain) delete globalThis.WebAssembly;
const session = new Session(model, bytes(weights));
const { abs, sign, sqrt, tanh, pow, max } = Math; // as in the worker of a rule of the reader's
const rule = (words) => new Function("abs", "sign", "sqrt", "tanh", "pow", "max", `return (g, x) => (${words})`)(abs, sign, sqrt, tanh, pow, max);
const answers = talk.map(([question, args]) => session.ask(question, question === "own" ? { rule: rule(args.rule) } : args));
writeFileSync(to, JSON.stringify(answers, (_, v) => (ArrayBuffer.isView(v) ? [...v] : v)));
