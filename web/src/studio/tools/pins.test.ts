import { describe, expect, it } from "vitest";
import { readPins } from "./pins";

describe("pins", () => {
  it("are one a line, with a sign or a space between", () => {
    expect(readPins("C01 = T-E1\nC02＝T-E2；C03 T-E3\n\n")).toEqual({
      pins: [
        { community_code: "C01", team_code: "T-E1" },
        { community_code: "C02", team_code: "T-E2" },
        { community_code: "C03", team_code: "T-E3" },
      ],
      bad: null,
    });
  });

  it.each(["C01", "C01 = ", "C01 = T-E1 = T-E2"])("that cannot be read are told: %s", (line) => {
    expect(readPins(`C00 = T\n${line}`)).toEqual({ pins: [], bad: line.trim() });
  });
});
