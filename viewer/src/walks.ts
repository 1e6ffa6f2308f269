// The walks of a map as the page holds them: numbers in typed arrays, texts in tables.
import { brief } from "./text";

export type Kind = "identity" | "condition" | "view";
export const KINDS: readonly Kind[] = ["identity", "condition", "view"];

export interface Hardest {
  /** Whether purity is of the map, for want of the model's. */
  of_map: boolean;
  colours: string[];
  groups: [number, number][];
  spots: number[][];
}

export interface Table {
  texts: string[];
  /** One a text, null where it is no angle among angles. */
  colours?: (string | null)[];
  angles?: (number | null)[];
  spots?: number[][];
  hardest?: Hardest | null;
}

export interface Header {
  title: string;
  count: number;
  what: string;
  /** What is to be said of its dimensions. */
  shape: string[];
  tables: Record<Kind, Table>;
  /** The space in which nearest walks were sought; null where the file does not say. */
  neighbours_in: string | null;
  random: boolean;
  quality: Record<string, number | null>;
  scale: { low: number[]; range: number };
  notes: string[];
  thumbnails?: { width: number; height: number; columns: number; rows: number };
  arrays: Record<string, { width: number; size: number }>;
}

const UNKNOWN_PURITY = 255;

export class Walks {
  readonly count: number;
  readonly dims: number;
  /** x, y, z of each walk, -0.5..0.5 about the middle of the map. */
  readonly positions: Float32Array;
  /** Half the map's extent along each axis. */
  readonly half: [number, number, number];
  readonly codes: Record<Kind, Uint32Array>;
  readonly correct?: Uint32Array;
  /** 1 for walks put on a finished map of the others. */
  readonly placed?: Uint32Array;
  readonly placedCount: number;
  /** Which thumbnail a walk has; -1 for none. */
  readonly pictures?: Int32Array;
  private readonly purities?: Uint32Array;
  private readonly steps?: Uint32Array;

  constructor(
    readonly header: Header,
    arrays: Record<string, Uint32Array>,
  ) {
    this.count = header.count;
    this.dims = arrays.points.length / this.count;
    this.positions = new Float32Array(3 * this.count);
    this.half = [0, 0, 0];
    for (let axis = 0; axis < this.dims; axis++) {
      const values = arrays.points.subarray(axis * this.count, (axis + 1) * this.count);
      const half = values.reduce((most, value) => Math.max(most, value), 0) / 65535 / 2;
      this.half[axis] = half;
      for (let i = 0; i < this.count; i++) this.positions[3 * i + axis] = values[i] / 65535 - half;
    }
    this.codes = { identity: arrays.identity, condition: arrays.condition, view: arrays.view };
    this.correct = arrays.correct;
    this.placed = arrays.placed;
    this.placedCount = this.placed?.reduce((sum, is) => sum + is, 0) ?? 0;
    this.purities = arrays.purity;
    this.steps = arrays.neighbours;
    if (arrays.pictured) {
      let next = 0;
      this.pictures = Int32Array.from(arrays.pictured, (has) => (has ? next++ : -1));
    }
  }

  text(kind: Kind, i: number): string {
    return this.header.tables[kind].texts[this.codes[kind][i]];
  }

  /** Whether anything is known of a kind. */
  has(kind: Kind): boolean {
    return this.header.tables[kind].texts.some((text) => text !== "");
  }

  get viewsAreAngles(): boolean {
    return this.header.tables.view.angles !== undefined;
  }

  get hasPurity(): boolean {
    return this.purities !== undefined;
  }

  /** The share of a walk's nearest neighbours that are of its identity; NaN where it has no other walk. */
  purity(i: number): number {
    const value = this.purities?.[i] ?? UNKNOWN_PURITY;
    return value === UNKNOWN_PURITY ? NaN : value / 200;
  }

  /** Where nearest walks were sought, as "in the full space"; empty where that is unknown. */
  get nearIn(): string {
    const where = this.header.neighbours_in;
    return where === null ? "" : where === "full space" ? "in the full space" : `in ${brief(where)}`;
  }

  /** A walk's nearest walks, nearest first, in the space in which they were sought. */
  neighbours(i: number): number[] {
    if (!this.steps) return [];
    const found: number[] = [];
    for (let at = i; at < this.steps.length; at += this.count) {
      const step = this.steps[at];
      if (step) found.push(step % 2 ? i - (step + 1) / 2 : i + step / 2);
    }
    return found;
  }

  /** Coordinates as the file had them. */
  original(i: number): number[] {
    const { low, range } = this.header.scale;
    return low.map((least, axis) => least + (this.positions[3 * i + axis] + this.half[axis]) * range);
  }
}
