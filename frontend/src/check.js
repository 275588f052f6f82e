// The HR check of one person: form#check with the fields number, purpose, consent and reference.
//
// The number is blinded here; the server of this page sees the blinded element and then the tag. The page has
//     #number               the number; better without a name, so that no browser could ever send it
//     purpose               a select
//     consent               a checkbox whose value is the kind, "declared"
//     reference             where the member keeps the consent
//     #document, #country   optional: the kind of document, and the country of a passport
//     #outcome              where the answer is put, as text
//     #no-entry, #entry     optional, hidden: what the answer means; a#details in it leads to what the entry says
//     #result               optional: around all of them, of class "shown" while there is an answer
//     button#receipt        optional, hidden: saves the receipt file of the answer
// and says in attributes of the form
//     data-evaluations-url, data-checks-url      where to ask (this page's own server)
//     data-receipts-url                          where the proof of a receipt is, followed by /<batch>
//     data-details-url                           optional: what an entry says, followed by /<check>
//     data-granted                               optional: a group of consents by link; then consent, reference are not asked
//     data-key-id, data-public-key               the key that the answer must prove, known before it
//     data-working, data-no-entry, data-entry    sentences for #outcome; {reference} and {check} are filled in
//     data-problem-title, data-problem-prefix    heading of the summary, and what to put before the page's title
//     data-error-<code>                          a sentence for: number-empty …, purpose, consent, reference, proof,
//                                                network, or a code that the server answers with
//     data-failed                                the sentence when nothing else fits

import { saveReceipt } from "./download.js";
import { Refused, base64url, blindBatch, finish, parse } from "./identity.js";
import {
  Failed,
  documentType,
  followDocument,
  onSubmit,
  post,
  sentence,
  showProblems,
  withhold,
} from "./page.js";

const form = document.getElementById("check");
const outcome = document.getElementById("outcome");
const save = document.getElementById("receipt");
const meanings = ["no-entry", "entry"].map((name) => document.getElementById(name)).filter(Boolean);
const number = withhold(form, "number");
const { purpose, consent, reference } = form.elements;
let attempt = null; // the last question that got no answer: asked again, it is the same one
let receipt = null; // {batch, file} of the last answer

followDocument();

onSubmit(form, async () => {
  clear();
  const { identity, problems } = entered();
  showProblems(form, problems);
  if (problems.length) return;
  outcome.textContent = sentence(form, "working");
  try {
    show(await check(identity));
    number.value = "";
  } catch (error) {
    clear();
    showProblems(form, [failure(error)]);
  }
});

save?.addEventListener("click", () => saveReceipt(form.dataset.receiptsUrl, receipt));

function entered() {
  const problems = [];
  const need = (condition, field, code) => condition || problems.push({ field, text: explained(code) });
  let identity = null;
  try {
    identity = parse(number.value, undefined, documentType());
  } catch (error) {
    need(false, error.code === "document-type" ? document.getElementById("country") : number, error.code);
  }
  need(purpose.value, purpose, "purpose");
  if (!form.dataset.granted) {
    need(consent.checked, consent, "consent");
    need(reference.value.trim(), reference, "reference");
  }
  return { identity, problems };
}

async function check(identity) {
  const { elements, blinds } = blindBatch([identity]);
  const evaluation = await post(form.dataset.evaluationsUrl, { key_id: form.dataset.keyId, elements });
  const question = {
    purpose: purpose.value,
    consent: stated(),
    tags: proven(blinds, evaluation),
  };
  const answer = await ask(question, evaluation.ticket);
  requireAnswerTo(question, answer);
  return answer;
}

function stated() {
  const group = form.dataset.granted;
  return group ? { kind: "granted", group } : { kind: consent.value, reference: reference.value.trim() };
}

function proven(blinds, evaluation) {
  try {
    return finish(blinds, evaluation, form.dataset.publicKey);
  } catch {
    throw new Failed(0, { code: "proof" });
  }
}

async function ask(question, ticket) {
  const headers = { "Idempotency-Key": keyOf(question) };
  try {
    const answer = await post(form.dataset.checksUrl, { ...question, ticket }, headers);
    attempt = null;
    return answer;
  } catch (error) {
    if (error.status >= 400 && error.status < 500) attempt = null; // refused: there is no answer to repeat
    throw error;
  }
}

function keyOf(question) {
  const text = JSON.stringify(question);
  if (attempt?.text !== text) {
    attempt = { text, key: base64url.encode(crypto.getRandomValues(new Uint8Array(24))) };
  }
  return attempt.key;
}

function requireAnswerTo({ tags }, { checks }) {
  const [answer, ...more] = checks;
  const known = answer.outcome === "entry" || answer.outcome === "no-entry";
  if (!known || more.length || answer.tag !== tags[0]) throw new TypeError("an answer to something else");
}

function show({ batch, checks, receipt: signed }) {
  const [{ id, outcome: found, reference: entry }] = checks;
  outcome.textContent = sentence(form, found, { check: id, reference: entry ?? "" });
  explain(found, id);
  outcome.tabIndex = -1;
  outcome.focus();
  receipt = { batch, file: { answers: checks, entry: null, proof: null, receipt: signed } };
  if (save) save.hidden = false;
}

// What the answer means, in the page's own words.
function explain(found, id) {
  for (const meaning of meanings) meaning.hidden = meaning.id !== found;
  const details = document.getElementById("details");
  if (details && id) details.href = `${form.dataset.detailsUrl}/${encodeURIComponent(id)}`;
  document.getElementById("result")?.classList.toggle("shown", Boolean(found));
}

function clear() {
  outcome.textContent = "";
  explain(null);
  receipt = null;
  if (save) save.hidden = true;
}

// What to show for an error: the page's sentence for its code, else the server's, beside the field that it names.
function failure(error) {
  const problem = error instanceof Failed ? error.problem : error instanceof Refused ? error : {};
  const name = String(problem.errors?.[0]?.pointer ?? "").split(".").pop();
  const field = { purpose, consent, reference }[name] ?? null;
  return { field, text: explained(problem.code, problem.detail) };
}

function explained(code, otherwise) {
  const own = /^[a-z-]+$/.test(code ?? "") ? sentence(form, `error-${code}`) : "";
  return own || otherwise || sentence(form, "failed");
}
