// Search: every word must be found in a walk's identity, condition or view.
import { KINDS, type Walks } from "./walks";

/** One byte a walk, 1 for a match; null for an empty search. A word that is a whole name means that name alone. */
export function search(walks: Walks, query: string): Uint8Array | null {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return null;
  const found = new Uint8Array(walks.count).fill(1);
  for (const word of words) {
    const tables = KINDS.map((kind) => walks.header.tables[kind].texts.map((text) => text.toLowerCase()));
    // "001" is one person, not also 1001; an unfinished "nm" is every nm-01, nm-02.
    const whole = tables.some((texts) => texts.includes(word));
    const hits = tables.map((texts) => texts.map((text) => (whole ? text === word : text.includes(word))));
    for (let i = 0; i < walks.count; i++)
      if (found[i] && !KINDS.some((kind, k) => hits[k][walks.codes[kind][i]])) found[i] = 0;
  }
  return found;
}
