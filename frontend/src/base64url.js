// Base64url without padding (RFC 4648 section 5): the one text form of bytes in every interface.

export function encode(bytes) {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

// The bytes, if `text` is the one canonical encoding of them, of `size` bytes.
export function decode(text, size) {
  if (typeof text === "string" && /^[A-Za-z0-9_-]*$/.test(text) && text.length % 4 !== 1) {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    if (encode(bytes) === text && (size === undefined || bytes.length === size)) return bytes;
  }
  throw new TypeError("not canonical unpadded base64url of the expected size");
}
