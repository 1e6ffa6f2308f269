// Gait-energy images, cut out of the sheets that the page holds; a sheet is decoded when it is first needed.
import { bytesOf } from "./payload";
import type { Walks } from "./walks";

const KEPT = 6; // decoded sheets, 12 MB each

export class Thumbnails {
  readonly width: number;
  readonly height: number;
  private readonly each: number;
  private readonly columns: number;
  private readonly sources: Element[];
  private readonly sheets = new Map<number, Promise<ImageBitmap>>();

  constructor(private readonly walks: Walks) {
    const shape = walks.header.thumbnails ?? { width: 0, height: 0, columns: 1, rows: 1 };
    this.width = shape.width;
    this.height = shape.height;
    this.columns = shape.columns;
    this.each = shape.columns * shape.rows;
    this.sources = [...document.querySelectorAll("script.sheet")];
  }

  has(i: number): boolean {
    return (this.walks.pictures?.[i] ?? -1) >= 0;
  }

  /** A canvas that will show a walk's picture. */
  canvas(i: number, className: string): HTMLCanvasElement {
    const made = document.createElement("canvas");
    made.width = this.width;
    made.height = this.height;
    made.className = className;
    void this.draw(made, i);
    return made;
  }

  private async draw(canvas: HTMLCanvasElement, i: number): Promise<void> {
    const slot = this.walks.pictures?.[i] ?? -1;
    const place = slot % this.each;
    const sheet = await this.sheet(Math.floor(slot / this.each));
    const x = (place % this.columns) * this.width;
    const y = Math.floor(place / this.columns) * this.height;
    canvas.getContext("2d")?.drawImage(sheet, x, y, this.width, this.height, 0, 0, this.width, this.height);
  }

  private sheet(number: number): Promise<ImageBitmap> {
    const kept = this.sheets.get(number);
    const sheet = kept ?? createImageBitmap(new Blob([bytesOf(this.sources[number])], { type: "image/webp" }));
    this.sheets.delete(number); // and again at the end: the first is the one least lately used
    this.sheets.set(number, sheet);
    if (this.sheets.size > KEPT) this.sheets.delete(this.sheets.keys().next().value ?? -1);
    return sheet;
  }
}
