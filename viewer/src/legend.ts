// The legend: what the colours mean; a click hides or shows a class, Alt-click or a double click leaves it alone.
import type { Colouring } from "./colouring";
import { byId, element, named } from "./text";

export class Legend {
  hidden = new Uint8Array(0);
  private buttons: HTMLButtonElement[] = [];

  constructor(private readonly changed: () => void) {
    byId("all").addEventListener("click", () => this.set(() => false));
  }

  show(colouring: Colouring): void {
    const { classes, note } = colouring;
    this.hidden = new Uint8Array(classes.length);
    this.buttons = classes.map((cls, place) => {
      const dot = element("i", "dot");
      dot.style.background = cls.colour;
      const name = cls.foreign ? named(cls.name) : element("span", "own", cls.name);
      if (cls.detail === "°") name.append("°");
      const button = element("button", "", dot, name);
      if (cls.detail && cls.detail !== "°") button.append(element("b", "", cls.detail));
      button.append(element("small", "", cls.count.toLocaleString("en")));
      button.type = "button";
      button.addEventListener("click", (event) => (event.altKey ? this.isolate(place) : this.toggle(place)));
      button.addEventListener("dblclick", (event) => !event.altKey && this.isolate(place));
      return button;
    });
    byId("classes").replaceChildren(...this.buttons.map((button, at) => Object.assign(element("li", "", button), { hidden: !classes[at].count })));
    byId("classes").classList.toggle("columns", classes.length > 24);
    byId("legend-note").textContent = note ?? "";
    this.mark();
  }

  private toggle(place: number): void {
    this.set((at) => (at === place ? !this.hidden[at] : Boolean(this.hidden[at])));
  }

  private isolate(place: number): void {
    const alone = this.hidden.every((is, at) => Boolean(is) === (at !== place));
    this.set((at) => !alone && at !== place);
  }

  private set(hide: (place: number) => boolean): void {
    this.hidden = this.hidden.map((_, at) => Number(hide(at)));
    this.mark();
    this.changed();
  }

  private mark(): void {
    this.buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(!this.hidden[at])));
    byId("all").hidden = !this.hidden.some(Boolean);
  }
}
