// How far the map can be trusted, in numbers and in words.
import { byId, element } from "./text";
import type { Walks } from "./walks";

export function showQuality(walks: Walks): void {
  const { quality, notes, random } = walks.header;
  const near = (key: string): string => (quality[key] ? `${quality[key]} ` : "");
  const rows: [string, string, string][] = [
    ["purity_full", "Purity, in the model", `of each walk's ${near("purity_k")}nearest walks, the share of its own identity`],
    ["purity_map", "Purity, on this map", "the same, by distance on the map: what the map shows of it"],
    ["kept", "Neighbours kept", `of each walk's ${near("kept_k")}nearest walks, the share still nearest on the map`],
    ["trustworthiness", "Trustworthiness", "1 when all who lie close on the map are close in the model"],
    ["silhouette", "Silhouette", "1 when identities are far apart, 0 when they mix"],
  ];
  const list = element("dl", "numbers");
  for (const [key, name, what] of rows) {
    const value = quality[key];
    if (value === null || value === undefined) continue;
    const bar = element("i", "bar", element("i"));
    (bar.firstChild as HTMLElement).style.width = `${100 * Math.min(1, Math.max(0, value))}%`;
    list.append(element("dt", "", name), element("dd", "", element("b", "", value.toFixed(2)), bar, element("small", "", what)));
  }
  byId("numbers").replaceChildren(list.children.length ? list : element("p", "quiet", "This file holds no quality numbers."));
  const said = [...notes];
  if (quality.sample) said.unshift(`Measured on ${quality.sample.toLocaleString("en")} walks drawn at random of ${(quality.points ?? walks.count).toLocaleString("en")}.`);
  byId("notes").replaceChildren(...said.map((note) => element("p", "quiet", note)));
  byId("random").hidden = !random;
}
