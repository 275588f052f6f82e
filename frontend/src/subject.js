// The accused person finds their case: form#match with the fields case, code and number.
//
// The letter alone is no oracle: whether the number fits is decided by the key holder from X and Z, neither of
// which leads to the number, and every failure looks the same. The page says:
//     data-begin-url     {case, code} → {match_id, m}
//     data-finish-url    {case, code, match_id, x, z} → {next}, an address of this page's own server
//     data-working       sentence for #outcome, if there is such an element
//     data-failed        the one sentence for every failure, with data-problem-title above it and
//                        data-problem-prefix before the page's title
//     data-error-number-…  optional: what is wrong with the spelling of the number, found before anything is
//                        sent, so that a slip of the pen costs none of the attempts

import { Refused, answer, parse } from "./identity.js";
import { onSubmit, post, sameOrigin, sentence, showProblems, withhold } from "./page.js";

const form = document.getElementById("match");
const outcome = document.getElementById("outcome");
const number = withhold(form, "number");

onSubmit(form, async () => {
  showProblems(form, []);
  say("working");
  try {
    location.assign(await next(parse(number.value)));
    number.value = "";
  } catch (error) {
    say("");
    showProblems(form, [failure(error)]);
  }
});

async function next(identity) {
  const letter = { case: form.elements.case.value.trim(), code: form.elements.code.value.trim() };
  const { match_id, m } = await post(form.dataset.beginUrl, letter);
  const finished = await post(form.dataset.finishUrl, { ...letter, match_id, ...answer(identity, m) });
  if (typeof finished.next !== "string") throw new TypeError("no address");
  return sameOrigin(finished.next);
}

function failure(error) {
  const spelling = error instanceof Refused ? sentence(form, `error-${error.code}`) : "";
  return spelling ? { field: number, text: spelling } : { field: null, text: sentence(form, "failed") };
}

function say(name) {
  if (outcome) outcome.textContent = name && sentence(form, name);
}
