// What each walk is coloured by: its classes, their colours, and what stands out.
import { angleColour, GREY, PALETTE, PURITIES, RIGHT, WRONG } from "./palette";
import { byNature, counted } from "./text";
import { KINDS, type Kind, type Walks } from "./walks";

export const LEGEND = 12; // as the Python side has it: classes up to which each has a colour of its own

export interface Class {
  name: string;
  /** Whether the name comes from a folder. */
  foreign: boolean;
  colour: string;
  count: number;
  detail?: string;
  /** Drawn below the others and paler. */
  faint?: boolean;
  /** Drawn above the others: few, and what one looks for. */
  front?: boolean;
}

export interface Spot {
  text: string;
  at: [number, number, number];
  cls: number;
}

export interface Colouring {
  by: string;
  classes: Class[];
  of: Uint32Array;
  spots: Spot[];
  note?: string;
}

export type By = Kind | "correct" | "purity" | "placed";
export const BY: Record<By, string> = {
  identity: "Identity",
  condition: "Condition",
  view: "View",
  correct: "Right or wrong",
  purity: "Purity",
  placed: "New walks",
};

export function available(walks: Walks): By[] {
  const kinds = KINDS.filter((kind) => kind === "identity" || walks.has(kind)) as By[];
  if (walks.correct) kinds.push("correct");
  if (walks.hasPurity) kinds.push("purity");
  if (walks.placed) kinds.push("placed");
  return kinds;
}

export function colouring(walks: Walks, by: By): Colouring {
  const made = by === "correct" ? byCorrect(walks) : by === "purity" ? byPurity(walks) : by === "placed" ? byPlaced(walks) : byTable(walks, by);
  for (const cls of made.of) made.classes[cls].count++;
  return made;
}

const own = (name: string, colour: string, faint = false): Class => ({ name, foreign: false, colour, count: 0, faint });
const foreign = (name: string, colour: string): Class => ({ name, foreign: true, colour, count: 0 });

function byCorrect(walks: Walks): Colouring {
  const classes = [own("nearest gallery walk is someone else", WRONG), own("nearest gallery walk is the same person", RIGHT), own("no probe", GREY, true)];
  classes[0].front = true;
  return { by: "correct", classes, of: Uint32Array.from(walks.correct ?? [], (code) => [2, 0, 1][code]), spots: [] };
}

function byPurity(walks: Walks): Colouring {
  const bounds = ["0 – 0.2", "0.2 – 0.4", "0.4 – 0.6", "0.6 – 0.8", "0.8 – 1"];
  const classes = [...bounds.map((bound, i) => own(bound, PURITIES[i])), own("no other walk of the identity", GREY, true)];
  for (const cls of classes.slice(0, 2)) cls.front = true;
  const of = new Uint32Array(walks.count);
  for (let i = 0; i < walks.count; i++) {
    const purity = walks.purity(i);
    of[i] = Number.isNaN(purity) ? 5 : Math.min(4, Math.floor(purity * 5));
  }
  return { by: "purity", classes, of, spots: [], note: "The share of a walk's nearest walks, in the full space, that are of its identity." };
}

function byPlaced(walks: Walks): Colouring {
  const classes = [own("new walks, put on the map", WRONG), own("the map's own walks", GREY, true)];
  classes[0].front = true;
  return { by: "placed", classes, of: Uint32Array.from(walks.placed ?? [], (is) => (is ? 0 : 1)), spots: [] };
}

function byTable(walks: Walks, by: Kind): Colouring {
  const { texts, colours, spots, hardest } = walks.header.tables[by];
  const codes = walks.codes[by];
  if (texts.length > LEGEND && !colours) {
    if (!hardest) return { by, classes: [own(`all ${counted(texts.length, "name")}`, GREY)], of: new Uint32Array(walks.count), spots: [], note: "Too many to tell apart by colour: search for one, or colour by something else." };
    const classes = hardest.groups.map(([code, mean], i): Class => ({ ...foreign(texts[code], PALETTE[i]), detail: mean.toFixed(2) }));
    const others = classes.length;
    classes.push(own(`${counted(texts.length - others, "other")}`, GREY, true));
    const placeOf = new Map(hardest.groups.map(([code], i) => [code, i]));
    return {
      by,
      classes,
      of: codes.map((code) => placeOf.get(code) ?? others),
      spots: hardest.spots.map((spot) => spotAt(walks, texts, spot, placeOf.get(spot[0]) ?? others, hardest.groups.find(([code]) => code === spot[0])?.[1])),
      note: hardest.of === "purity"
        ? "Too many for colours. The hardest stand out: those whose walks have fewest of their own among their nearest (mean purity)."
        : "Too many for colours. The hardest stand out: those most often taken for someone else (share of walks matched rightly).",
    };
  }
  const angles = by === "view" && walks.header.angles ? texts.map((text) => (text.trim() === "" ? NaN : Number(text))) : [];
  const cyclic = angles.length > 0 && angles.every((angle, i) => Number.isFinite(angle) || texts[i] === "");
  const order = texts.map((_, code) => code).sort((a, b) => (cyclic ? (angles[a] || 0) - (angles[b] || 0) : 0) || byNature(texts[a], texts[b]));
  const placeOf = new Uint32Array(texts.length);
  order.forEach((code, place) => (placeOf[code] = place));
  const classes = order.map((code, place): Class => {
    if (texts[code] === "") return own("unknown", GREY);
    if (cyclic) return { ...foreign(texts[code], angleColour(angles[code])), detail: "°" };
    return foreign(texts[code], PALETTE[colours ? colours[code] : place]);
  });
  return {
    by,
    classes,
    of: codes.map((code) => placeOf[code]),
    spots: (spots ?? []).map((spot) => spotAt(walks, texts, spot, placeOf[spot[0]])),
    note: colours ? `${PALETTE.length} colours are shared, so that those who lie side by side differ.` : undefined,
  };
}

function spotAt(walks: Walks, texts: string[], [code, ...at]: number[], cls: number, mean?: number): Spot {
  const [x, y, z] = [0, 1, 2].map((axis) => (axis < at.length ? at[axis] - walks.half[axis] : 0));
  return { text: texts[code] + (mean === undefined ? "" : `  ${mean.toFixed(2)}`), at: [x, y, z], cls };
}
