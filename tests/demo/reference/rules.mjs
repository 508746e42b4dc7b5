// What a name, a room, a message and a picture may be: the limits of ../README.md.

const MAX_PICTURE_BYTES = 700_000;
const MIMES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);

const FORBIDDEN = "\\p{Cc}\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060-\\u2069\\ufeff";
const LINE = new RegExp(`[${FORBIDDEN}]`, "gu");
const BLOCK = new RegExp(`(?![\\n\\t\\r])[${FORBIDDEN}]`, "u");

const size = (text) => [...text].length;
const clean = (text) => (typeof text === "string" ? text.trim().replace(/\s+/gu, " ") : "");
export const isKey = (key) => typeof key === "string" && /^[\w-]{16,64}$/.test(key);
const isNonce = (nonce) => typeof nonce === "string" && nonce !== "" && size(nonce) <= 36;
const isSide = (side) => Number.isInteger(side) && side >= 1 && side <= 16_384;
export const statusOf = (status) => (status === "away" ? "away" : "here");

/** A name as it is kept, or null. */
export function nameOf(name) {
  const cleaned = clean(name);
  return size(cleaned) >= 1 && size(cleaned) <= 24 && cleaned.search(LINE) < 0 ? cleaned : null;
}

/** A room's name as it is kept, or null. */
export function roomNameOf(room) {
  const slug = clean(room).toLowerCase().replaceAll(" ", "-");
  return size(slug) <= 32 && /^[\p{Alphabetic}\p{N}][\p{Alphabetic}\p{N}_-]*$/u.test(slug) ? slug : null;
}

/** Takes `say`'s first argument apart: `{nonce, text, picture}` as kept, or `{error}`. */
export function parse(said) {
  if (typeof said?.text !== "string" || !isNonce(said.nonce)) return { error: "text-invalid" };
  const text = said.text.trim();
  if (size(text) > 2000 || BLOCK.test(text)) return { error: "text-invalid" };
  if (said.picture === undefined || said.picture === null) {
    return text ? { nonce: said.nonce, text, picture: null } : { error: "text-invalid" };
  }
  const { name, mime, width, height, data } = said.picture;
  const described = typeof name === "string" && MIMES.has(mime) && isSide(width) && isSide(height);
  if (!described || !Buffer.isBuffer(data) || data.length === 0) return { error: "picture-invalid" };
  if (data.length > MAX_PICTURE_BYTES) return { error: "picture-too-large" };
  const shown = [...clean(name).replace(LINE, "")].slice(0, 100).join("") || "picture";
  return { nonce: said.nonce, text, picture: { name: shown, mime, width, height, data } };
}
