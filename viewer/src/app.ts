// The page's parts, put together, and what is looked at just now.
import { Card } from "./card";
import { available, BY, type By, type Colouring, colouring } from "./colouring";
import { type Eye, FlatEye, OrbitEye } from "./eye";
import { Legend } from "./legend";
import { Overlay } from "./overlay";
import { FOUND, rgb } from "./palette";
import { listen } from "./pointer";
import { MarksScene } from "./scene";
import { Screen } from "./screen";
import { search } from "./search";
import { Selection } from "./selection";
import { byId, counted, element } from "./text";
import { Thumbnails } from "./thumbnails";
import type { Walks } from "./walks";

const REACH = 12; // pixels from the mouse within which a walk is meant
const NEAR = 6; // how near a walk is looked at that was searched or clicked in a list
const MOST_RINGS = 2000;
const MANY = 20_000; // walks
const LATE = 50; // milliseconds
const REST = 180; // milliseconds
export const THINNED = 0.25;

export class App {
  readonly scene: MarksScene;
  readonly screen: Screen;
  readonly legend: Legend;
  readonly selection: Selection;
  readonly overlay: Overlay;
  colours!: Colouring;
  hovered = -1;
  pinned = -1;
  matches: Uint8Array | null = null;
  private matched: number[] = [];
  private path: [number, number][] = [];
  private readonly eye: Eye;
  private readonly card: Card;
  private readonly stage = byId("stage");
  private readonly dark = matchMedia("(prefers-color-scheme: dark)");
  private readonly shuffled: Uint32Array;
  private waiting = false;
  private lassoing = false;
  private lateness = 0; // milliseconds from asking for a frame to being let draw it, of late
  private resting = 0; // the timer that runs while a hand moves the map
  private thin = false;

  constructor(readonly walks: Walks) {
    this.eye = walks.dims > 2 ? new OrbitEye(walks.half) : new FlatEye(walks.half);
    this.scene = new MarksScene(byId("marks") as HTMLCanvasElement, walks);
    this.screen = new Screen(walks, this.scene.marks, this.eye);
    this.overlay = new Overlay(byId("above") as HTMLCanvasElement, this.screen, walks);
    this.card = new Card(walks, new Thumbnails(walks), (i) => this.go(i));
    this.legend = new Legend(() => this.mark());
    this.selection = new Selection(walks, () => this.mark(), (i) => this.hover(i), (i) => this.go(i));
    this.shuffled = shuffle(walks.count);
    listen(this.stage, {
      eye: () => this.eye,
      lassoing: () => this.lassoing,
      moved: () => this.move(),
      hover: (x, y) => this.pinned < 0 && this.hover(this.screen.pick(x, y, REACH)),
      leave: () => this.hover(-1),
      click: (x, y) => this.pin(this.screen.pick(x, y, REACH)),
      lasso: (path, done) => this.lasso(path, done),
    });
    this.controls();
    new ResizeObserver(() => this.resize()).observe(this.stage);
    this.dark.addEventListener("change", () => this.colourBy(this.colours.by));
    this.resize();
    this.eye.fit();
    this.colourBy(available(walks)[0]);
  }

  /** Something moved: draw again, once a frame. */
  moved(): void {
    this.screen.moved();
    this.redraw();
  }

  private move(): void {
    clearTimeout(this.resting);
    this.resting = window.setTimeout(() => {
      this.resting = 0;
      if (this.thin) this.redraw();
    }, REST);
    this.moved();
  }

  colourBy(by: By): void {
    (byId("by") as HTMLSelectElement).value = by;
    this.colours = colouring(this.walks, by, this.dark.matches);
    this.legend.show(this.colours);
    this.mark();
  }

  find(query: string): void {
    this.matches = search(this.walks, query);
    this.matched = [];
    this.matches?.forEach((is, i) => is && this.matched.push(i));
    const people = new Set(this.matched.map((i) => this.walks.codes.identity[i])).size;
    byId("found").textContent = !this.matches ? "" : this.matched.length
      ? `${counted(this.matched.length, "walk")} of ${counted(people, "identity", "identities")}; Enter shows the next`
      : "No walk has that in its identity, condition or view.";
    this.mark();
    if (this.matched.length) this.centre(this.matched[0]);
    else this.pin(-1);
  }

  /** Look at a walk from near, and say all of it. */
  go(i: number): void {
    this.centre(i, NEAR);
    this.pin(i);
  }

  private centre(i: number, nearness?: number): void {
    const { positions } = this.walks;
    this.eye.lookAt(positions[3 * i], positions[3 * i + 1], positions[3 * i + 2], nearness);
    this.moved();
  }

  private next(): void {
    if (!this.matched.length) return;
    this.go(this.matched[(this.matched.indexOf(this.pinned) + 1) % this.matched.length]);
  }

  private hover(i: number): void {
    if (i === this.hovered) return;
    this.hovered = i;
    this.stage.classList.toggle("pointing", i >= 0);
    this.redraw();
  }

  private pin(i: number): void {
    this.pinned = i;
    this.hovered = i;
    this.redraw();
  }

  private lasso(path: [number, number][], done: boolean): void {
    this.path = done ? [] : path;
    if (done) {
      this.setLasso(false);
      if (path.length > 2) this.selection.set(this.screen.inside(path));
    }
    this.redraw();
  }

  private setLasso(on: boolean): void {
    this.lassoing = on;
    byId("lasso").setAttribute("aria-pressed", String(on));
    this.stage.classList.toggle("lassoing", on);
  }

