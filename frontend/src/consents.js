// Ask candidates for their consent by link: form#ask. The secrets are made here and stand in the links alone.
//
//     page                                              registry
//     secrets, one a link
//     consent-group+jwt over their digests, the
//     purpose and the text's digest     ── it, text ──→ opened
//     links shown, to be copied         ←─ their beginning, and where the answers will stand ──
//
// The page says: data-claims (what every statement has), data-typ, data-account, data-kids, data-send-url,
// data-alive-url, data-link-name and data-copy with {n}, data-copied, data-working, data-problem-prefix,
// data-error-<code>, data-failed; and has #outcome, #session-ended, and hidden #made with ol#links and a#group.

import * as base64url from "./base64url.js";
import { find, sign } from "./keys.js";
import { Failed, onSubmit, post, sameOrigin, sentence, showProblems } from "./page.js";
import { isAlive } from "./session.js";

const DAY = 86_400;
const MARGIN = 60; // seconds: clocks differ
const form = document.getElementById("ask");
const { purpose, text, count, days } = form.elements;
const element = (id) => document.getElementById(id);

onSubmit(form, async () => {
  const problems = wrong();
  showProblems(form, problems);
  if (problems.length) return;
  say("working");
  try {
    show(await ask());
  } catch (error) {
    showProblems(form, [failure(error)]);
  }
  say("");
});

function wrong() {
  const problems = [];
  const need = (holds, field, code) => holds || problems.push({ field, text: sentence(form, `error-${code}`) });
  need(purpose.value, purpose, "purpose");
  need(text.value.trim(), text, "text");
  need(/^[1-9][0-9]{0,5}$/.test(count.value.trim()), count, "count");
  return problems;
}

async function ask() {
  const key = await own();
  if (!(await isAlive(form.dataset.aliveUrl))) throw new Failed(401, { code: "unauthenticated" });
  const claims = JSON.parse(form.dataset.claims);
  const secrets = Array.from({ length: Number(count.value) }, () => random(32));
  const words = text.value.trim();
  const said = {
    ...claims,
    exp: claims.iat + days.value * DAY - MARGIN,
    jti: hex(crypto.getRandomValues(new Uint8Array(16))), // asked again, it is another question
    links: await Promise.all(secrets.map(digest)),
    purpose: purpose.value,
    text: await digest(words),
  };
  const statement = await sign(said, form.dataset.typ, key);
  const opened = await post(form.dataset.sendUrl, { statement, text: words });
  return { links: secrets.map((secret) => `${opened.links}#${secret}`), next: sameOrigin(opened.next) };
}

async function own() {
  const key = await find(form.dataset.account);
  if (!key || !form.dataset.kids.split(" ").includes(key.kid)) throw new Failed(0, { code: "no-key" });
  return key;
}

function show({ links, next }) {
  form.hidden = true;
  element("links").replaceChildren(...links.map(item));
  element("group").href = next;
  element("made").hidden = false;
  element("made").focus();
}

function item(link, index) {
  const made = document.createElement("li");
  const field = document.createElement("input");
  const button = document.createElement("button");
  Object.assign(field, { value: link, readOnly: true, className: "govuk-input" });
  field.setAttribute("aria-label", sentence(form, "link-name", { n: index + 1 }));
  Object.assign(button, { type: "button", className: "govuk-button govuk-button--secondary" });
  button.textContent = sentence(form, "copy", { n: index + 1 });
  button.addEventListener("click", async () => {
    field.select();
    await navigator.clipboard.writeText(link).then(() => (button.textContent = sentence(form, "copied")), () => {});
  });
  made.append(field, button);
  return made;
}

function random(size) {
  return base64url.encode(crypto.getRandomValues(new Uint8Array(size)));
}

async function digest(said) {
  return base64url.encode(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(said))));
}

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function failure(error) {
  const problem = error instanceof Failed ? error.problem : {};
  element("session-ended").hidden = problem.code !== "unauthenticated";
  const name = problem.errors?.[0]?.pointer;
  const field = { text, purpose, links: count }[name] ?? null;
  const own = /^[a-z-]+$/.test(problem.code ?? "") ? sentence(form, `error-${problem.code}`) : "";
  return { field, text: own || problem.detail || sentence(form, "failed") };
}

function say(name) {
  element("outcome").textContent = name && sentence(form, name);
}
