// Workers of one script, each with a thread of its own, that answer calls.

import { sameOrigin } from "./page.js";

const MOST = 4;

export class Pool {
  // `onSteps` hears how many steps were done, as they are done.
  constructor(url, onSteps) {
    const count = Math.min(Math.max(navigator.hardwareConcurrency || 1, 1), MOST);
    const script = ownScript(url);
    this.workers = Array.from({ length: count }, () => new Called(script, onSteps));
  }

  // The same call to every worker; the first one's answer.
  async all(call, parts) {
    const [first] = await Promise.all(this.workers.map((worker) => worker.call(call, parts)));
    return first;
  }
}

class Called {
  constructor(script, onSteps) {
    this.waiting = new Map();
    this.worker = new Worker(script);
    this.worker.addEventListener("message", ({ data }) => (data.steps ? onSteps(data.steps) : this.answered(data)));
    this.worker.addEventListener("error", () => this.failed());
    this.next = 0;
  }

  // What the worker answers; throws {code, row} where it refused.
  call(call, parts) {
    const id = (this.next += 1);
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, call, ...parts });
    });
  }

  answered({ id, value, refused }) {
    const { resolve, reject } = this.waiting.get(id);
    this.waiting.delete(id);
    if (refused) reject(refused);
    else resolve(value);
  }

  failed() {
    for (const { reject } of this.waiting.values()) reject({ code: "worker", row: null });
    this.waiting.clear();
  }
}

// The address of a script, which Trusted Types allow only for one of this page's own server.
function ownScript(url) {
  const own = { createScriptURL: sameOrigin };
  return (globalThis.trustedTypes?.createPolicy("zilu-worker", own) ?? own).createScriptURL(url);
}
