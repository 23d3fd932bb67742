import { describe, expect, it } from "vitest";
import type { LonLat, MultiPolygonShape, PolygonShape } from "../types";
import { readPoints, readShape } from "./coordinates";
import { editOf, needsWord, type Options } from "./edits";
import { commandOf } from "./keys";
import { missing, TOOLS, toolOf } from "./tools";
import { changeOf, neighbourOf, verticesOf } from "./vertices";

const square: PolygonShape = { type: "Polygon", coordinates: [[[118, 32], [118.1, 32], [118.1, 32.1], [118, 32.1], [118, 32]]] };
const line = { type: "LineString" as const, coordinates: [[118, 32], [119, 32]] as LonLat[] };
const chosen = (selected: string | null, receiver: string | null): Options => ({ selected, receiver, take: false });

describe("what a tool still needs", () => {
  it("is a region where it works on one", () => {
    for (const name of ["reshape", "split", "merge", "hole", "remove"] as const) expect(missing(toolOf(name), chosen(null, "B"))).toBe("region");
  });

  it("is a receiver where land goes to somebody", () => {
    for (const name of ["draw", "trace", "give", "communities"] as const) expect(missing(toolOf(name), chosen(null, null))).toBe("receiver");
    expect(missing(toolOf("split"), chosen("A", "A"))).toBe("receiver");
    expect(missing(toolOf("draw"), chosen(null, ""))).toBe("receiver");
    expect(missing(toolOf("give"), chosen(null, ""))).toBeNull();
    expect(missing(toolOf("fill"), chosen(null, null))).toBeNull();
  });

  it("has a letter of its own for every tool", () => {
    expect(new Set(TOOLS.map((tool) => tool.letter)).size).toBe(TOOLS.length);
  });
});

describe("an edit", () => {
  it("names team, geometry and whether others' land may be taken", () => {
    expect(editOf("draw", { ...chosen(null, "B"), take: true }, { area: square })).toEqual({ verb: "DRAW", team_code: "B", geometry: square, take: true });
    expect(editOf("trace", chosen("A", "B"), { area: square })).toMatchObject({ verb: "DRAW", team_code: "B", take: false });
  });

  it("of land for nobody says null, not an empty name", () => {
    expect(editOf("give", chosen(null, ""), { area: square })).toEqual({ verb: "GIVE", geometry: square, to_team_code: null });
    expect(editOf("communities", chosen(null, ""), { communities: ["C2", "C1"] })).toEqual({ verb: "ASSIGN_COMMUNITIES", community_codes: ["C1", "C2"], to_team_code: null });
  });

  it("to fill a gap leaves the receiver to the longest border unless one is named", () => {
    expect(editOf("fill", chosen(null, null), { point: [118, 32] })).toEqual({ verb: "FILL_GAP", at: [118, 32] });
    expect(editOf("fill", chosen(null, "B"), { point: [118, 32] })).toEqual({ verb: "FILL_GAP", at: [118, 32], to_team_code: "B" });
  });

  it("of a split carries the part only when one was pointed at", () => {
    expect(editOf("split", chosen("A", "B"), { line })).not.toHaveProperty("part");
    expect(editOf("split", chosen("A", "B"), { line, part: [118, 32] })).toHaveProperty("part", [118, 32]);
  });

  it("is none while something is missing", () => {
    expect(editOf("reshape", chosen(null, null), { line })).toBeNull();
    expect(editOf("draw", chosen(null, "B"), {})).toBeNull();
    expect(editOf("communities", chosen(null, "B"), { communities: [] })).toBeNull();
    expect(editOf("select", chosen("A", "B"), { area: square })).toBeNull();
  });

  it("that moves a whole region needs a second word", () => {
    expect(needsWord({ verb: "REMOVE", team_code: "A" })).toBe(true);
    expect(needsWord({ verb: "MOVE_VERTEX", at: [118, 32], to: [118, 33] })).toBe(false);
  });
});

describe("typed coordinates", () => {
  it("are pairs of longitude and latitude, in lines or between semicolons", () => {
    expect(readPoints("118.5, 32.1\n118.6 32.2；118.7，32.3")).toEqual({ value: [[118.5, 32.1], [118.6, 32.2], [118.7, 32.3]], unread: null });
  });

  it.each([
    ["", "EMPTY"],
    ["118.5", "NOT_NUMBERS"],
    ["abc, def", "NOT_NUMBERS"],
    ["32.1, 118.5", "SWAPPED"],
    ["18.5, 2.1", "OUTSIDE"],
    ["1e999, 32", "NOT_NUMBERS"],
  ])("%j are refused as %s", (text, unread) => {
    expect(readPoints(text).unread).toBe(unread);
  });

  it("of a polygon are closed", () => {
    const read = readShape("polygon", "118,32;119,32;119,33");
    expect(read.value).toEqual({ type: "Polygon", coordinates: [[[118, 32], [119, 32], [119, 33], [118, 32]]] });
    expect(readShape("polygon", "118,32;119,32;119,33;118,32").value).toEqual(read.value);
  });

  it("may be too few or too many", () => {
    expect(readShape("polygon", "118,32;119,32").unread).toBe("TOO_FEW");
    expect(readShape("line", "118,32").unread).toBe("TOO_FEW");
    expect(readShape("point", "118,32;119,32").unread).toBe("TOO_MANY");
  });
});

