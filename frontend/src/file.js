// The HR check of a whole file: form#file-check with purpose, consent, reference, #document and #country as for one
// person, and input#file, which has no name. The file is read in workers; this page sees row numbers, and sends blinded
// elements and tags to its own server, two batches a worker at a time. The page says in attributes of the form what
// check.js lists, and
//     data-worker-url, data-account      the workers' script; whose progress is kept (resume.js)
//     data-most-files                    optional
//     data-error-file-…, -column-…       why a file is refused, with {row}
//     data-reason-<code>                 why a row is rejected, with {row} for "duplicate"
//     data-state-…                       asked, checked, hit, rejected, duplicate: the words
// and has #found (what was read), #column, #progress with <progress>, #count, #told, and #result.

import { FileUpload } from "govuk-frontend";

import * as base64url from "./base64url.js";
import { download, saveReceipt } from "./download.js";
import { Failed, documentType, followDocument, onSubmit, post, sentence, showProblems } from "./page.js";
import { Pool } from "./pool.js";
import { Results } from "./results.js";
import * as resume from "./resume.js";

const BATCHES_A_WORKER = 2;
const TICK = 150; // milliseconds between two looks at the progress
const PAUSES = [1_000, 3_000, 8_000]; // before a request that got no answer is sent again
const LIKE_A_NUMBER = /\d[\d\s-]{12,}/;

const form = document.getElementById("file-check");
const input = document.getElementById("file");
const { purpose, consent, reference } = form.elements;
const element = (id) => document.getElementById(id);
const results = new Results(form, element("result"));
const pool = new Pool(form.dataset.workerUrl, (steps) => (done += steps));
let file = null; // what was read last: {file, rows, column, type}
let done = 0; // steps: each person is blinded, unblinded and answered
let receipts = new Map(); // by Idempotency-Key, of the batches answered while this page was open

new FileUpload(input.closest("[data-module]"));
const choose = element("file"); // now the button in front of the input
choose.querySelector("#file-comma").remove(); // what is read out must be what stands there (WCAG 2.5.3)
choose.setAttribute("aria-labelledby", "file-label file");
input.addEventListener("change", () => reading());
element("column").addEventListener("change", () => reading(Number(element("column").value)));
for (const id of ["document", "country"]) element(id).addEventListener("change", () => reading());
element("forget").addEventListener("click", anew);
element("save-results").addEventListener("click", () => save("results", "all"));
element("save-rejects").addEventListener("click", () => save("rejected", "rejected"));
addEventListener("beforeunload", (event) => form.hasAttribute("aria-busy") && event.preventDefault());
followDocument();
greet();

onSubmit(form, async () => {
  const problems = wrong();
  showProblems(form, problems);
  if (problems.length) return;
  const clock = running();
  try {
    await run(progressOf());
    clock.stop();
    finished();
  } catch (error) {
    clock.stop();
    showProblems(form, [failure(error)]);
  }
});

// Say what was interrupted, and fill in what it was begun with.
function greet() {
  const kept = resume.begun(form.dataset.account);
  element("interrupted").hidden = !kept;
  if (!kept) return;
  const [type, country = ""] = kept.terms.type.split(":");
  Object.assign(purpose, { value: kept.terms.purpose });
  Object.assign(reference, { value: kept.terms.reference });
  element("document").value = type;
  element("country").value = country;
  followDocument();
  const answered = kept.batches.reduce((total, batch) => total + (batch.batch ? batch.rows.length : 0), 0);
  element("how-far").textContent = sentence(form, "interrupted", { answered, rows: kept.source.rows });
}

function anew() {
  resume.forget();
  greet();
  choose.focus();
}

// Read the file in the workers, and say what stands in it.
async function reading(column = null) {
  const [chosen] = input.files;
  file = null;
  element("found").hidden = true;
  element("result").hidden = true;
  if (!chosen) return;
  const type = documentType();
  element("reading").textContent = sentence(form, "reading");
  try {
    const kept = resume.begun(form.dataset.account);
    const read = await pool.all("read", { file: chosen, type, column: column ?? columnOf(kept, chosen) });
    file = { ...read, file: chosen, type };
    showProblems(form, []);
    describe();
  } catch (error) {
    showProblems(form, [{ field: choose, text: explained(error.code, "", error) }]);
  } finally {
    element("reading").textContent = "";
  }
}

function columnOf(kept, chosen) {
  const known = kept && kept.source.size === chosen.size && kept.source.modified === chosen.lastModified;
  return known ? kept.terms.column : null;
}

