// Files that the page makes itself: results and receipts. Nothing of them was ever sent.

import { get } from "./page.js";

export function download(name, text, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// Save a receipt, with its proof where the log has one by now. `url` is where proofs are, followed by /<batch>.
export async function saveReceipt(url, { batch, file }) {
  const proven = await get(`${url}/${batch}`).catch(() => ({}));
  const whole = { ...file, entry: proven.entry ?? null, proof: proven.proof ?? null };
  download(`${batch}.json`, JSON.stringify(whole), "application/json");
}
