// An account's signing key in this browser: form#signing-key, whose one button makes it.
//
//     data-account        whose key it is                  data-kids      the account's enrolled keys, by their kid
//     data-unsupported, data-failed                        sentences, with data-problem-prefix before the title
// and on the page
//     #key-here           hidden: shown when there is a key in this browser
//     #public-key, #fingerprint                            where its public half and its name are put, as text
//     #key-enrolled, #key-waiting                          hidden: of the two, what is true

import { canSign, find, fingerprint, make } from "./keys.js";
import { onSubmit, sentence, showProblems } from "./page.js";

const form = document.getElementById("signing-key");
const { account, kids } = form.dataset;

onSubmit(form, async () => {
  showProblems(form, []);
  try {
    if (!(await canSign())) return fail("unsupported");
    await make(account);
    await show();
    document.getElementById("key-here").focus();
  } catch {
    fail("failed");
  }
});

show().catch(() => fail("failed"));

async function show() {
  const key = await find(account);
  document.getElementById("key-here").hidden = !key;
  if (!key) return;
  const enrolled = kids.split(" ").includes(key.kid);
  document.getElementById("public-key").textContent = key.x;
  document.getElementById("fingerprint").textContent = fingerprint(key.kid);
  document.getElementById("key-enrolled").hidden = !enrolled;
  document.getElementById("key-waiting").hidden = enrolled;
}

function fail(name) {
  showProblems(form, [{ field: null, text: sentence(form, name) }]);
}