function describe() {
  const titles = file.columns.map((title, index) => option(index, sentence(form, "column", { n: index + 1, title })));
  element("column").replaceChildren(option("", sentence(form, "select")), ...titles);
  element("column").value = String(file.column ?? "");
  const rejected = file.rows.filter(({ code }) => code).length;
  const people = file.rows.filter(({ asked }) => asked).length;
  const duplicates = file.rows.length - rejected - people;
  element("contents").textContent =
    file.column === null
      ? sentence(form, `error-${file.code}`)
      : sentence(form, "contents", { name: file.file.name, rows: file.rows.length, people, rejected, duplicates });
  element("found").hidden = false;
  if (rejected + duplicates) results.fill(settled(null));
  element("result").hidden = rejected + duplicates === 0 || file.column === null;
  element("after").hidden = true;
}

function option(value, text) {
  const made = document.createElement("option");
  made.value = String(value);
  made.textContent = text;
  return made;
}

function wrong() {
  const problems = [];
  const need = (holds, field, code) => holds || problems.push({ field, text: explained(code) });
  need(purpose.value, purpose, "purpose");
  need(consent.checked, consent, "consent");
  need(reference.value.trim(), reference, "reference");
  need(!LIKE_A_NUMBER.test(reference.value), reference, "reference-number");
  need(input.files.length, choose, "file");
  if (input.files.length) need(file?.column !== null || !file, element("column"), file?.code);
  if (input.files.length && !file) need(false, choose, "file-wrong");
  if (file?.column != null) need(file.rows.some(({ asked }) => asked), choose, "file-nobody");
  return problems;
}

// What was begun with this file and these terms, else a beginning.
function progressOf() {
  const kept = resume.begun(form.dataset.account);
  const source = resume.sourceOf(file.file, file.rows.length);
  const { type, column } = file;
  const terms = { column, purpose: purpose.value, reference: reference.value.trim(), type };
  if (!kept || !kept.batches.length) return resume.begin(form.dataset.account, source, terms);
  if (!resume.isSame(kept.source, source) || !resume.isSame(kept.terms, terms)) throw { code: "another-run" };
  if (kept.batches.some((batch) => !batch.batch && !resume.isFresh(batch))) throw { code: "batch-too-old" };
  return kept;
}

// Ask about everybody who has not been asked about, several batches at once.
async function run(progress) {
  const asked = new Set(progress.batches.flatMap(({ rows }) => rows));
  const left = file.rows.filter((row) => row.asked && !asked.has(row.number)).map(({ number }) => number);
  done = 3 * progress.batches.reduce((total, { batch, rows }) => total + (batch ? rows.length : 0), 0);
  const work = progress.batches.filter(({ batch }) => !batch);
  const size = left.length > 2_000 ? 500 : 250;
  const next = () => {
    if (work.length) return work.shift();
    if (!left.length || stopped) return null;
    const batch = { key: newKey(), rows: left.splice(0, size), at: Date.now() };
    progress.batches.push(batch);
    resume.keep(progress);
    return batch;
  };
  let stopped = false;
  const lane = async (worker) => {
    for (let batch = next(); batch && !stopped; batch = next()) await ask(worker, progress, batch);
  };
  const lanes = Array.from({ length: BATCHES_A_WORKER }, () => pool.workers).flat();
  const failed = (error) => {
    stopped = true;
    throw error;
  };
  const outcomes = await Promise.allSettled(lanes.map((worker) => lane(worker).catch(failed)));
  const refused = outcomes.find(({ status }) => status === "rejected");
  if (refused) throw refused.reason;
}

// Ask about one batch under its key, and write down the answer. Again, it is the same question.
async function ask(worker, progress, batch) {
  const { key, rows } = batch;
  const elements = await worker.call("blind", { batch: key, rows });
  const evaluation = await sure(form.dataset.evaluationsUrl, { key_id: form.dataset.keyId, elements });
  const publicKey = form.dataset.publicKey;
  const tags = await worker.call("finish", { batch: key, evaluation, publicKey }).catch(() => {
    throw new Failed(0, { code: "proof" });
  });
  const { purpose: why, reference: where } = progress.terms;
  const question = { purpose: why, consent: { kind: consent.value, reference: where }, tags };
  const answer = await sure(form.dataset.checksUrl, { ...question, ticket: evaluation.ticket }, key);
  requireAnswerTo(tags, answer);
  done += rows.length;
  batch.batch = answer.batch;
  batch.checks = answer.checks.map(({ id }) => id);
  batch.hits = answer.checks.flatMap(({ outcome }, index) => (outcome === "entry" ? [index] : []));
  resume.keep(progress);
  const kept = { answers: answer.checks, entry: null, proof: null, receipt: answer.receipt };
  receipts.set(key, { batch: answer.batch, file: kept });
}

function requireAnswerTo(tags, { checks }) {
  const fits = (answer, index) => ["entry", "no-entry"].includes(answer.outcome) && answer.tag === tags[index];
  if (checks.length !== tags.length || !checks.every(fits)) throw new TypeError("an answer to something else");
}

