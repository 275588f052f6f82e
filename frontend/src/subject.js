// The accused person finds their case: form#match with the fields case, code and number.
//
// The letter alone is no oracle: whether the number fits is decided by the key holder from X and Z, neither of
// which leads to the number, and every failure looks the same. The page says:
//     data-begin-url     {case, code} → {match_id, m}
//     data-finish-url    {case, code, match_id, x, z} → {next}, an address of this page's own server
//     data-working       sentence for #outcome, if there is such an element
//     data-failed        the one sentence for every failure, with data-problem-title above it and
//                        data-problem-prefix before the page's title
//     data-error-number-…, data-error-case, data-error-code
//                        optional: what is wrong with the spelling of the number, or that a field is empty; found
//                        before anything is sent, so that a slip of the pen costs none of the attempts
// and may have #document and #country, as for the check.

import { Refused, answer, parse } from "./identity.js";
import {
  documentType,
  followDocument,
  onSubmit,
  post,
  sameOrigin,
  sentence,
  showProblems,
  withhold,
} from "./page.js";

const form = document.getElementById("match");
const outcome = document.getElementById("outcome");
const number = withhold(form, "number");

followDocument();

onSubmit(form, async () => {
  const { identity, problems } = entered();
  showProblems(form, problems);
  if (problems.length) return;
  say("working");
  try {
    location.assign(await next(identity));
    number.value = "";
  } catch (error) {
    say("");
    showProblems(form, [{ field: null, text: sentence(form, "failed") }]);
  }
});

function entered() {
  const problems = ["case", "code"]
    .map((name) => ({ field: form.elements[name], text: sentence(form, `error-${name}`) }))
    .filter(({ field, text }) => text && !field.value.trim());
  try {
    return { identity: parse(number.value, undefined, documentType()), problems };
  } catch (error) {
    return { identity: null, problems: [...problems, misspelt(error)] };
  }
}

async function next(identity) {
  const letter = { case: form.elements.case.value.trim(), code: form.elements.code.value.trim() };
  const { match_id, m } = await post(form.dataset.beginUrl, letter);
  const finished = await post(form.dataset.finishUrl, { ...letter, match_id, ...answer(identity, m) });
  if (typeof finished.next !== "string") throw new TypeError("no address");
  return sameOrigin(finished.next);
}

function misspelt(error) {
  const spelling = error instanceof Refused ? sentence(form, `error-${error.code}`) : "";
  const field = error.code === "document-type" ? document.getElementById("country") : number;
  return spelling ? { field, text: spelling } : { field: null, text: sentence(form, "failed") };
}

function say(name) {
  if (outcome) outcome.textContent = name && sentence(form, name);
}
