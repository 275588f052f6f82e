// Many tags at once, several times faster than one after the other (identity.js): RFC 9497 on the wire, as there.
//
//     page                                              key holder (private k, public key P = k·B)
//     blindMany:   C = H(input) + r·B         ──C──→    D = k·C, with one proof for the whole batch
//     finishMany:  proof verified             ←─D,proof─
//                  tag N = D − r·P = k·H(input)
//
// A sum hides the input as perfectly as the RFC's product r·H(input), and r·B and r·P come from tables made once. It
// relies on P, which is known beforehand, and on the proof: without one the product would be needed (Jarecki,
// Krawczyk, Xu: "On the (In)Security of the Diffie-Hellman Oblivious PRF with Multiplicative Blinding", 2021).

import { mulAddUnsafe } from "@noble/curves/abstract/curve.js";
import { ristretto255, ristretto255_hasher } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concatBytes } from "@noble/hashes/utils.js";

import * as base64url from "./base64url.js";
import { oprfInput } from "./document.js";

const { Point } = ristretto255;
const { Fn } = Point;
const { hashToCurve, hashToScalar } = ristretto255_hasher;
const SIZE = 32;
const ascii = (text) => new TextEncoder().encode(text);
const CONTEXT = concatBytes(ascii("OPRFV1-"), Uint8Array.of(1), ascii("-ristretto255-SHA512"));
const TO_GROUP = { DST: concatBytes(ascii("HashToGroup-"), CONTEXT) };
const TO_SCALAR = { DST: concatBytes(ascii("HashToScalar-"), CONTEXT) };
const tables = new Map(); // public keys with their tables

// Blinds for `finishMany`, secret, in the order of the documents. `onStep` hears of each one done.
export function blindMany(documents, onStep = () => {}) {
  return documents.map((document) => {
    const r = randomScalar();
    const blinded = hashToCurve(oprfInput(document), TO_GROUP).add(Point.BASE.multiply(r));
    onStep();
    return { r, blinded, sent: blinded.toBytes() };
  });
}

// What to send of them.
export function elementsOf(blinds) {
  return blinds.map(({ sent }) => base64url.encode(sent));
}

// The tags, in their order. Throws when the answer does not come from the key behind `publicKey`.
export function finishMany(blinds, { elements, proof }, publicKey, onStep = () => {}) {
  if (!Array.isArray(elements) || elements.length !== blinds.length || !blinds.length) {
    throw new TypeError("not one evaluated element for each blinded one");
  }
  const key = tableOf(publicKey);
  const items = blinds.map((blind, index) => evaluatedTo(blind, base64url.decode(elements[index], SIZE)));
  verifyProof(key, items, base64url.decode(proof, 2 * SIZE));
  return items.map(({ r, evaluated }) => {
    onStep();
    return base64url.encode(element(evaluated.subtract(key.multiply(r))).toBytes());
  });
}

function evaluatedTo(blind, received) {
  return { ...blind, received, evaluated: element(Point.fromBytes(received)) };
}

// RFC 9497 section 2.2.2: the logarithm of P to B is that of Z = Σ dᵢ·Dᵢ to M = Σ dᵢ·Cᵢ, with dᵢ of all there is.
function verifyProof(key, items, proof) {
  const weights = weightsOf(key, items);
  const m = sum(weights, items.map(({ blinded }) => blinded));
  const z = sum(weights, items.map(({ evaluated }) => evaluated));
  const c = Fn.fromBytes(proof.subarray(0, SIZE));
  const s = Fn.fromBytes(proof.subarray(SIZE));
  const statement = [key, m, z, sum([s, c], [Point.BASE, key]), sum([s, c], [m, z])].map((point) => point.toBytes());
  const expected = hashToScalar(concatBytes(...statement.map(prefixed), ascii("Challenge")), TO_SCALAR);
  if (!Fn.eql(c, expected)) throw new RangeError("the proof does not fit");
}

function weightsOf(key, items) {
  const seed = prefixed(sha512(concatBytes(prefixed(key.toBytes()), prefixed(concatBytes(ascii("Seed-"), CONTEXT)))));
  return items.map(({ sent, received }, index) => {
    const about = concatBytes(seed, two(index), prefixed(sent), prefixed(received), ascii("Composite"));
    return hashToScalar(about, TO_SCALAR);
  });
}

function sum(weights, points) {
  return mulAddUnsafe(Point, points, weights);
}

function tableOf(publicKey) {
  if (!tables.has(publicKey)) {
    const key = element(Point.fromBytes(base64url.decode(publicKey, SIZE)));
    tables.set(publicKey, key.precompute(8, false));
  }
  return tables.get(publicKey);
}

function randomScalar() {
  return hashToScalar(crypto.getRandomValues(new Uint8Array(64)), TO_SCALAR);
}

function element(point) {
  if (point.equals(Point.ZERO)) throw new RangeError("the identity element");
  return point;
}

function prefixed(bytes) {
  return concatBytes(two(bytes.length), bytes);
}

function two(value) {
  return Uint8Array.of(value >> 8, value & 0xff);
}
