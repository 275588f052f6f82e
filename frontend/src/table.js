/*! fflate - MIT License (c) 2026 Arjun Barrett; read-excel-file - MIT License (c) 2018 gitlab.com/catamphetamine; saxen - MIT License (c) 2012 Vopilovskii Konstantin, (c) 2017-present Nico Rehwaldt */
// A staff file as rows of cells, as a spreadsheet would show them: bytes in, [{delimiter, rows}] out, one for each
// way to read it. The rules are those of registry/client/table.py; workbooks are read as well, their first sheet.
// Nothing is decoded with replacement characters, and no row is skipped.

import { unzipSync, zipSync } from "fflate";
import Papa from "papaparse";
import { readSheet } from "read-excel-file/universal";

import { Refused } from "./document.js";

export const MOST_BYTES = 20 * 1024 * 1024;
const UNPACKED = 200 * 1024 * 1024;
const DELIMITERS = [",", "\t", ";"];

// Why a file is refused: a code such as "file-quotes", and the row where it matters.
export class FileRefused extends Refused {
  constructor(code, row = null) {
    super(code);
    this.row = row;
  }
}

export async function tablesOf(bytes) {
  if (bytes.length > MOST_BYTES) throw new FileRefused("file-large");
  if (startsWith(bytes, [0x50, 0x4b, 0x03, 0x04])) return [await workbook(bytes)];
  if (startsWith(bytes, [0xd0, 0xcf, 0x11, 0xe0])) throw new FileRefused("file-format");
  const text = decoded(bytes).replace(/\r\n?/g, "\n");
  const first = text.split("\n").find((line) => line.trim()) ?? "";
  const count = (delimiter) => first.split(delimiter).length;
  return DELIMITERS.toSorted((one, other) => count(other) - count(one)).map((delimiter) => ({
    delimiter,
    get rows() {
      return separated(text, delimiter);
    },
  }));
}

// Numbers stay text: a JavaScript number has no eighteen digits. What Excel itself has rounded looks like
// 1.1010519491231E+17 here, and is refused as that.
async function workbook(bytes) {
  try {
    const rows = await readSheet(stored(bytes), 1, { parseNumber: (text) => text });
    return { delimiter: null, rows: rows.map((row) => row.map((cell) => String(cell ?? ""))) };
  } catch (error) {
    throw error instanceof FileRefused ? error : new FileRefused("file-format");
  }
}

// The same archive, unpacked: for large parts the library would start a worker from a blob, which our policy refuses.
function stored(bytes) {
  let total = 0;
  const filter = ({ originalSize }) => {
    total += originalSize;
    if (total > UNPACKED) throw new FileRefused("file-large");
    return true;
  };
  return zipSync(unzipSync(bytes, { filter }), { level: 0 }).buffer;
}

function decoded(bytes) {
  const candidates = startsWith(bytes, [0xef, 0xbb, 0xbf])
    ? ["utf-8"]
    : startsWith(bytes, [0xff, 0xfe])
      ? ["utf-16le"]
      : startsWith(bytes, [0xfe, 0xff])
        ? ["utf-16be"]
        : ["utf-8", "gb18030"]; // in this order: next to nothing written in GB18030 is UTF-8 by accident
  for (const encoding of candidates) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes);
    } catch {
      // the next one
    }
  }
  throw new FileRefused("file-encoding");
}

function separated(text, delimiter) {
  const { data, errors } = Papa.parse(text, { delimiter, newline: "\n", quoteChar: '"' });
  const stray = errors.find(({ type }) => type === "Quotes");
  if (stray) throw new FileRefused("file-quotes", (stray.row ?? 0) + 1);
  if (data.length && data.at(-1).length === 1 && data.at(-1)[0] === "") data.pop(); // after the last line's end
  let widest = 0;
  data.forEach((cells, index) => {
    if (mayHaveSwallowed(cells, delimiter, widest)) throw new FileRefused("file-quotes", index + 1);
    widest = Math.max(widest, cells.length);
  });
  return data;
}

// Of a row that spans lines: whether it looks like two rows joined by a stray quotation mark.
function mayHaveSwallowed(cells, delimiter, widest) {
  const spanning = cells.filter((cell) => cell.includes("\n"));
  if (!spanning.length) return false;
  return (widest > 0 && widest < cells.length) || spanning.some((cell) => cell.includes(delimiter));
}

function startsWith(bytes, start) {
  return start.every((byte, index) => bytes[index] === byte);
}
