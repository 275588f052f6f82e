// Runs the browser's modules for the tests: one JSON call a line in, one JSON answer a line out.

import { createInterface } from "node:readline";

import { ristretto255_oprf } from "../../../frontend/node_modules/@noble/curves/ed25519.js";

import { canonical } from "../../../frontend/src/canonical.js";
import { fingerprint, sign, thumbprint } from "../../../frontend/src/keys.js";
import { answer, base64url, blindBatch, finish, parse } from "../../../frontend/src/identity.js";

import { blindMany, elementsOf, finishMany } from "../../../frontend/src/batch.js";
import { csv } from "../../../frontend/src/csv.js";
import { read } from "../../../frontend/src/staff.js";

const kept = [];

const calls = {
  parse: ({ texts, today, type }) =>
    texts.map((text) => outcome(() => parse(text, today ?? undefined, type ?? undefined))),
  blind({ documents }) {
    const { elements, blinds } = blindBatch(documents);
    return { elements, handle: kept.push(blinds) - 1 };
  },
  finish: ({ handle, evaluation, publicKey }) => outcome(() => finish(kept[handle], evaluation, publicKey)),
  blindMany({ documents }) {
    const blinds = blindMany(documents);
    return { elements: elementsOf(blinds), handle: kept.push(blinds) - 1 };
  },
  finishMany: ({ handle, evaluation, publicKey }) => outcome(() => finishMany(kept[handle], evaluation, publicKey)),
  read: ({ bytes, type, column, today }) =>
    read(Uint8Array.from(Buffer.from(bytes, "base64")), type ?? "CN-RIC", column ?? null, today ?? undefined).then(
      (value) => ({ value }),
      ({ code, row }) => ({ refused: code, row }),
    ),
  csv: ({ rows }) => csv(rows),
  // As the key holder does it, by the library that the browser's module rests on.
  evaluate({ secret, publicKey, elements }) {
    const [key, pk, ...blinded] = [secret, publicKey, ...elements].map((text) => base64url.decode(text, 32));
    const { evaluated, proof } = ristretto255_oprf.voprf.blindEvaluateBatch(key, pk, blinded);
    return { elements: evaluated.map(base64url.encode), proof: base64url.encode(proof) };
  },
  answer: ({ document, m }) => outcome(() => answer(document, m)),
  decode: ({ texts, size }) => texts.map((text) => outcome(() => [...base64url.decode(text, size)])),
  canonical: ({ value }) => outcome(() => canonical(value)),
  async signed({ payload, typ }) {
    const { publicKey, privateKey } = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
    const { x } = await crypto.subtle.exportKey("jwk", publicKey);
    const kid = await thumbprint(x);
    return { x, fingerprint: fingerprint(kid), token: await sign(payload, typ, { kid, key: privateKey }) };
  },
  encode: ({ values }) => values.map((bytes) => base64url.encode(Uint8Array.from(bytes))),
};

function outcome(call) {
  try {
    return { value: call() };
  } catch (error) {
    return { refused: error.code ?? error.name, text: String(error) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { call, ...rest } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(await calls[call](rest))}\n`);
}
