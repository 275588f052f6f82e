// Tags made together with the key holder: RFC 9497, suite ristretto255-SHA512, mode VOPRF, in this browser.
//
//     page                                         key holder (private k, public key k·B)
//     blindBatch:  C = r·H(input)        ──C──→    D = k·C, with one proof for the whole batch
//     finish:      proof verified        ←─D,proof─
//                  tag N = 1/r · D = k·H(input)
//
// The RFC's last hash is left out, as everywhere in Zilu: the tag is the element N. Elements, scalars and tags
// are 32 bytes, a proof is 64; outside this module they are unpadded base64url. Numbers and blinds stay inside.

import { ristretto255, ristretto255_oprf } from "@noble/curves/ed25519.js";

import * as base64url from "./base64url.js";
import { oprfInput } from "./document.js";

export { Refused, parse } from "./document.js";
export { base64url };

const { voprf } = ristretto255_oprf;
const { Point } = ristretto255;
const SIZE = 32;
const PROOF_SIZE = 64;

// {elements, blinds}: `elements` is what to send; `blinds` is secret and goes to `finish` as it is.
export function blindBatch(documents) {
  const blinds = documents.map((document) => {
    const input = oprfInput(document);
    return { input, ...voprf.blind(input) };
  });
  return { elements: blinds.map(({ blinded }) => base64url.encode(blinded)), blinds };
}

// The tags, in the order of the documents. Throws when the answer does not come from the key behind
// `publicKey`, which must be known beforehand and not be taken from the same answer.
export function finish(blinds, { elements, proof }, publicKey) {
  if (!Array.isArray(elements) || elements.length !== blinds.length) {
    throw new TypeError("not one evaluated element for each blinded one");
  }
  const items = blinds.map((blind, index) => ({ ...blind, evaluated: base64url.decode(elements[index], SIZE) }));
  voprf.finalizeBatch(items, base64url.decode(publicKey, SIZE), base64url.decode(proof, PROOF_SIZE));
  return items.map(({ evaluated, blind }) => base64url.encode(unblind(evaluated, blind)));
}

// Case match: the key holder has sent M = s·N with a secret s of one use. X = r·H(input) and Z = r·M let it
// compare s·k·X with Z: it learns whether the person is the one, and neither side learns anything else.
export function answer(document, m) {
  const point = element(base64url.decode(m, SIZE));
  const { blind, blinded } = voprf.blind(oprfInput(document));
  return { x: base64url.encode(blinded), z: base64url.encode(point.multiply(scalar(blind)).toBytes()) };
}

function unblind(evaluated, blind) {
  return element(evaluated).multiply(Point.Fn.inv(scalar(blind))).toBytes();
}

function element(bytes) {
  const point = Point.fromBytes(bytes);
  if (point.equals(Point.ZERO)) throw new RangeError("the identity element");
  return point;
}

function scalar(bytes) {
  return Point.Fn.fromBytes(bytes);
}
