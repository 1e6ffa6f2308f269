// Colours that hold on white and on near-black alike.

/** Sixteen for classes, at least 0.1 apart from each other in OKLab; the first twelve stand alone in a legend. */
export const PALETTE = [
  "#3f6fd8", "#e8820c", "#23a05a", "#d8433f", "#9459d6", "#8a5a3b", "#e868b4", "#12a5b0",
  "#a99a00", "#59a9f0", "#a0306f", "#7fbf3f", "#ef9b83", "#4b4fa0", "#6f7d2a", "#c3a1ea",
];
// Blue and vermilion of Okabe and Ito: told apart by every kind of colour vision, and by lightness.
export const RIGHT = "#3b8fd0";
export const WRONG = "#e0601a";
export const GREY = "#8b939e";
/** For what was searched, where its class has no colour of its own. */
export const FOUND = "#3f6fd8";
/** From strangers to its own: the same two ends. */
export const PURITIES = ["#d9480f", "#e8935a", "#b9a58e", "#74a3cc", "#2f78bd"];

/** A hue for an angle in degrees, in even steps of OKLCH around the circle: 0 and 360 meet. */
export function angleColour(degrees: number): string {
  const turn = (degrees / 180) * Math.PI;
  const lightness = 0.67 + 0.07 * Math.cos(turn - 1.9);
  const a = 0.14 * Math.cos(turn + 0.5);
  const b = 0.14 * Math.sin(turn + 0.5);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  const part = (value: number): string => {
    const held = Math.min(1, Math.max(0, value));
    const curved = held <= 0.0031308 ? 12.92 * held : 1.055 * held ** (1 / 2.4) - 0.055;
    return Math.round(255 * curved).toString(16).padStart(2, "0");
  };
  return `#${linear.map(part).join("")}`;
}

export function rgb(colour: string): [number, number, number] {
  const value = parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
