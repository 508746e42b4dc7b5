// Values that must pass through a server unchanged.

export const bytes = (...values) => Buffer.from(values);

/** `size` bytes that differ from their neighbours, so that a lost or doubled block shows. */
export function pattern(size) {
  const data = Buffer.alloc(size);
  for (let index = 0; index < size; index++) data[index] = (index * 31 + (index >> 8) * 7) & 0xff;
  return data;
}

export const UNICODE = [
  "ascii",
  "äöü ß é",
  "Здравствуй, мир",
  "日本語テキスト",
  "עברית ‮rtl",
  "👩‍👩‍👧‍👦 🏳️‍🌈 𝒳",
  "\u0000\u0001\u001e\u001f\u007f",
  "\u2028\u2029\ufeff\ufffd",
  "quotes \" ' \\ / \b\f\n\r\t",
  "e\u0301 vs \u00e9",
  "",
];

export const VALUES = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e21,
  5e-324,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  "",
  "text",
  [],
  {},
  [[[]]],
  [1, "two", [3, { four: null }]],
  { a: { b: { c: [{ d: "e" }] } } },
  { "": "empty key", "a b": 1, "é": 2, "__proto__x": 3, length: 4 },
  { _placeholder: false, num: 0 },
];
