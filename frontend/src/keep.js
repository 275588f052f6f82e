// A form with data-keep-url is sent only while its reader is signed in; else #session-ended is shown, and everything
// that was typed is still there.

import { isAlive } from "./session.js";

export function keep() {
  for (const form of document.querySelectorAll("form[data-keep-url]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(form, event.submitter);
    });
  }
}

async function send(form, submitter) {
  const alive = await isAlive(form.dataset.keepUrl).catch(() => false);
  const ended = document.getElementById("session-ended");
  ended.hidden = alive;
  if (!alive) return ended.focus();
  if (submitter?.name) form.append(hidden(submitter.name, submitter.value));
  form.submit();
}

function hidden(name, value) {
  const field = document.createElement("input");
  field.type = "hidden";
  field.name = name;
  field.value = value;
  return field;
}
