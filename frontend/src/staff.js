// Who stands in a staff file, and why a row does not say. The rules are those of registry/client/staff.py, and a test
// holds both to the same files. No number leaves this module but in `document`.

import { Refused, parse } from "./document.js";
import { FileRefused, tablesOf } from "./table.js";

export const MOST_ROWS = 20_000;
const SAMPLE = 200; // rows that are not empty, from which the layout is recognised
const TITLES = {
  any: "证件号 证件号码 證件號 證件號碼 documentnumber documentno",
  passport: "护照 护照号 护照号码 護照號碼 passport passportnumber passportno",
  card:
    "身份证 身份证号 身份证号码 身份证件号 身份证件号码 身份号码 员工身份证号 员工身份证号码 " +
    "公民身份号码 公民身份证号 公民身份证号码 居民身份证 居民身份证号 居民身份证号码 居民身份号码 " +
    "身份證 身份證號 身份證號碼 身分證 身分證號 身分證號碼 sfz sfzh sfzhm " +
    "idnumber idno idnum idcard idcardnumber idcardno identitynumber identityno identitycard " +
    "identitycardnumber identitycardno nationalid nationalidnumber nationalidno nationalidentitynumber " +
    "residentid residentidnumber residentidentitynumber residentidentitycardnumber citizenid",
};

// {rows, columns, column, code}. A row is {number, document} or {number, code}; that of somebody who stands in an
// earlier row has the number of that as `duplicateOf`. `number` counts from 1 and includes the header, as a spreadsheet
// shows it. `column` is the index that the reader of the page has chosen, or null; where none can be told it is null in
// the answer, `rows` is empty and `code` says why.
export async function read(bytes, type, column = null, today = undefined) {
  const layout = recognise(await tablesOf(bytes), type, column);
  const { table, header } = layout;
  if (table.length > MOST_ROWS + 1) throw new FileRefused("file-rows");
  const columns = titlesOf(table);
  if (layout.column === null) return { rows: [], columns, column: null, code: layout.code };
  const seen = new Map();
  const rows = [];
  table.forEach((cells, index) => {
    if (index + 1 !== header) rows.push(rowOf(cells, index + 1, layout.column, type, today, seen));
  });
  return { rows, columns, column: layout.column, code: null };
}

function rowOf(cells, number, column, type, today, seen) {
  if (isEmpty(cells)) return { number, code: "row-empty" };
  const text = (cells[column] ?? "").trim();
  if (text.includes("\n")) throw new FileRefused("file-quotes", number);
  try {
    const document = parse(text, today, type);
    const first = seen.get(document.number);
    if (first !== undefined) return { number, document, duplicateOf: first };
    seen.set(document.number, number);
    return { number, document };
  } catch (error) {
    if (error instanceof Refused && error.code !== "document-type") return { number, code: error.code };
    throw error;
  }
}

// The widest layout in which the column of numbers is found; else what is wrong with the likeliest one.
function recognise(tables, type, column) {
  const outcomes = tables.map((candidate) => {
    try {
      return layoutOf(candidate.rows, type, column);
    } catch (error) {
      return { column: null, error };
    }
  });
  const found = outcomes.filter((layout) => layout.column !== null);
  const best = found.toSorted((one, other) => other.width - one.width)[0] ?? outcomes[0];
  if (best.error) throw best.error;
  return best;
}

function layoutOf(table, type, chosen) {
  const sample = [];
  table.some((cells, index) => !isEmpty(cells) && sample.push({ number: index + 1, cells }) >= SAMPLE);
  if (!sample.length) throw new FileRefused("file-empty");
  const [first] = sample;
  const layout = { table, width: first.cells.length, header: 0, column: null, code: null };
  if (chosen !== null) return { ...layout, column: chosen, header: hasNoNumber(first.cells[chosen]) ? first.number : 0 };
  const titled = indexesOf(first.cells, (cell) => usualTitles(type).has(titleOf(cell)));
  const filled = titled.length ? titled : filledOf(sample, type);
  if (filled.length !== 1) return { ...layout, code: filled.length ? "column-ambiguous" : "column-missing" };
  return { ...layout, column: filled[0], header: titled.length ? first.number : 0 };
}

// Where at least one cell is a document of this type.
function filledOf(sample, type) {
  const found = new Set(sample.flatMap(({ cells }) => indexesOf(cells, (cell) => isDocument(cell, type))));
  return [...found].sort((one, other) => one - other);
}

function isDocument(cell, type) {
  try {
    return Boolean(parse(cell, "20991231", type));
  } catch {
    return false;
  }
}

function usualTitles(type) {
  const kind = type.startsWith("PASSPORT:") ? "passport" : "card";
  return new Set(`${TITLES.any} ${TITLES[kind]}`.split(" "));
}

// Letters and digits only, without what stands in brackets: "ID No. (18 digits)" becomes "idno".
function titleOf(cell) {
  const folded = cell.normalize("NFKC").replace(/\(.*?\)/g, "").toLowerCase();
  return folded.replace(/[^\p{L}\p{N}]/gu, "");
}

// What to call the columns where one is chosen. A first row that may be a person is not shown.
function titlesOf(table) {
  const first = table.find((cells) => !isEmpty(cells)) ?? [];
  return first.map((cell) => (hasNoNumber(cell) ? Array.from(cell.trim()).slice(0, 60).join("") : ""));
}

function hasNoNumber(cell) {
  return (cell ?? "").normalize("NFKC").replace(/\D/gu, "").length < 5;
}

function indexesOf(cells, holds) {
  return cells.map((cell, index) => (holds(cell) ? index : -1)).filter((index) => index >= 0);
}

function isEmpty(cells) {
  return !cells.some((cell) => cell.trim());
}
