// A CSV file whose letters Excel reads right, and in which no cell is a formula.
export function csv(rows) {
  const line = (cells) => cells.map((cell) => quoted(harmless(String(cell)))).join(",");
  return `\ufeff${rows.map(line).join("\r\n")}\r\n`;
}

function harmless(text) {
  const printable = text.replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
  return /^[=+\-@＝＋－＠']/.test(printable) ? `'${printable}` : printable;
}

function quoted(text) {
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
