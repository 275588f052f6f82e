// An identity document in the one spelling from which its tag is made. The rules are those of
// registry/identity/document.py, and a test holds both to the same table. Numbers are strings everywhere:
// 18 digits do not fit a JavaScript number.

export const RESIDENT = "CN-RIC";

const LONGEST_TEXT = 200;
const EARLIEST_BIRTH = "18000101";
const IGNORED = /[\p{Cf}\p{Pd}\p{Zl}\p{Zp}\p{Zs}\t\n\v\f\r\x1c-\x1f\x85\u2212]/gu;
const FROM_SPREADSHEET = /^(?:[0-9]+(?:\.[0-9]*)?E\+?[0-9]+|[0-9]+\.[0-9]*)$/;
const PROVINCE = /^(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71)/;
const COUNTRY_OF_PASSPORT = /^PASSPORT:[A-Z]{3}$/; // that there is such a country is for the page to see to
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK_DIGITS = "10X98765432";

// Why a number is refused. `code` is a slug such as "number-length"; nothing here repeats the number.
export class Refused extends Error {
  constructor(code) {
    super(code);
    this.name = "Refused";
    this.code = code;
  }
}

// {type, number}. `today` is YYYYMMDD and bounds the date of birth; by default it is the day on this machine.
export function parse(text, today = localDay(new Date()), type = RESIDENT) {
  const normalise = COUNTRY_OF_PASSPORT.test(type) ? passport : NORMALISERS.get(type);
  must(normalise, "document-type");
  return { type, number: normalise(fold(text), today) };
}

// The eighteenth character after seventeen digits: ISO 7064 MOD 11-2.
export function checkDigit(number) {
  const sum = WEIGHTS.reduce((total, weight, index) => total + weight * Number(number[index]), 0);
  return CHECK_DIGITS[sum % 11];
}

// UTF-8 of `TYPE:NUMBER`.
export function oprfInput({ type, number }) {
  return new TextEncoder().encode(`${type}:${number}`);
}

function fold(text) {
  must(Array.from(text).length <= LONGEST_TEXT, "number-length");
  const kept = text.normalize("NFKC").replace(IGNORED, "");
  must(kept !== "", "number-empty");
  must(/^[\x00-\x7f]*$/.test(kept), "number-characters");
  return kept.toUpperCase();
}

function resident(text, today) {
  if (!/^[0-9]{15}$/.test(text)) return eighteen(text, today, PROVINCE);
  const number = `${text.slice(0, 6)}19${text.slice(6)}`; // issued until 1999: no century, no check digit
  return eighteen(number + checkDigit(number), today, PROVINCE);
}

function hongKongMacaoTaiwan(text, today) {
  return eighteen(text, today, /^8[1-3]/);
}

function foreignResident(text, today) {
  if (/^[A-Z]{3}[0-9]{12}$/.test(text)) return text; // issued until 2023
  return eighteen(text, today, /^9/);
}

function passport(text) {
  if (/^[A-Z0-9]{5,20}$/.test(text)) return text;
  must(!FROM_SPREADSHEET.test(text), "number-spreadsheet");
  throw new Refused(/^[A-Z0-9]*$/.test(text) ? "number-length" : "number-characters");
}

const NORMALISERS = new Map([
  [RESIDENT, resident],
  ["CN-HMT", hongKongMacaoTaiwan],
  ["CN-FPR", foreignResident],
]);

// Six digits of region, eight of birth, three of sequence, one check character (GB 11643-1999).
function eighteen(number, today, region) {
  requireShape(number);
  must(region.test(number), "number-region");
  must(isBirth(number.slice(6, 14), today), "number-date");
  if (checkDigit(number) !== number[17]) {
    // a spreadsheet keeps fifteen digits of a number
    throw new Refused(number.endsWith("000") ? "number-spreadsheet" : "number-check-digit");
  }
  return number;
}

function requireShape(number) {
  if (/^[0-9]{17}[0-9X]$/.test(number)) return;
  must(!FROM_SPREADSHEET.test(number), "number-spreadsheet");
  must(!/^[0-9]*X?$/.test(number), "number-length");
  throw new Refused("number-characters");
}

function isBirth(digits, today) {
  const [year, month, day] = [digits.slice(0, 4), digits.slice(4, 6), digits.slice(6)].map(Number);
  const date = new Date(Date.UTC(year, month - 1, day));
  const exists = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return exists && EARLIEST_BIRTH <= digits && digits <= today;
}

function localDay(date) {
  const two = (value) => String(value).padStart(2, "0");
  return `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`;
}

function must(condition, code) {
  if (!condition) throw new Refused(code);
}
