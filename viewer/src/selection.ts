// The walks inside a lasso, as a list to read, to copy and to keep.
import { byId, counted, element, named, shown } from "./text";
import { KINDS, type Walks } from "./walks";

const LISTED = 300;

export class Selection {
  walks: number[] = [];

  constructor(
    private readonly map: Walks,
    private readonly changed: () => void,
    private readonly point: (i: number) => void,
    private readonly go: (i: number) => void,
  ) {
    byId("copy").addEventListener("click", () => void this.copy());
    byId("save").addEventListener("click", () => this.save());
    byId("clear").addEventListener("click", () => this.set([]));
  }

  set(walks: number[]): void {
    this.walks = walks;
    byId("selection").hidden = walks.length === 0;
    if (walks.length) this.list();
    this.changed();
  }

  private list(): void {
    const { map, walks } = this;
    const people = new Set(walks.map((i) => map.codes.identity[i])).size;
    const wrong = map.correct ? walks.filter((i) => map.correct?.[i] === 1).length : 0;
    byId("selected").textContent =
      `${counted(walks.length, "walk")} of ${counted(people, "identity", "identities")}` + (wrong ? `, ${wrong.toLocaleString("en")} wrong` : "");
    const rows = walks.slice(0, LISTED).map((i) => {
      const names = KINDS.filter((kind) => kind === "identity" || map.has(kind)).map((kind) => named(map.text(kind, i), "–"));
      const button = element("button", map.correct?.[i] === 1 ? "wrong" : "", ...names);
      button.type = "button";
      button.addEventListener("mouseenter", () => this.point(i));
      button.addEventListener("mouseleave", () => this.point(-1));
      button.addEventListener("click", () => this.go(i));
      return element("li", "", button);
    });
    if (walks.length > LISTED) rows.push(element("li", "more", `and ${(walks.length - LISTED).toLocaleString("en")} more, in the copy and the CSV`));
    byId("rows").replaceChildren(...rows);
    byId("rows").scrollTop = 0;
    byId("selection").scrollIntoView({ block: "nearest" });
  }

  /** One line a walk; names as they are, but for a sign at the front that would make them a formula in a spreadsheet. */
  csv(separator = ","): string {
    const { map } = this;
    const known = (value: number): string => (Number.isNaN(value) ? "" : String(value));
    const heads = ["row", ...KINDS, "correct", "purity", ...["x", "y", "z"].slice(0, map.dims)];
    const lines = this.walks.map((i) => [
      String(i),
      ...KINDS.map((kind) => map.text(kind, i)),
      map.correct ? ["", "0", "1"][map.correct[i]] : "",
      known(map.purity(i)),
      ...map.original(i).slice(0, map.dims).map((value) => value.toFixed(5)),
    ]);
    return [heads, ...lines].map((cells) => cells.map((text) => cell(text, separator)).join(separator)).join("\r\n") + "\r\n";
  }

  private async copy(): Promise<void> {
    const text = this.csv("\t");
    try {
      await navigator.clipboard.writeText(text);
      byId("copied").textContent = "Copied.";
    } catch {
      byId("copied").textContent = "This browser does not let a page copy: save the CSV.";
    }
  }

  private save(): void {
    const link = element("a");
    // A mark of the encoding, or spreadsheets take Chinese names for something else.
    link.href = URL.createObjectURL(new Blob(["\ufeff", this.csv()], { type: "text/csv" }));
    link.download = "walks.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }
}

function cell(text: string, separator: string): string {
  const number = text !== "" && Number.isFinite(Number(text));
  const tame = /^[=+\-@]/.test(text) && !number ? `'${text}` : text;
  const plain = separator === "\t" ? shown(tame) : tame;
  return /[",\r\n\t]/.test(plain) ? `"${plain.replace(/"/g, '""')}"` : plain;
}