  /** Decide which walks are drawn, how, and which above which. */
  mark(): void {
    const { tint, grow, ring, order } = this.scene.marks;
    const { classes, of } = this.colours;
    const { hidden } = this.legend;
    const style = getComputedStyle(document.documentElement);
    this.scene.dress(rgb(style.getPropertyValue("--paper").trim()), rgb(style.getPropertyValue("--ink").trim()));
    const colours = classes.map(({ colour }) => rgb(colour));
    const chosen = this.selection.walks.length ? new Set(this.selection.walks) : null;
    const faint = classes.map((cls) => Boolean(cls.faint));
    const found = rgb(FOUND);
    const front = classes.map((cls) => Boolean(cls.front));
    const crowded = this.walks.count > MANY;
    const large = crowded ? 36 : 22; // small marks must grow more to be seen among others
    const layers = new Uint8Array(this.walks.count);
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < this.walks.count; i++) {
      const cls = of[i];
      const lit = this.matches ? this.matches[i] === 1 : chosen ? chosen.has(i) : !faint[cls];
      const picked = lit && (this.matches !== null || chosen !== null);
      const dim = !lit && (this.matches !== null || chosen !== null);
      // New walks are what one looks for, whatever the colours are of.
      const placed = this.walks.placed?.[i] === 1 && !dim;
      ring[i] = Number(placed);
      const [red, green, blue] = picked && faint[cls] ? found : colours[cls];
      tint[4 * i] = red;
      tint[4 * i + 1] = green;
      tint[4 * i + 2] = blue;
      tint[4 * i + 3] = dim ? 38 : placed ? 255 : faint[cls] ? 150 : crowded ? 200 : 225;
      grow[i] = picked || placed ? large : faint[cls] || dim ? 14 : front[cls] || (faint.includes(true) && !front.includes(true)) ? large : 16;
      const layer = hidden[cls] ? 3 : picked || placed || (lit && front[cls]) ? 2 : lit ? 1 : 0;
      layers[i] = layer;
      counts[layer]++;
    }
    // In shuffled order within a layer: the last identity of the file must not lie on all others.
    const next = [0, counts[0], counts[0] + counts[1]];
    for (const i of this.shuffled) if (layers[i] < 3) order[next[layers[i]]++] = i;
    this.scene.marks.drawn = this.walks.count - counts[3];
    this.scene.marks.layers = [counts[0], counts[1], counts[2]];
    this.scene.update();
    if (this.pinned >= 0 && layers[this.pinned] === 3) this.pin(-1);
    this.moved();
  }

  draw(share = 1): void {
    const style = getComputedStyle(document.documentElement);
    const shown = this.hovered;
    this.scene.draw(this.eye, share);
    this.overlay.draw({
      spots: this.matches || this.selection.walks.length ? [] : this.colours.spots,
      hidden: this.legend.hidden,
      colours: this.colours.classes.map(({ colour }) => colour),
      shown,
      ringed: this.matches && this.matched.length <= MOST_RINGS ? this.matched : [],
      lasso: this.path,
      paper: style.getPropertyValue("--paper").trim(),
      ink: style.getPropertyValue("--ink").trim(),
      size: this.scene.size(this.eye),
    });
    const places = shown >= 0 ? [shown, ...this.walks.neighbours(shown)].map((i) => this.screen.of(i)) : [];
    this.card.show(shown, places, shown === this.pinned);
  }

  private redraw(): void {
    if (this.waiting) return;
    this.waiting = true;
    const asked = performance.now();
    requestAnimationFrame(() => {
      this.waiting = false;
      // A browser that draws in software is late: then fewer marks while the hand moves, and all when it rests.
      this.lateness = 0.7 * this.lateness + 0.3 * Math.min(300, performance.now() - asked);
      this.thin = this.resting !== 0 && this.walks.count > MANY && (this.thin || this.lateness > LATE);
      this.draw(this.thin ? THINNED : 1);
    });
  }

  private resize(): void {
    const [width, height] = [Math.max(1, this.stage.clientWidth), Math.max(1, this.stage.clientHeight)];
    Object.assign(this.screen, { width, height });
    this.eye.resize(width, height);
    this.scene.resize(width, height);
    this.overlay.resize(width, height);
    if (this.colours) this.moved();
  }

  private controls(): void {
    const by = byId("by") as HTMLSelectElement;
    by.replaceChildren(...available(this.walks).map((kind) => Object.assign(element("option", "", BY[kind]), { value: kind })));
    by.addEventListener("change", () => this.colourBy(by.value as By));
    const field = byId("search") as HTMLInputElement;
    field.addEventListener("input", () => this.find(field.value));
    field.addEventListener("keydown", (event) => event.key === "Enter" && this.next());
    byId("lasso").addEventListener("click", () => this.setLasso(!this.lassoing));
    byId("fit").addEventListener("click", () => {
      this.eye.fit();
      this.moved();
    });
    const help = byId("help");
    const toggle = (): void => byId("about").setAttribute("aria-expanded", String(!(help.hidden = !help.hidden)));
    byId("about").addEventListener("click", toggle);
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        if (!help.hidden) toggle();
        this.setLasso(false);
        this.pin(-1);
        if (field.value) this.find((field.value = ""));
        else this.selection.set([]);
      }
      const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "/") {
        event.preventDefault();
        field.focus();
      } else if (event.key === "l") this.setLasso(!this.lassoing);
      else if (event.key === "?") toggle();
    });
  }
}

/** Every number below n once, in an order that looks random and is always the same. */
function shuffle(n: number): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  let state = 1;
  for (let i = n - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = Math.floor((state / 2 ** 32) * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
