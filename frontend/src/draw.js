// The accused person's share in the draw of the panel: form#draw, whose one button makes 32 random bytes in this
// browser and sends them. Nobody else could have known them, so nobody can have chosen the panel. The page says:
//     data-url           {nonce} → {next}, an address of this page's own server
//     data-working       sentence for the button while it is sent
//     data-failed        the sentence when it was not taken, with data-problem-title above it and
//                        data-problem-prefix before the page's title; the server's own sentence stands in its place

import * as base64url from "./base64url.js";
import { Failed, onSubmit, post, sameOrigin, sentence, showProblems } from "./page.js";

const form = document.getElementById("draw");

if (form) {
  const button = form.querySelector("[type=submit]");
  const label = button.textContent;
  onSubmit(form, async () => {
    showProblems(form, []);
    button.textContent = sentence(form, "working");
    try {
      const nonce = crypto.getRandomValues(new Uint8Array(32));
      const { next } = await post(form.dataset.url, { nonce: base64url.encode(nonce) });
      location.assign(sameOrigin(next));
      location.reload(); // the address may differ by its fragment alone
    } catch (error) {
      const detail = error instanceof Failed ? error.problem.detail : "";
      showProblems(form, [{ field: null, text: detail || sentence(form, "failed") }]);
      button.textContent = label;
    }
  });
}
