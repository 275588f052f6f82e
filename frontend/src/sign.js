// Sign a statement in this browser: form#sign. What is signed stands on the page, in #claims, as JSON.
//
//     #number              optional: the number on the document; blinded here, its tag is the claim `sub`
//     data-fields          optional: fields of the form that are claims too, "text"
//     #words, data-digest  optional: the report without its subject, and the SHA-256 that it must have with it; else the
//                          number is another person's, or the page shows other words than were signed
//     data-typ             the kind of statement; without it nothing is signed, and the tag alone is sent
//     data-account, data-kids                    whose key, and which of theirs are enrolled
//     data-send-url                              {token}, or {tag}, and the fields → {next}, a page of this server
//     data-alive-url                             a page for whoever is signed in (`session.js`)
//     data-evaluations-url, data-key-id, data-public-key     as for the check
//     data-working, data-problem-prefix          as for the check
//     data-error-<code>                          no-key, unauthenticated, not-proven, number-differs, empty-<field> …
//     data-failed                                when nothing else fits
// and may have #outcome, #session-ended, #document and #country.

import { Refused, blindBatch, finish, parse } from "./identity.js";
import { digest, find, sign } from "./keys.js";
import { Failed, documentType, followDocument, onSubmit, post, sameOrigin, sentence, showProblems, withhold } from "./page.js";
import { isAlive } from "./session.js";

const form = document.getElementById("sign");
const outcome = document.getElementById("outcome");
const number = document.getElementById("number") && withhold(form, "number");
const fields = (form.dataset.fields ?? "").split(" ").filter(Boolean);

followDocument();

onSubmit(form, async () => {
  const { identity, problems } = entered();
  showProblems(form, problems);
  if (problems.length) return;
  say("working");
  try {
    const next = await send(identity);
    if (number) number.value = "";
    location.assign(sameOrigin(next));
  } catch (error) {
    say("");
    showProblems(form, [failure(error)]);
  }
});

function entered() {
  const problems = fields
    .map((name) => ({ field: form.elements[name], text: explained(`empty-${name}`) }))
    .filter(({ field }) => !field.value.trim());
  try {
    return { identity: number && parse(number.value, undefined, documentType()), problems };
  } catch (error) {
    const field = error.code === "document-type" ? document.getElementById("country") : number;
    return { identity: null, problems: [...problems, { field, text: explained(error.code) }] };
  }
}

async function send(identity) {
  const key = form.dataset.typ ? await own() : null;
  await requireAlive();
  const typed = Object.fromEntries(fields.map((name) => [name, written(form.elements[name])]));
  const sub = identity ? { sub: await tagOf(identity) } : {};
  await requireSame(sub);
  if (!key) return (await post(form.dataset.sendUrl, { ...typed, tag: sub.sub })).next;
  const token = await sign({ ...json("claims"), ...typed, ...sub }, form.dataset.typ, key);
  return (await post(form.dataset.sendUrl, { token })).next;
}

// A case number has capitals only, however it is typed (data-capitals).
function written({ value, dataset }) {
  return "capitals" in dataset ? value.trim().toUpperCase() : value.trim();
}

async function own() {
  const key = await find(form.dataset.account);
  if (!key || !form.dataset.kids.split(" ").includes(key.kid)) throw new Failed(0, { code: "no-key" });
  return key;
}

async function requireAlive() {
  if (!(await isAlive(form.dataset.aliveUrl))) throw new Failed(401, { code: "unauthenticated" });
}

async function tagOf(identity) {
  const { elements, blinds } = blindBatch([identity]);
  const { evaluationsUrl, keyId, publicKey } = form.dataset;
  const evaluation = await post(evaluationsUrl, { key_id: keyId, elements });
  try {
    return finish(blinds, evaluation, publicKey)[0];
  } catch {
    throw new Failed(0, { code: "proof" });
  }
}

async function requireSame(sub) {
  const wanted = form.dataset.digest;
  if (wanted && (await digest({ ...json("words"), ...sub })) !== wanted) throw new Failed(0, { code: "number-differs" });
}

function json(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

// The page's sentence for the error's code, else the server's, beside the field that it names.
function failure(error) {
  const problem = error instanceof Failed ? error.problem : error instanceof Refused ? error : {};
  const ended = document.getElementById("session-ended");
  if (ended) ended.hidden = !["unauthenticated", "not-proven"].includes(problem.code);
  const named = fields.find((name) => name === problem.errors?.[0]?.pointer);
  const field = problem.code === "number-differs" ? number : named ? form.elements[named] : null;
  return { field, text: explained(problem.code, problem.detail) };
}

function explained(code, otherwise) {
  const own = /^[a-z-]+$/.test(code ?? "") ? sentence(form, `error-${code}`) : "";
  return own || otherwise || sentence(form, "failed");
}

function say(name) {
  if (outcome) outcome.textContent = name && sentence(form, name);
}
