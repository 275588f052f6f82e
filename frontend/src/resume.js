// How far a file of checks has come, so that a page that was closed goes on without asking about anybody twice.
//
//     {"account", "at", "batches": [{"key", "rows": [2, 3, 5], "at", "batch", "checks": ["id", …], "hits": [0]}],
//      "source": {"modified", "rows", "size"}, "terms": {"column", "purpose", "reference", "type"}}
//
// A batch stands here with its Idempotency-Key before it is sent; without "batch" it was perhaps sent, and is sent again
// under its key, which the registry answers as it did. Nothing leads back to a number, as in registry/client/
// progress_file.py: no number, no tag, no digest of either, and the file is known by size, time of change and rows.

const PLACE = "zilu-file-check";
export const KEY_LIFE = 23 * 60 * 60 * 1000; // milliseconds for which the registry knows a key for certain

// What this account has begun in this browser, or null.
export function begun(account) {
  try {
    const kept = JSON.parse(localStorage.getItem(PLACE));
    return kept?.account === account && Array.isArray(kept.batches) ? kept : null;
  } catch {
    return null;
  }
}

// Begin with nobody asked. What was there before is forgotten.
export function begin(account, source, terms) {
  return keep({ account, at: Date.now(), source, terms, batches: [] });
}

export function keep(progress) {
  localStorage.setItem(PLACE, JSON.stringify(progress));
  return progress;
}

export function forget() {
  localStorage.removeItem(PLACE);
}

export function sourceOf(file, rows) {
  return { size: file.size, modified: file.lastModified, rows };
}

export function isSame(one, other) {
  return Object.keys({ ...one, ...other }).every((name) => one?.[name] === other?.[name]);
}

// Whether a batch may be asked about again under its key without being a second check.
export function isFresh(batch) {
  return Date.now() - batch.at < KEY_LIFE;
}
