// Whether one is still signed in, asked before anything is sent that somebody has typed for long: what a page of an
// ended session sends is lost, what stays in the page is not. Signing in anew changes the token of all pages, so the
// page takes the present one.

const TOKEN = /name="csrf_token"[^>]* value="([^"]+)"/;

// `url` is a page with a form, for whoever is signed in.
export async function isAlive(url) {
  const answer = await fetch(url, { mode: "same-origin", credentials: "same-origin", cache: "no-store" });
  const token = answer.redirected ? null : TOKEN.exec(await answer.text())?.[1];
  if (!token) return false;
  for (const field of document.querySelectorAll("input[name=csrf_token]")) field.value = token;
  document.querySelector("meta[name=csrf-token]")?.setAttribute("content", token);
  return true;
}
