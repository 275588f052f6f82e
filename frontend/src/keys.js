// The signing key of an account in this browser: Ed25519 by WebCrypto, kept in IndexedDB. Its private half cannot be
// exported, not by this code either; whoever wants to sign with it has to use this browser.
//
//     token = b64u(header) "." b64u(JCS of the payload) "." b64u(signature)      as registry/signing/jws.py reads it

import * as base64url from "./base64url.js";
import { canonical } from "./canonical.js";

const DATABASE = "zilu";
const STORE = "signing-keys";
const ALGORITHM = "Ed25519";
const READ_OUT = 16; // bytes of the thumbprint

// Whether this browser can make and keep such keys.
export async function canSign() {
  try {
    await crypto.subtle.generateKey(ALGORITHM, false, ["sign", "verify"]);
    return Boolean(indexedDB);
  } catch {
    return false;
  }
}

// A new key for the account, in the place of the one before: {kid, x, key}.
export async function make(account) {
  const { privateKey: key, publicKey } = await crypto.subtle.generateKey(ALGORITHM, false, ["sign", "verify"]);
  const { x } = await crypto.subtle.exportKey("jwk", publicKey);
  const made = { kid: await thumbprint(x), x, key };
  await request("readwrite", (store) => store.put(made, account));
  return made;
}

// The account's key in this browser, or undefined.
export function find(account) {
  return request("readonly", (store) => store.get(account));
}

// The compact JWS of kind `typ` over `payload`.
export async function sign(payload, typ, { kid, key }) {
  const signed = `${segment({ alg: "EdDSA", kid, typ })}.${segment(payload)}`;
  const signature = await crypto.subtle.sign(ALGORITHM, key, new TextEncoder().encode(signed));
  return `${signed}.${base64url.encode(new Uint8Array(signature))}`;
}

// SHA-256 of the payload's byte form, as a report is named in its countersignature.
export async function digest(payload) {
  return base64url.encode(await sha256(canonical(payload)));
}

// The key's name as it is read out: as `fingerprint` of registry/signing/keys.py.
export function fingerprint(kid) {
  const hex = Array.from(base64url.decode(kid).slice(0, READ_OUT), (byte) => byte.toString(16).padStart(2, "0"));
  return hex.join("").match(/.{4}/g).join(" ");
}

// RFC 7638.
export async function thumbprint(x) {
  return base64url.encode(await sha256(canonical({ crv: ALGORITHM, kty: "OKP", x })));
}

function segment(object) {
  return base64url.encode(new TextEncoder().encode(canonical(object)));
}

async function sha256(text) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

async function request(mode, act) {
  const database = await settled(opened());
  try {
    return await settled(act(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

function opened() {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  return opening;
}

function settled(asked) {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}
