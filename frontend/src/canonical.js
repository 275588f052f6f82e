// RFC 8785 (JCS): the one byte form of a statement, the same as registry/signing/canonical.py makes. Numbers are whole
// and below 2^53, text has no lone surrogates; for those JSON.stringify writes exactly what the RFC asks for.

export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const names = Object.keys(value).sort(); // by UTF-16 code units, as the RFC orders them
    return `{${names.map((name) => `${canonical(name)}:${canonical(value[name])}`).join(",")}}`;
  }
  if (!isPlain(value)) throw new TypeError("not a value that a statement may hold");
  return JSON.stringify(value);
}

function isPlain(value) {
  if (typeof value === "number") return Number.isSafeInteger(value);
  if (typeof value === "string") return value.isWellFormed();
  return value === null || typeof value === "boolean";
}
