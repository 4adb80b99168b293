// A rule that the reader wrote: this page runs it in a worker of its own, which reaches no network; a program that
// answers for the page reads it as arithmetic.  Either way only after a click.

import { InPage } from "./client.mjs";

const LIMIT = 10000; // milliseconds, after which a worker is stopped

export class Own {
  constructor({ model, weights }, client) {
    Object.assign(this, { model, weights, client, apart: weights !== undefined, rule: null, worker: null });
  }

  get on() { return this.rule !== null; }

  // from now on there is a row of it; setting: questions that bring its engine to where the page's is
  async take(rule, setting) {
    this.stop();
    if (!this.apart) await this.client.ask([["own", { rule }]]);
    else {
      const worker = (this.worker = new InPage(this.model, this.weights, rule));
      const limit = setTimeout(() => worker.fail(new Error("it took longer than ten seconds, and was stopped")), LIMIT);
      try {
        await worker.opened;
        await worker.ask(setting);
      } finally { clearTimeout(limit); }
    }
    this.rule = rule;
  }

  // what only its own worker knows
  ask(questions) { return this.apart ? (this.on ? this.worker.ask(questions) : Promise.resolve([])) : this.client.ask(questions); }

  stop() {
    this.worker?.worker.terminate();
    Object.assign(this, { worker: null, rule: null });
  }
}
