// What is said of one walk: its picture, who, how, from where, whether it was known, and who is nearest.
import { byId, element, named } from "./text";
import type { Thumbnails } from "./thumbnails";
import type { Walks } from "./walks";

const GAP = 18;
const CLOSE = 180; // pixels

export class Card {
  private readonly box = byId("card");
  private shown = -1;

  constructor(
    private readonly walks: Walks,
    private readonly thumbnails: Thumbnails,
    private readonly go: (i: number) => void,
  ) {}

  /**
   * Show a walk beside places on the stage: its own first, then its neighbours', which are left in sight where they are
   * close. `pinned`: it stays, and its neighbours can be clicked.
   */
  show(i: number, places: [number, number][], pinned: boolean): void {
    if (i < 0) {
      this.box.hidden = true;
      this.shown = -1;
      return;
    }
    this.box.classList.toggle("pinned", pinned);
    if (this.shown !== i) this.fill(i);
    this.shown = i;
    this.box.hidden = false;
    const stage = this.box.parentElement as HTMLElement;
    const [wide, high] = [this.box.offsetWidth, this.box.offsetHeight];
    const [x, y] = places[0];
    const beside = places.map(([at]) => at).filter((at) => Math.abs(at - x) < CLOSE);
    const [least, most] = [Math.min(...beside), Math.max(...beside)];
    const right = most + GAP + wide < stage.clientWidth || x < stage.clientWidth / 2;
    const left = right ? most + GAP : least - GAP - wide;
    this.box.style.left = `${Math.max(8, Math.min(left, stage.clientWidth - wide - 8))}px`;
    this.box.style.top = `${Math.max(8, Math.min(y - high / 3, stage.clientHeight - high - 8))}px`;
  }

  private fill(i: number): void {
    const { walks, thumbnails } = this;
    const facts = element("dl", "facts");
    const fact = (name: string, value: Node | string, className = ""): void => {
      facts.append(element("dt", "", name), element("dd", className, value));
    };
    if (walks.has("condition")) fact("condition", named(walks.text("condition", i), "–"));
    if (walks.has("view")) {
      const view = named(walks.text("view", i), "–");
      if (walks.viewsAreAngles && walks.text("view", i)) view.append("°");
      fact("view", view);
    }
    if (walks.correct) {
      const code = walks.correct[i];
      fact("match", ["no probe", "✗ wrong", "✓ right"][code], ["", "wrong", "right"][code]);
    }
    if (walks.hasPurity) {
      const purity = walks.purity(i);
      fact("purity", Number.isNaN(purity) ? "– (no other walk)" : purity.toFixed(2));
    }
    if (walks.placed?.[i]) fact("placed", "a new walk");
    const head = element("div", "head");
    if (thumbnails.has(i)) head.append(thumbnails.canvas(i, "picture"));
    head.append(element("div", "", element("h2", "", named(walks.text("identity", i))), facts));
    this.box.replaceChildren(head);
    const near = walks.neighbours(i);
    if (near.length) {
      const list = element("ol", "near", ...near.map((other) => this.neighbour(i, other)));
      this.box.append(element("h3", "", walks.nearIn ? `Nearest walks, ${walks.nearIn}` : "Nearest walks"), list);
    }
  }

  private neighbour(i: number, other: number): HTMLElement {
    const { walks, thumbnails } = this;
    const same = walks.codes.identity[i] === walks.codes.identity[other];
    const button = element("button", same ? "right" : "wrong");
    button.type = "button";
    button.addEventListener("click", () => this.go(other));
    if (thumbnails.has(other)) button.append(thumbnails.canvas(other, ""));
    const how = (["condition", "view"] as const).filter((kind) => walks.text(kind, other) !== "");
    const words = element("span", "", named(walks.text("identity", other)));
    for (const kind of how) {
      const name = named(walks.text(kind, other));
      if (kind === "view" && walks.viewsAreAngles) name.append("°");
      words.append(element("small", "", name));
    }
    button.append(words);
    button.title = `${same ? "the same identity" : "another identity"}: click to go there`;
    return element("li", "", button);
  }
}
