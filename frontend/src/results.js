// What became of each row: shown a hundred at a time, and saved as CSV. Only row numbers, states in words, the ids of
// checks and reasons: whatever stands in the file's cells stays out.

import { csv } from "./csv.js";
import { sentence } from "./page.js";

const AT_ONCE = 100;

export class Results {
  // `place` holds select#show, tbody, #range and two buttons; the words are the form's.
  constructor(form, place) {
    Object.assign(this, { form, place, rows: [], from: 0 });
    this.show = place.querySelector("select");
    this.body = place.querySelector("tbody");
    this.show.addEventListener("change", () => this.turn(-this.from));
    place.querySelector("#newer").addEventListener("click", () => this.turn(-AT_ONCE));
    place.querySelector("#older").addEventListener("click", () => this.turn(AT_ONCE));
  }

  // `rows` are {number, state, check, reason}, in order.
  fill(rows) {
    this.rows = rows;
    this.turn(-this.from);
  }

  turn(by) {
    const wanted = this.rows.filter(({ state }) => isShown(this.show.value, state));
    this.from = Math.max(0, this.from + by);
    const page = wanted.slice(this.from, this.from + AT_ONCE);
    this.body.replaceChildren(...page.map((row) => this.line(row)));
    const range = { from: page.length ? this.from + 1 : 0, to: this.from + page.length, of: wanted.length };
    this.place.querySelector("#range").textContent = sentence(this.form, "range", range);
    this.place.querySelector("#newer").hidden = this.from === 0;
    this.place.querySelector("#older").hidden = range.to >= wanted.length;
  }

  line({ number, state, check, reason }) {
    const line = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = String(number);
    const said = document.createElement("td");
    said.textContent = sentence(this.form, `state-${state}`);
    const more = document.createElement("td");
    more.textContent = reason;
    if (state === "hit") more.append(this.details(check, number));
    line.append(head, said, more);
    return line;
  }

  details(check, number) {
    const link = document.createElement("a");
    link.href = `${this.form.dataset.detailsUrl}/${encodeURIComponent(check)}`;
    link.textContent = sentence(this.form, "read-entry", { row: number });
    return link;
  }

  // As `zilu check --file` writes it; `show` is a value of the select.
  csv(show) {
    const wanted = this.rows.filter(({ state }) => isShown(show, state));
    const lines = wanted.map((row) => [row.number, row.state, row.check, row.reason]);
    return csv([["row", "status", "check_id", "reason"], ...lines]);
  }
}

function isShown(show, state) {
  return show === "all" || show === state || (show === "rejected" && state === "duplicate");
}
