import { describe, expect, it } from "vitest";
import { short } from "./donut";
import { counted, kindOf } from "./orphans";

const NONE: ReadonlySet<string> = new Set();

describe("orphans counted together", () => {
  const bin = { count: 8, rung: "REGION_OWNER", team_code: "T1", n_REGION_OWNER: 5, n_BRANCH_BALANCE: 3 };

  it("are told apart by kind, the commonest first", () => {
    expect(counted(bin, NONE)).toEqual({
      policies: 8,
      kind: "REGION_OWNER",
      shares: [
        { kind: "REGION_OWNER", policies: 5 },
        { kind: "BRANCH_BALANCE", policies: 3 },
      ],
    });
  });

  it("leave out the kinds that are hidden", () => {
    expect(counted(bin, new Set(["REGION_OWNER"]))).toMatchObject({ policies: 3, kind: "BRANCH_BALANCE" });
    expect(counted(bin, new Set(["REGION_OWNER", "BRANCH_BALANCE"]))).toBeNull();
  });

  it("settle a tie by name, so that the colour does not flicker", () => {
    expect(counted({ n_B: 2, n_A: 2 }, NONE)?.kind).toBe("A");
  });
});

describe("the kind of an orphan", () => {
  it.each([
    ["REGION_OWNER", "TEAM_POOL", "REGION_OWNER"],
    [null, "LOCATION_REVIEW", "LOCATION_REVIEW"],
    [undefined, undefined, ""],
  ])("%s %s", (rung, state, kind) => expect(kindOf(rung, state)).toBe(kind));
});

describe("a count in little room", () => {
  it.each([
    [7, "7"],
    [999, "999"],
    [1000, "1k"],
    [1391, "1.4k"],
    [9960, "10k"],
    [152_400, "152k"],
  ])("%d", (policies, text) => expect(short(policies)).toBe(text));
});
