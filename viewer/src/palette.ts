// Colours that hold on white and on near-black alike. Those of classes come with the map.

// Blue and vermilion, as on the map's pictures: told apart by every kind of colour vision.
export const RIGHT = "#3f8fc9";
export const WRONG = "#d1400a";
export const GREY = "#8b939e";
/** For what was searched, where its class has no colour of its own. */
export const FOUND = "#3f6fd8";
/** From strangers to its own: the same two ends. */
export const PURITIES = ["#d9480f", "#e8935a", "#b9a58e", "#74a3cc", "#2f78bd"];

export function rgb(colour: string): [number, number, number] {
  const value = parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** The same hue, light enough for a dark page. */
export function lifted(colour: string): string {
  const parts = rgb(colour);
  const luminance = (0.299 * parts[0] + 0.587 * parts[1] + 0.114 * parts[2]) / 255;
  const white = Math.max(0, 0.42 - luminance);
  return `#${parts.map((part) => Math.round(part + (255 - part) * white).toString(16).padStart(2, "0")).join("")}`;
}
