import type { AreaShape, Edit, LineShape, LonLat } from "../types";
import { missing, toolOf, type Chosen, type ToolName } from "./tools";

/** What a gesture has captured. */
export interface Captured {
  area?: AreaShape;
  line?: LineShape;
  point?: LonLat;
  /** Communities picked up. */
  communities?: readonly string[];
  /** In a split: a point in the part that goes over. */
  part?: LonLat | null;
}

export interface Options extends Chosen {
  /** Drawing may take land of others. */
  take: boolean;
}

/** The edit that a tool makes of what was chosen and captured; null while something is missing. */
export function editOf(name: ToolName, options: Options, captured: Captured): Edit | null {
  const tool = toolOf(name);
  if (missing(tool, options)) return null;
  const selected = options.selected ?? "";
  const receiver = options.receiver ?? "";
  const to = receiver || null;
  const { area, line, point, communities, part } = captured;
  switch (name) {
    case "draw":
    case "trace":
      return area ? { verb: "DRAW", team_code: receiver, geometry: area, take: options.take } : null;
    case "reshape":
      return line ? { verb: "RESHAPE", team_code: selected, line } : null;
    case "split":
      return line ? { verb: "SPLIT", team_code: selected, line, to_team_code: receiver, ...(part ? { part } : {}) } : null;
    case "merge":
      return { verb: "MERGE", team_code: selected, into_team_code: receiver };
    case "give":
      return area ? { verb: "GIVE", geometry: area, to_team_code: to } : null;
    case "fill":
      return point ? { verb: "FILL_GAP", at: point, ...(to ? { to_team_code: to } : {}) } : null;
    case "communities":
      return communities?.length ? { verb: "ASSIGN_COMMUNITIES", community_codes: [...communities].sort(), to_team_code: to } : null;
    case "hole":
      return area ? { verb: "CUT_HOLE", team_code: selected, geometry: area } : null;
    case "remove":
      return { verb: "REMOVE", team_code: selected };
    case "select":
    case "vertices":
      return null;
  }
}

/** Edits that are shown with their consequences and need a second word, because one gesture moves much land or the choice is open. */
export function needsWord(edit: Edit): boolean {
  return ["SPLIT", "MERGE", "REMOVE", "FILL_GAP", "ASSIGN_COMMUNITIES", "REPAIR"].includes(edit.verb);
}