// Sent again when no answer came: both requests are safe to repeat.
async function sure(url, body, key) {
  const headers = key ? { "Idempotency-Key": key } : {};
  for (const pause of PAUSES) {
    try {
      return await post(url, body, headers);
    } catch (error) {
      if (![0, 502, 503, 504].includes(error.status)) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  return post(url, body, headers);
}

function newKey() {
  return base64url.encode(crypto.getRandomValues(new Uint8Array(24)));
}

// Show how far it is, several times a second; told aloud at every tenth part.
function running() {
  const bar = element("progress").querySelector("progress");
  const people = file.rows.filter(({ asked }) => asked).length;
  const began = performance.now();
  let told = 0;
  let first = null;
  const look = () => {
    first ??= done;
    bar.max = 3 * people;
    bar.value = done;
    const part = done / (3 * people);
    const speed = (done - first) / (performance.now() - began);
    const seconds = speed > 0 ? Math.ceil((3 * people - done) / speed / 1000) : "…";
    const words = { done: Math.floor(done / 3), people, seconds };
    element("count").textContent = sentence(form, "progress", words);
    if (Math.floor(part * 10) > told) {
      told = Math.floor(part * 10);
      element("told").textContent = sentence(form, "progress", words);
    }
  };
  element("progress").hidden = false;
  element("interrupted").hidden = true;
  element("after").hidden = true;
  const timer = setInterval(look, TICK);
  return {
    stop() {
      clearInterval(timer);
      element("progress").hidden = true;
    },
  };
}

function finished() {
  const progress = resume.begun(form.dataset.account);
  const rows = settled(progress);
  const count = (state) => rows.filter((row) => row.state === state).length;
  element("summary").textContent = sentence(form, "summary", {
    people: count("checked") + count("hit"),
    hits: count("hit"),
    rejected: count("rejected"),
    duplicates: count("duplicate"),
  });
  element("hits").hidden = count("hit") === 0;
  element("nobody").hidden = count("hit") > 0;
  results.show.value = count("hit") ? "hit" : "all";
  results.fill(rows);
  listReceipts(progress);
  element("result").hidden = false;
  element("after").hidden = false;
  element("summary").tabIndex = -1;
  element("summary").focus();
}

// Every row with its state, by what was read and what was answered.
function settled(progress) {
  const answers = new Map();
  for (const { rows, batch, checks, hits } of progress?.batches ?? []) {
    if (batch) rows.forEach((row, index) => answers.set(row, { check: checks[index], hit: hits.includes(index) }));
  }
  return file.rows.map(({ number, code, duplicateOf }) => {
    const base = { number, check: "", reason: "" };
    if (code) return { ...base, state: "rejected", reason: explained(code) };
    if (duplicateOf) return { ...base, state: "duplicate", reason: sentence(form, "duplicate", { row: duplicateOf }) };
    const answer = answers.get(number);
    return answer ? { ...base, check: answer.check, state: answer.hit ? "hit" : "checked" } : { ...base, state: "asked" };
  });
}

function save(name, show) {
  download(`${name}.csv`, results.csv(show), "text/csv;charset=utf-8");
}

function listReceipts(progress) {
  const buttons = progress.batches.map((batch, index) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "govuk-button govuk-button--secondary";
    const words = { n: index + 1, of: progress.batches.length, count: batch.rows.length };
    button.textContent = sentence(form, receipts.has(batch.key) ? "receipt" : "receipt-again", words);
    button.addEventListener("click", () => saveOne(progress, batch, button));
    item.append(button);
    return item;
  });
  element("receipts").replaceChildren(...buttons);
}

// A receipt names tags, which are kept nowhere: one from before an interruption is asked for again, under its key.
async function saveOne(progress, batch, button) {
  button.disabled = true;
  try {
    if (!receipts.has(batch.key)) {
      if (!resume.isFresh(batch)) throw { code: "batch-too-old" };
      await ask(pool.workers[0], progress, batch);
    }
    await saveReceipt(form.dataset.receiptsUrl, receipts.get(batch.key));
  } catch (error) {
    showProblems(form, [failure(error)]);
  } finally {
    button.disabled = false;
  }
}

// What to show for an error: the page's sentence for its code, else the server's, beside the field that it names.
function failure(error) {
  const problem = error instanceof Failed ? error.problem : error;
  const name = String(problem.errors?.[0]?.pointer ?? "").split(".").pop();
  return { field: { purpose, consent, reference }[name] ?? null, text: explained(problem.code, problem.detail) };
}

function explained(code, otherwise, { row } = {}) {
  const own = /^[a-z-]+$/.test(code ?? "") ? sentence(form, `error-${code}`, { row }) : "";
  return own || otherwise || sentence(form, "failed");
}
