// The doors of the house: what a link brings in its fragment, and passkeys.
//
// form#join takes "#account:code" from the address into its fields and out of the address, which nobody else sees.
//
// form[data-passkey] with one button asks the browser for a passkey. The page says:
//     data-passkey       "make" or "show"
//     data-begin         {} → the options, as the Web Authentication API takes them from JSON
//     data-finish        {credential} or {credential, name} → {next}, an address of this page's own server
//     data-failed        the sentence when the browser gave none; the server's own sentence stands in its place
//     data-lacking       the sentence for a browser that has no passkeys
//     data-working, data-problem-title, data-problem-prefix      as on every page
// A field named "name" holds what the person calls the device.

import { Failed, onSubmit, post, sameOrigin, sentence, showProblems } from "./page.js";

const join = document.getElementById("join");
if (join && location.hash.includes(":")) {
  const [account, code] = decodeURIComponent(location.hash.slice(1)).split(":");
  join.elements.namedItem("account").value = account;
  join.elements.namedItem("code").value = code;
  history.replaceState(null, "", location.pathname + location.search);
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("[type=submit]");
  const label = button.textContent;
  onSubmit(form, async () => {
    showProblems(form, []);
    button.textContent = sentence(form, "working");
    try {
      const options = await post(form.dataset.begin, {});
      const credential = (await answers[form.dataset.passkey](options)).toJSON();
      const name = form.elements.namedItem("name")?.value;
      const { next } = await post(form.dataset.finish, name === undefined ? { credential } : { credential, name });
      location.assign(sameOrigin(next));
    } catch (error) {
      const detail = error instanceof Failed ? error.problem.detail : "";
      showProblems(form, [{ field: null, text: detail || sentence(form, window.PublicKeyCredential ? "failed" : "lacking") }]);
      button.textContent = label;
    }
  });
}

const answers = {
  make: (options) =>
    navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }),
  show: (options) =>
    navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }),
};
