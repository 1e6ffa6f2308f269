// What is written and drawn above the marks: names, rings, lines to neighbours, the lasso.
import type { Spot } from "./colouring";
import { RIGHT, WRONG } from "./palette";
import type { Screen } from "./screen";
import { brief } from "./text";
import type { Walks } from "./walks";

const MOST_NAMES = 160;
const ABOVE = 17; // pixels
const FONT = '600 12px system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';

export interface Above {
  spots: Spot[];
  hidden: Uint8Array;
  colours: string[];
  /** The walk under the mouse or pinned, -1 for none; lines lead to its neighbours. */
  shown: number;
  ringed: number[];
  lasso: [number, number][];
  paper: string;
  ink: string;
  size: number;
}

export class Overlay {
  private readonly context: CanvasRenderingContext2D;
  /** Names that had room, for tests and for whoever reads them out. */
  names: string[] = [];

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly screen: Screen,
    private readonly walks: Walks,
  ) {
    const context = canvas.getContext("2d");
    if (!context) throw new Error("no canvas");
    this.context = context;
  }

  resize(width: number, height: number): void {
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  draw(above: Above): void {
    const { context, screen } = this;
    context.clearRect(0, 0, screen.width, screen.height);
    this.rings(above);
    this.name(above);
    if (above.shown >= 0) this.lines(above);
    if (above.lasso.length > 1) this.lasso(above);
  }

  private rings({ ringed, size, ink, paper }: Above): void {
    const radius = Math.max(size / 2 + 4, 10);
    const places = this.parted(ringed, radius);
    for (const [width, colour] of [[3.5, paper], [1.5, ink]] as const) {
      this.context.lineWidth = width;
      this.context.strokeStyle = colour;
      this.context.beginPath();
      for (const [x, y] of places) {
        this.context.moveTo(x + radius, y);
        this.context.arc(x, y, radius, 0, 2 * Math.PI);
      }
      this.context.stroke();
    }
  }

  /** Places of walks in sight, but one for those closer than `apart`: a hundred rings on one spot are a blot. */
  private parted(walks: number[], apart: number): [number, number][] {
    const kept: [number, number][] = [];
    for (const i of walks) {
      const [x, y] = this.screen.of(i);
      const seen = x > -20 && x < this.screen.width + 20 && y > -20 && y < this.screen.height + 20;
      if (seen && !kept.some(([a, b]) => Math.abs(a - x) < apart && Math.abs(b - y) < apart)) kept.push([x, y]);
    }
    return kept;
  }

  private lines({ shown, size, ink, paper }: Above): void {
    const { context, screen, walks } = this;
    const [x, y] = screen.of(shown);
    const near = walks.neighbours(shown);
    for (const [width, halo] of [[4, true], [1.6, false]] as const)
      for (const other of near) {
        const [ox, oy] = screen.of(other);
        if (Number.isNaN(ox)) continue;
        const same = walks.codes.identity[other] === walks.codes.identity[shown];
        context.lineWidth = width;
        context.strokeStyle = halo ? paper : same ? RIGHT : WRONG;
        context.beginPath();
        context.moveTo(x, y);
        context.lineTo(ox, oy);
        context.stroke();
        context.beginPath();
        context.arc(ox, oy, size / 2 + 2.5, 0, 2 * Math.PI);
        context.stroke();
      }
    for (const [width, colour] of [[5, paper], [2.5, ink]] as const) {
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.beginPath();
      context.arc(x, y, size / 2 + 4, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  /** Names where there is room, those given first before the others. */
  private name({ spots, hidden, colours, paper, ink }: Above): void {
    const { context, screen } = this;
    context.font = FONT;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    const taken: [number, number, number, number][] = [];
    this.names = [];
    for (const { text, at, cls } of spots) {
      if (hidden[cls] || taken.length >= MOST_NAMES) continue;
      const [x, y] = screen.place(...at);
      if (!(x > 0 && x < screen.width && y > 0 && y < screen.height)) continue;
      const words = brief(text, 24);
      const half = context.measureText(words).width / 2 + 3;
      const base = y - ABOVE; // above what it names, which would be hidden by it
      const box: [number, number, number, number] = [x - half, base - 9, x + half, base + 9];
      if (taken.some(([l, t, r, b]) => box[0] < r && box[2] > l && box[1] < b && box[3] > t)) continue;
      taken.push(box);
      this.names.push(words);
      context.lineWidth = 4;
      context.strokeStyle = paper;
      context.strokeText(words, x, base);
      context.fillStyle = ink;
      context.fillText(words, x, base);
      context.fillStyle = colours[cls];
      context.fillRect(x - half + 3, base + 8, 2 * half - 6, 2.5);
    }
  }

  private lasso({ lasso, ink }: Above): void {
    const { context } = this;
    context.beginPath();
    for (const [x, y] of lasso) context.lineTo(x, y);
    context.closePath();
    context.lineWidth = 1.5;
    context.strokeStyle = ink;
    context.setLineDash([5, 4]);
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 0.08;
    context.fillStyle = ink;
    context.fill();
    context.globalAlpha = 1;
  }
}
