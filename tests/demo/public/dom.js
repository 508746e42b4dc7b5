// Small helpers for the document. Nothing here takes markup: user data can only become text or attributes.

export const byId = (id) => document.getElementById(id);

/** Makes an element. `properties` are DOM properties; `data` and `aria` become `data-…` and `aria-…` attributes. */
export function element(tag, { data, aria, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of Object.entries(data ?? {})) made.dataset[name] = value;
  for (const [name, value] of Object.entries(aria ?? {})) made.setAttribute(`aria-${name}`, value);
  made.append(...children);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

/** One of the icons of the sprite in index.html. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  svg.setAttribute("class", "i");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** A round badge with a name's initials, in a colour that belongs to the name. */
export function avatar(name) {
  const words = name.split(/[\s_-]+/u).filter(Boolean);
  const letters = (words.length > 1 ? [words[0], words.at(-1)] : words).map((word) => [...word][0]);
  const made = element("span", { className: "avatar", aria: { hidden: "true" } }, letters.join("").toUpperCase());
  made.style.setProperty("--hue", hueOf(name));
  return made;
}

/** A hue from 0 to 359 that is always the same for the same name. */
export function hueOf(name) {
  let hash = 0x811c9dc5; // FNV-1a
  for (const letter of name.toLowerCase()) hash = Math.imul(hash ^ letter.codePointAt(0), 0x01000193);
  return (hash >>> 8) % 360;
}

/** Makes the children of `list` show `items` and reuses elements of the same key, so that focus survives. */
export function reconcile(list, items, keyOf, make, update) {
  const old = new Map([...list.children].map((child) => [child.dataset.key, child]));
  const wanted = items.map((item) => {
    const child = old.get(keyOf(item)) ?? make(item);
    child.dataset.key = keyOf(item);
    update(child, item);
    return child;
  });
  for (const child of [...list.children]) if (!wanted.includes(child)) child.remove();
  wanted.forEach((child, at) => {
    if (list.children[at] !== child) list.insertBefore(child, list.children[at] ?? null);
  });
}

let toastTimer = 0;

/** Shows a short sentence at the bottom of the window for a few seconds; it is read out as well. */
export function toast(sentence) {
  clearTimeout(toastTimer);
  byId("toast").textContent = sentence;
  toastTimer = setTimeout(() => (byId("toast").textContent = ""), 6000);
}
