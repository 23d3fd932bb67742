/** Colours of the map. Territories are calm so that the orphans on them stand out. */

export const PAPER = "#f4f2ec";
export const LAND = "#fdfcf9";
export const HATCH = "#cdc8ba";
export const BRANCH_LINE = "#8d8778";
export const COMMUNITY_LINE = "rgba(90, 84, 68, 0.28)";
export const INK = "#1c2733";
export const LABEL = "#3b4652";
export const LABEL_QUIET = "#77736a";
export const SELECTED = "#0d5c63";
export const SEAL = "#a5342a";

/** Fill and border of a team's territory, by the number that the tile carries: neighbours never have the same. */
type Pair = readonly [fill: string, line: string];
const TERRITORIES: readonly [Pair, ...Pair[]] = [
  ["#d3e4cf", "#86a881"],
  ["#d2e2ef", "#84a3bd"],
  ["#f0dfc6", "#c0a276"],
  ["#e1d9ec", "#a394b8"],
  ["#f1d8d2", "#bf9087"],
  ["#cfe6e3", "#7eaaa5"],
  ["#ece7bf", "#b3aa6b"],
];

export function territoryColours(number: number): Pair {
  return TERRITORIES[number % TERRITORIES.length] ?? TERRITORIES[0];
}

/** Diagonal lines: land that no team owns. The side divides a tile's 512 pixels, so that tiles join. */
export function hatch(): CanvasPattern | string {
  const side = 8;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  if (!context) return LAND;
  context.fillStyle = LAND;
  context.fillRect(0, 0, side, side);
  context.strokeStyle = HATCH;
  context.lineWidth = 1;
  context.beginPath();
  for (const from of [-side, 0, side]) {
    context.moveTo(from - 1, side + 1);
    context.lineTo(from + side + 1, -1);
  }
  context.stroke();
  return context.createPattern(canvas, "repeat") ?? LAND;
}
