// What each walk is coloured by: its classes, their colours, and what stands out.
import { GREY, lifted, PURITIES, RIGHT, WRONG } from "./palette";
import { counted } from "./text";
import { type Hardest, KINDS, type Kind, type Walks } from "./walks";

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
  by: By;
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

export function colouring(walks: Walks, by: By, dark: boolean): Colouring {
  const made = by === "correct" ? byCorrect(walks) : by === "purity" ? byPurity(walks) : by === "placed" ? byPlaced(walks) : byTable(walks, by);
  if (dark) for (const cls of made.classes) cls.colour = lifted(cls.colour);
  for (const cls of made.of) made.classes[cls].count++;
  const rings = walks.placedCount && `Outlined: ${counted(walks.placedCount, "new walk")}, put on the map of the others.`;
  if (rings) made.note = made.note ? `${made.note} ${rings}` : rings;
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
  const where = walks.nearIn && `, ${walks.nearIn},`;
  return { by: "purity", classes, of, spots: [], note: `The share of a walk's nearest walks${where} that are of its identity.` };
}

function byPlaced(walks: Walks): Colouring {
  const classes = [own("new walks, put on the map", WRONG), own("the map's own walks", GREY, true)];
  classes[0].front = true;
  return { by: "placed", classes, of: Uint32Array.from(walks.placed ?? [], (is) => (is ? 0 : 1)), spots: [] };
}

function byTable(walks: Walks, by: Kind): Colouring {
  const { texts, colours, angles, spots, hardest } = walks.header.tables[by];
  const codes = walks.codes[by];
  if (!colours) return hardest ? byHardest(walks, by, hardest) : byNothing(walks, by);
  // Names come in the order in which people count; angles go round.
  const order = texts.map((_, code) => code).sort((a, b) => (angles?.[a] ?? 0) - (angles?.[b] ?? 0) || a - b);
  const placeOf = new Uint32Array(texts.length);
  order.forEach((code, place) => (placeOf[code] = place));
  const classes = order.map((code): Class => {
    if (texts[code] === "") return own("unknown", GREY);
    return { ...foreign(texts[code], colours[code] ?? GREY), detail: angles && colours[code] ? "°" : undefined };
  });
  const distinct = new Set(colours).size;
  return {
    by,
    classes,
    of: codes.map((code) => placeOf[code]),
    spots: (spots ?? []).map((spot) => spotAt(walks, texts, spot, placeOf[spot[0]])),
    note: !angles && distinct < texts.length ? `${distinct} colours are shared, so that those who lie side by side differ.` : undefined,
  };
}

function byHardest(walks: Walks, by: Kind, { groups, colours, spots, of_map }: Hardest): Colouring {
  const { texts } = walks.header.tables[by];
  const classes = groups.map(([code, mean], i): Class => ({ ...foreign(texts[code], colours[i]), detail: mean.toFixed(2) }));
  const others = classes.length;
  classes.push(own(counted(texts.length - others, "other"), GREY, true));
  const placeOf = new Map(groups.map(([code], i) => [code, i]));
  return {
    by,
    classes,
    of: walks.codes[by].map((code) => placeOf.get(code) ?? others),
    spots: spots.map((spot) => {
      const place = placeOf.get(spot[0]) ?? others;
      return spotAt(walks, texts, spot, place, groups[place]?.[1]);
    }),
    note: `Too many for colours. The hardest stand out: those whose walks have fewest of their own among their nearest${of_map ? " on the map" : ""} (mean purity).`,
  };
}

function byNothing(walks: Walks, by: Kind): Colouring {
  const all = own(`all ${counted(walks.header.tables[by].texts.length, "name")}`, GREY);
  return { by, classes: [all], of: new Uint32Array(walks.count), spots: [], note: "Too many to tell apart by colour: search for one, or colour by something else." };
}

function spotAt(walks: Walks, texts: string[], [code, ...at]: number[], cls: number, mean?: number): Spot {
  const [x, y, z] = [0, 1, 2].map((axis) => (axis < at.length ? at[axis] - walks.half[axis] : 0));
  return { text: texts[code] + (mean === undefined ? "" : `  ${mean.toFixed(2)}`), at: [x, y, z], cls };
}
