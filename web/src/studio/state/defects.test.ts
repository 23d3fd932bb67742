import { describe, expect, it } from "vitest";
import type { Defect, Severity } from "../types";
import { inWalkingOrder, stepped, tally } from "./defects";
import { withChanges } from "./draft";

const defect = (id: number, severity: Severity, customers: number | null) => ({ id, severity, customers, code: "GAP", inherited: false }) as Defect;

describe("the walk", () => {
  const ordered = inWalkingOrder([defect(1, "NOTE", 900), defect(2, "ERROR", 1), defect(3, "WARNING", null), defect(4, "ERROR", 7)]);

  it("goes from errors to notes, and from many customers to few", () => {
    expect(ordered.map((each) => each.id)).toEqual([4, 2, 3, 1]);
  });

  it("goes to what the draft has brought about before what came with its base", () => {
    const [base, own] = [{ ...defect(1, "ERROR", 9), inherited: true }, { ...defect(2, "ERROR", 1), inherited: false }];
    expect(inWalkingOrder([base, own]).map((each) => each.id)).toEqual([2, 1]);
    expect(tally([base, own, { ...defect(3, "NOTE", 0), inherited: true }])).toEqual({ ERROR: 2, WARNING: 0, NOTE: 1, inherited: 2, inheritedErrors: 1 });
  });

  it("goes around in both directions", () => {
    expect(stepped(ordered, 1, 1)?.id).toBe(4);
    expect(stepped(ordered, 4, -1)?.id).toBe(1);
    expect(stepped(ordered, 2, 1)?.id).toBe(3);
  });

  it("begins at the end that lies behind it, also when the defect it was at is mended", () => {
    expect(stepped(ordered, null, 1)?.id).toBe(4);
    expect(stepped(ordered, 99, -1)?.id).toBe(1);
    expect(stepped([], null, 1)).toBeNull();
  });
});

describe("an answer", () => {
  const square = { type: "Polygon" as const, coordinates: [[[118, 32], [119, 32], [119, 33], [118, 32]] as [number, number][]] };

  it("changes what it names and leaves the rest as it is", () => {
    const kept = { type: "MultiPolygon" as const, coordinates: [square.coordinates] };
    const after = withChanges(new Map([["A", kept], ["B", kept]]), [{ team_code: "B", geometry: null }, { team_code: "C", geometry: square }]);
    expect([...after.keys()]).toEqual(["A", "C"]);
    expect(after.get("A")).toBe(kept);
    expect(after.get("C")).toEqual(kept);
  });
});
