import type { LineShape, LonLat, PolygonShape } from "../types";

/** The tools of the studio. Each says what it needs before its gesture, and what its gesture is. */

export type ToolName =
  | "select"
  | "draw"
  | "trace"
  | "vertices"
  | "reshape"
  | "split"
  | "merge"
  | "give"
  | "fill"
  | "communities"
  | "hole"
  | "remove";

/** How an area or communities are picked up: by a loop around them, a brush over them, or a click on one. */
export type Pick = "lasso" | "brush" | "click";

/** What a tool's gesture gives, whether by mouse or as coordinates: nothing for tools that only name regions. */
export type Gesture = "polygon" | "line" | "point" | "vertex" | "region" | "none";

export interface Tool {
  name: ToolName;
  /** The letter that takes it up. */
  letter: string;
  gesture: Gesture;
  /** Works on the selected region. */
  onSelected: boolean;
  /** Names a team that receives; it may be nobody where `nobody` is set. */
  receiver: "none" | "needed" | "optional";
  nobody: boolean;
  picks: readonly Pick[];
}

const tool = (name: ToolName, letter: string, gesture: Gesture, more: Partial<Tool> = {}): Tool => ({
  name,
  letter,
  gesture,
  onSelected: false,
  receiver: "none",
  nobody: false,
  picks: [],
  ...more,
});

export const TOOLS: readonly Tool[] = [
  tool("select", "V", "region"),
  tool("draw", "D", "polygon", { receiver: "needed" }),
  tool("trace", "T", "polygon", { receiver: "needed" }),
  tool("vertices", "E", "vertex"),
  tool("reshape", "R", "line", { onSelected: true }),
  tool("split", "S", "line", { onSelected: true, receiver: "needed" }),
  tool("merge", "M", "region", { onSelected: true, receiver: "needed" }),
  tool("give", "G", "polygon", { receiver: "needed", nobody: true, picks: ["lasso", "brush", "click"] }),
  tool("communities", "C", "none", { receiver: "needed", nobody: true, picks: ["click", "brush", "lasso"] }),
  tool("fill", "F", "point", { receiver: "optional" }),
  tool("hole", "H", "polygon", { onSelected: true }),
  tool("remove", "X", "none", { onSelected: true }),
];

const BY_NAME = new Map(TOOLS.map((each) => [each.name, each]));

export function toolOf(name: ToolName): Tool {
  return BY_NAME.get(name)!;
}

/** What has been chosen beside the gesture. */
export interface Chosen {
  selected: string | null;
  /** The team that receives; "" is nobody, null not chosen yet. */
  receiver: string | null;
}

/** What is still to be chosen before the gesture can be made: the region worked on, or who receives. */
export function missing(of: Tool, chosen: Chosen): "region" | "receiver" | null {
  if (of.onSelected && !chosen.selected) return "region";
  if (of.receiver === "needed" && chosen.receiver === null) return "receiver";
  if (of.receiver === "needed" && chosen.receiver === "" && !of.nobody) return "receiver";
  if (of.onSelected && of.receiver === "needed" && chosen.receiver === chosen.selected) return "receiver";
  return null;
}

/** A gesture's geometry. */
export type Drawn = PolygonShape | LineShape | { type: "Point"; coordinates: LonLat };
