// What the pages share: sentences that the page supplies for its language, requests to the page's own server,
// and the summary of what is to be put right. Text only ever enters the page as text.

const title = document.title;

// The sentence of `form` in attribute data-<name>, with {placeholders} filled; "" where the page has none.
export function sentence(form, name, values = {}) {
  const template = form.getAttribute(`data-${name}`) ?? "";
  return template.replace(/\{(\w+)\}/g, (placeholder, key) => String(values[key] ?? placeholder));
}

// An answer that is not a success. `status` 0 means that none came; `problem` is as in RFC 9457.
export class Failed extends Error {
  constructor(status, problem = {}) {
    super(`status ${status}`);
    this.name = "Failed";
    this.status = status;
    this.problem = problem;
  }
}

// POST JSON to this page's own server, and the JSON that it answers. Throws Failed.
export function post(url, body, headers = {}) {
  return request(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrfToken(), ...headers },
    body: JSON.stringify(body),
  });
}

// GET the JSON that this page's own server has there. Throws Failed.
export function get(url) {
  return request(url, { method: "GET", headers: { "Content-Type": "application/json" } });
}

// The address, if it belongs to this page's server.
export function sameOrigin(url) {
  const target = new URL(url, document.baseURI);
  if (target.origin !== location.origin) throw new Failed(0);
  return target.href;
}

// Take the field that holds an identity number out of the form's own submission, which must never carry it.
export function withhold(form, name) {
  const field = form.elements.namedItem(name);
  field.id ||= name;
  field.removeAttribute("name");
  field.autocomplete = "off";
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) field.value = ""; // it must not come back with the page's history
  });
  return field;
}

// What kind of document the number is of, as `parse` wants it. The page may have a select #document, and a select
// #country that goes with "PASSPORT"; without them it is the resident's card.
export function documentType() {
  const kind = document.getElementById("document");
  const country = document.getElementById("country");
  return kind?.value === "PASSPORT" ? `PASSPORT:${country.value}` : kind?.value;
}

// Ask for the country of a passport, and of nothing else.
export function followDocument() {
  const kind = document.getElementById("document");
  const asked = document.getElementById("country-field");
  const follow = () => (asked.hidden = kind.value !== "PASSPORT");
  if (!kind || !asked) return;
  kind.addEventListener("change", follow);
  addEventListener("pageshow", follow);
  follow();
}

// Show what is to be put right, [{field, text}], above the form and beside its fields, and move there. An empty
// list takes it away.
export function showProblems(form, problems) {
  const summary = problemSummary(form);
  problems.sort(asOnThePage);
  for (const field of form.elements) mark(field, problems.find((problem) => problem.field === field));
  summary.querySelector("ul").replaceChildren(...problems.map(problemItem));
  summary.hidden = problems.length === 0;
  document.title = problems.length ? sentence(form, "problem-prefix") + title : title;
  if (problems.length) summary.focus();
}

// Run `action` for each submission instead of the browser's own, one at a time. The page may have an element
// #needs-script that says what to do without this script.
export function onSubmit(form, action) {
  let busy = false;
  form.noValidate = true;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    form.setAttribute("aria-busy", "true");
    try {
      await action();
    } finally {
      busy = false;
      form.removeAttribute("aria-busy");
    }
  });
  for (const button of form.querySelectorAll("[type=submit]")) {
    button.disabled = false;
    button.removeAttribute("aria-disabled");
  }
  document.getElementById("needs-script")?.remove();
}

async function request(url, options) {
  const own = { mode: "same-origin", credentials: "same-origin", redirect: "error", cache: "no-store" };
  const response = await fetch(sameOrigin(url), { ...own, ...options }).catch(() => {
    throw new Failed(0, { code: "network" });
  });
  const answer = await response.json().catch(() => null);
  if (!response.ok || answer === null) throw new Failed(response.status, answer ?? {});
  return answer;
}

function csrfToken() {
  return document.querySelector("meta[name=csrf-token]")?.content ?? "";
}

// Problems of a field in the order of the fields; what belongs to no field comes first.
function asOnThePage({ field: one }, { field: other }) {
  if (!one || !other) return Number(Boolean(one)) - Number(Boolean(other));
  if (one === other) return 0;
  return one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1;
}

// At the field stand the same words as in the summary. The page may have an element #<field>-error for them; else
// they come before the field, in its .govuk-form-group, if it has one.
function mark(field, problem) {
  if (!field.id && !problem) return;
  field.id ||= field.name;
  const group = field.closest(".govuk-form-group");
  const beside = document.getElementById(`${field.id}-error`) ?? (problem && group && placeFor(field, group));
  if (beside) beside.textContent = problem?.text ?? "";
  if (beside) beside.hidden = !problem;
  group?.classList.toggle("govuk-form-group--error", Boolean(problem));
  field.classList.toggle(`${field.classList[0]}--error`, Boolean(problem) && /^govuk-/.test(field.className));
  if (problem) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}

function placeFor(field, group) {
  const place = document.createElement("p");
  place.id = `${field.id}-error`;
  place.className = "govuk-error-message";
  (group.querySelector(".govuk-checkboxes, .govuk-radios") ?? field).before(place);
  const described = field.getAttribute("aria-describedby");
  field.setAttribute("aria-describedby", described ? `${described} ${place.id}` : place.id);
  return place;
}

function problemSummary(form) {
  const present = document.getElementById("problems");
  if (present) return present;
  const summary = document.createElement("div");
  summary.id = "problems";
  summary.className = "govuk-error-summary";
  summary.setAttribute("role", "alert");
  summary.tabIndex = -1;
  const heading = document.createElement("h2");
  heading.className = "govuk-error-summary__title";
  heading.textContent = sentence(form, "problem-title");
  const list = document.createElement("ul");
  list.className = "govuk-list govuk-error-summary__list";
  summary.append(heading, list);
  form.before(summary);
  return summary;
}

function problemItem({ field, text }) {
  const item = document.createElement("li");
  if (!field) {
    item.textContent = text;
    return item;
  }
  field.id ||= field.name;
  const link = document.createElement("a");
  link.href = `#${field.id}`;
  link.textContent = text;
  link.addEventListener("click", (event) => {
    event.preventDefault();
    field.focus();
  });
  item.append(link);
  return item;
}
