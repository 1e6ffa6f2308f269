// Where every walk is on the screen, known anew only when something moved.
import { Matrix4 } from "three";
import { clip, type Eye } from "./eye";
import type { Marks } from "./scene";
import type { Walks } from "./walks";

const UNDER = 16; // pixels, squared: the mouse is on a mark
const FAR = 1e6;

export class Screen {
  width = 1;
  height = 1;
  private stale = true;
  private readonly xy: Float32Array;
  private readonly depth?: Float32Array; // of maps that have any
  private readonly matrix = new Matrix4();

  constructor(
    private readonly walks: Walks,
    private readonly marks: Marks,
    public eye: Eye,
  ) {
    this.xy = new Float32Array(2 * walks.count);
    if (walks.dims > 2) this.depth = new Float32Array(walks.count);
  }

  moved(): void {
    this.stale = true;
  }

  /** x, y in pixels of a place on the map; NaN behind the eye. */
  place(x: number, y: number, z: number): [number, number] {
    this.refresh();
    const e = this.matrix.elements;
    const w = e[3] * x + e[7] * y + e[11] * z + e[15];
    if (w <= 0) return [NaN, NaN];
    return [
      ((e[0] * x + e[4] * y + e[8] * z + e[12]) / w + 1) * 0.5 * this.width,
      (1 - (e[1] * x + e[5] * y + e[9] * z + e[13]) / w) * 0.5 * this.height,
    ];
  }

  of(i: number): [number, number] {
    const { positions } = this.walks;
    return this.place(positions[3 * i], positions[3 * i + 1], positions[3 * i + 2]);
  }

  /** The drawn walk nearest to a pixel, within a radius; -1 for none. Of those under the pixel, the one in front. */
  pick(x: number, y: number, radius: number): number {
    const xy = this.all();
    const { order, drawn, ring } = this.marks;
    const { depth } = this;
    let [found, least] = [-1, radius * radius];
    for (let k = 0; k < drawn; k++) {
      const i = order[k];
      const dx = xy[2 * i] - x;
      const dy = xy[2 * i + 1] - y;
      let square = dx * dx + dy * dy;
      if (depth && square < UNDER) square = (ring[i] ? 0.01 : 1) * depth[i] - FAR;
      // Of equals the last drawn, which lies on top.
      if (square <= least) [found, least] = [i, square];
    }
    return found;
  }

  /** The drawn walks inside a polygon of pixels, in the order of the file. */
  inside(polygon: readonly [number, number][]): number[] {
    const xy = this.all();
    const [xs, ys] = [polygon.map(([x]) => x), polygon.map(([, y]) => y)];
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const found: number[] = [];
    for (let k = 0; k < this.marks.drawn; k++) {
      const i = this.marks.order[k];
      const [x, y] = [xy[2 * i], xy[2 * i + 1]];
      if (x >= left && x <= right && y >= top && y <= bottom && encloses(polygon, x, y)) found.push(i);
    }
    return found.sort((a, b) => a - b);
  }

  private refresh(): void {
    // Cheap, and a camera that moved without a word would put names in wrong places.
    clip(this.eye, this.matrix);
  }

  private all(): Float32Array {
    if (!this.stale) return this.xy;
    this.stale = false;
    this.refresh();
    const { positions, count } = this.walks;
    const e = this.matrix.elements;
    const [halfWidth, halfHeight] = [this.width / 2, this.height / 2];
    for (let i = 0, p = 0; i < count; i++, p += 3) {
      const [x, y, z] = [positions[p], positions[p + 1], positions[p + 2]];
      const w = e[3] * x + e[7] * y + e[11] * z + e[15];
      if (this.depth) this.depth[i] = w;
      this.xy[2 * i] = w > 0 ? ((e[0] * x + e[4] * y + e[8] * z + e[12]) / w + 1) * halfWidth : NaN;
      this.xy[2 * i + 1] = (1 - (e[1] * x + e[5] * y + e[9] * z + e[13]) / w) * halfHeight;
    }
    return this.xy;
  }
}

function encloses(polygon: readonly [number, number][], x: number, y: number): boolean {
  let within = false;
  for (let a = 0, b = polygon.length - 1; a < polygon.length; b = a++) {
    const [ax, ay] = polygon[a];
    const [bx, by] = polygon[b];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) within = !within;
  }
  return within;
}