describe("a drag on a border", () => {
  const shape = (ring: LonLat[]): MultiPolygonShape => ({ type: "MultiPolygon", coordinates: [[ring]] });
  const before = shape([[118, 32], [119, 32], [119, 33], [118, 33], [118, 32]]);

  it("moves a vertex", () => {
    expect(changeOf(before, shape([[118, 32], [119.5, 32], [119, 33], [118, 33], [118, 32]]))).toEqual({ kind: "MOVE", at: [119, 32], to: [119.5, 32] });
  });

  it("moves the vertex with which the ring begins and ends", () => {
    expect(changeOf(before, shape([[117.9, 32], [119, 32], [119, 33], [118, 33], [117.9, 32]]))).toEqual({ kind: "MOVE", at: [118, 32], to: [117.9, 32] });
  });

  it("inserts a vertex into an edge, the last one too", () => {
    expect(changeOf(before, shape([[118, 32], [118.5, 31.9], [119, 32], [119, 33], [118, 33], [118, 32]]))).toEqual({ kind: "INSERT", at: [118.5, 32], to: [118.5, 31.9] });
    expect(changeOf(before, shape([[118, 32], [119, 32], [119, 33], [118, 33], [117.9, 32.5], [118, 32]]))).toEqual({ kind: "INSERT", at: [118, 32.5], to: [117.9, 32.5] });
  });

  it("deletes a vertex", () => {
    expect(changeOf(before, shape([[118, 32], [119, 32], [118, 33], [118, 32]]))).toEqual({ kind: "DELETE", at: [119, 33] });
    expect(changeOf(before, shape([[119, 32], [119, 33], [118, 33], [119, 32]]))).toEqual({ kind: "DELETE", at: [118, 32] });
  });

  it("is nothing where only the rounding differs", () => {
    expect(changeOf(before, shape([[118 + 1e-11, 32], [119, 32], [119, 33 - 1e-11], [118, 33], [118 + 1e-11, 32]]))).toBeNull();
  });

  it("is found in a hole of a second part", () => {
    const of = (at: LonLat): MultiPolygonShape => ({
      type: "MultiPolygon",
      coordinates: [before.coordinates[0]!, [[[120, 32], [121, 32], [121, 33], [120, 32]], [[120.5, 32.1], at, [120.6, 32.3], [120.5, 32.1]]]],
    });
    expect(changeOf(of([120.7, 32.1]), of([120.8, 32.1]))).toEqual({ kind: "MOVE", at: [120.7, 32.1], to: [120.8, 32.1] });
  });
});

describe("walking along vertices", () => {
  const shape: MultiPolygonShape = {
    type: "MultiPolygon",
    coordinates: [[[[0, 0], [1, 0], [1, 1], [0, 0]], [[0.2, 0.1], [0.3, 0.1], [0.3, 0.2], [0.2, 0.1]]]],
  };

  it("has each vertex once and stays in its ring", () => {
    expect(verticesOf(shape)).toHaveLength(6);
    expect([neighbourOf(shape, 2, 1), neighbourOf(shape, 0, -1), neighbourOf(shape, 3, -1), neighbourOf(shape, 4, 1)]).toEqual([0, 2, 5, 5]);
  });
});

describe("keys", () => {
  const press = (key: string, more = {}) =>
    commandOf({ key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, isComposing: false, target: null, ...more });
  const inside = (tagName: string, type = "") => ({ target: { tagName, type } as unknown as EventTarget });

  it("take up tools by their letters", () => {
    for (const tool of TOOLS) expect(press(tool.letter.toLowerCase())).toEqual({ do: "tool", tool: tool.name });
  });

  it("undo and redo with either modifier", () => {
    expect(press("z", { ctrlKey: true })).toEqual({ do: "undo" });
    expect(press("Z", { ctrlKey: true, shiftKey: true })).toEqual({ do: "redo" });
    expect(press("y", { metaKey: true })).toEqual({ do: "redo" });
  });

  it("leave letters to fields, and Enter to buttons", () => {
    expect(press("d", inside("INPUT", "text"))).toBeNull();
    expect(press("z", { ctrlKey: true, ...inside("TEXTAREA") })).toBeNull();
    // A list has no text of its own to take back.
    expect(press("z", { ctrlKey: true, ...inside("SELECT") })).toEqual({ do: "undo" });
    expect(press("Escape", inside("INPUT", "text"))).toEqual({ do: "leave" });
    expect(press("Enter", inside("INPUT", "text"))).toBeNull();
    expect(press("Enter", inside("SELECT"))).toEqual({ do: "accept" });
    expect(press("d", inside("INPUT", "checkbox"))).toEqual({ do: "tool", tool: "draw" });
    expect(press("Enter", inside("BUTTON"))).toBeNull();
    expect(press("Enter")).toEqual({ do: "accept" });
  });

  it("walk from defect to defect in both directions", () => {
    expect([press("n"), press("]")]).toEqual([{ do: "defect", by: 1 }, { do: "defect", by: 1 }]);
    expect([press("p"), press("[")]).toEqual([{ do: "defect", by: -1 }, { do: "defect", by: -1 }]);
  });

  it("nudge with Shift and leave plain arrows to the map", () => {
    expect(press("ArrowUp", { shiftKey: true })).toEqual({ do: "nudge", direction: 1 });
    expect(press("ArrowUp")).toBeNull();
  });
});
