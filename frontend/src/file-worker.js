// Reads a staff file, blinds and unblinds: in a thread of its own, so that the page stays alive. Numbers, blinds and
// the file's cells stay in here. One message a call, {id, call, …}, one answer, {id, value} or {id, refused}; between
// them {steps} says how many people were blinded or unblinded.

import { blindMany, elementsOf, finishMany } from "./batch.js";
import { read } from "./staff.js";

const EVERY = 60; // milliseconds between two words about the steps
let people = new Map(); // documents by row
const blinds = new Map(); // by batch

const calls = {
  async read({ file, type, column }) {
    blinds.clear();
    const found = await read(new Uint8Array(await file.arrayBuffer()), type, column);
    const rows = found.rows.map(({ document, ...row }) => ({ ...row, asked: Boolean(document && !row.duplicateOf) }));
    people = new Map(found.rows.map(({ number, document }) => [number, document]));
    return { ...found, rows };
  },
  blind({ batch, rows }) {
    const steps = counted();
    blinds.set(batch, blindMany(rows.map((row) => people.get(row)), steps.one));
    steps.tell();
    return elementsOf(blinds.get(batch));
  },
  finish({ batch, evaluation, publicKey }) {
    const steps = counted();
    const tags = finishMany(blinds.get(batch), evaluation, publicKey, steps.one);
    blinds.delete(batch);
    steps.tell();
    return tags;
  },
};

function counted() {
  let steps = 0;
  let told = performance.now();
  const tell = () => {
    if (steps) postMessage({ steps });
    steps = 0;
    told = performance.now();
  };
  const one = () => {
    steps += 1;
    if (performance.now() - told > EVERY) tell();
  };
  return { one, tell };
}

addEventListener("message", async ({ data: { id, call, ...rest } }) => {
  try {
    postMessage({ id, value: await calls[call](rest) });
  } catch (error) {
    postMessage({ id, refused: { code: error.code ?? "", row: error.row ?? null } });
  }
});
