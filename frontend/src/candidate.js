// A candidate's consent by link: form#consent. The link's secret is the fragment; it and the number are used here.
//
//     page                                           registry
//     the secret                  ── /open ──→       what is asked, by whom
//     C = r·H(number)             ── C ──→           D = k·C, proof                two of them at most
//     proof verified, N = D/r
//     th = SHA-256("zilu/consent/v1\0" ‖ group ‖ N)
//     signed by a new key         ── consent+jwt ──→ kept; a check of N uses it once
//
// The page says: data-open-url, data-evaluations-url, data-grant-url, data-decline-url, data-problem-prefix,
// data-working, data-granted, data-declined, data-answered, data-error-<code>, data-failed; and has #asked around the
// form, #member, #purpose, #text, #until, #number, #agree, #outcome, button#decline and button#token, which saves what
// was signed.

import * as base64url from "./base64url.js";
import { download } from "./download.js";
import { Refused, blindBatch, finish, parse } from "./identity.js";
import { sign, thumbprint } from "./keys.js";
import { Failed, documentType, followDocument, onSubmit, post, sentence, showProblems, withhold } from "./page.js";

const form = document.getElementById("consent");
const element = (id) => document.getElementById(id);
const number = withhold(form, "number");
const secret = location.hash.slice(1);
let asked = null; // what the registry has said about this link
let token = null; // what was signed

followDocument();
element("decline").addEventListener("click", () => answer(() => post(form.dataset.declineUrl, { secret }), "declined"));
element("token").addEventListener("click", () => download("consent.jwt", token, "application/jwt"));

onSubmit(form, async () => {
  const { identity, problems } = entered();
  showProblems(form, problems);
  if (problems.length) return;
  await answer(async () => {
    const consent = await signed(identity);
    await post(form.dataset.grantUrl, { secret, consent });
    token = consent;
    number.value = "";
  }, "granted");
});

open();

async function open() {
  try {
    asked = await post(form.dataset.openUrl, { secret });
  } catch (error) {
    element("loading").hidden = true;
    showProblems(form, [failure(error)]);
    return;
  }
  for (const name of ["member", "purpose", "text", "until"]) element(name).textContent = asked[name];
  element("loading").hidden = true;
  element("asked").hidden = !asked.is_open;
  if (!asked.is_open) say("answered");
}

function entered() {
  const problems = [];
  if (!element("agree").checked) problems.push({ field: element("agree"), text: explained("agree") });
  try {
    return { identity: parse(number.value, undefined, documentType()), problems };
  } catch (error) {
    const field = error.code === "document-type" ? element("country") : number;
    return { identity: null, problems: [...problems, { field, text: explained(error.code) }] };
  }
}

async function answer(send, outcome) {
  say("working");
  showProblems(form, []);
  try {
    await send();
    element("asked").hidden = true;
    element("token").hidden = !token;
    say(outcome);
    element("outcome").tabIndex = -1;
    element("outcome").focus();
  } catch (error) {
    say("");
    showProblems(form, [failure(error)]);
  }
}

// The consent, signed by a key that exists for this statement alone and cannot be exported.
async function signed(identity) {
  const th = await joined(await tagOf(identity));
  const { privateKey: key, publicKey } = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
  const { x } = await crypto.subtle.exportKey("jwk", publicKey);
  const cnf = { jwk: { crv: "Ed25519", kty: "OKP", x } };
  return sign({ ...asked.claims, cnf, th }, "consent+jwt", { kid: await thumbprint(x), key });
}

async function tagOf(identity) {
  const { elements, blinds } = blindBatch([identity]);
  const evaluation = await post(form.dataset.evaluationsUrl, { secret, key_id: asked.key_id, elements });
  try {
    return base64url.decode(finish(blinds, evaluation, asked.public_key)[0], 32);
  } catch {
    throw new Failed(0, { code: "proof" });
  }
}

async function joined(tag) {
  const label = new TextEncoder().encode(`zilu/consent/v1\0${asked.claims.group}`);
  const digest = await crypto.subtle.digest("SHA-256", Uint8Array.of(...label, ...tag));
  return base64url.encode(new Uint8Array(digest));
}

function failure(error) {
  const problem = error instanceof Failed ? error.problem : error instanceof Refused ? error : {};
  return { field: null, text: explained(problem.code, problem.detail) };
}

function explained(code, otherwise) {
  const own = /^[a-z-]+$/.test(code ?? "") ? sentence(form, `error-${code}`) : "";
  return own || otherwise || sentence(form, "failed");
}

function say(name) {
  element("outcome").textContent = name && sentence(form, name);
}
