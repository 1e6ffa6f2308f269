// Texts that come from folders, made safe to look at. They reach the page as text nodes only, never as HTML.

const LONGEST = 60;
// Control, format (bidirectional overrides among them), private, surrogate and separator characters.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A name with what cannot be seen written out, so that no two names look the same by it. */
export function shown(text: string): string {
  return text.replace(UNSEEN, (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`);
}

/** The same, cut to what fits a line. */
export function brief(text: string, longest = LONGEST): string {
  const chars = Array.from(shown(text.length > 4 * longest ? text.slice(0, 4 * longest) : text));
  return chars.length > longest ? `${chars.slice(0, longest - 1).join("")}…` : chars.join("");
}

export const counted = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** A name as an element of its own direction. */
export function named(text: string, empty = "(no name)"): HTMLElement {
  const made = element("bdi", "", text === "" ? empty : brief(text));
  made.title = shown(text).slice(0, 2000);
  return made;
}

export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element ${id}`);
  return found;
}
