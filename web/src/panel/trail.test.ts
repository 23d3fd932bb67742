import { describe, expect, it } from "vitest";
import type { AskedRung } from "../api/ask";
import { trailOf } from "./trail";

const asked = (rung: AskedRung["rung"], outcome: string): AskedRung => ({ rung, outcome, zh: "", en: "", candidates: [] });

describe("the trail of a decision", () => {
  it("shows what was asked, then what it was not necessary to ask", () => {
    const steps = trailOf([asked("DESIGNATED", "NO_DESIGNATION"), asked("CURRENT_SERVICER", "TAKEN")], "CURRENT_SERVICER");
    expect(steps.map(({ code, step, taken }) => [code, step, taken])).toEqual([
      ["DESIGNATED", "1", false],
      ["CURRENT_SERVICER", "2", true],
      ["REGION_OWNER", "3", false],
      ["ORIGIN_TEAM", "5", false],
      ["BRANCH_BALANCE", "6", false],
      ["CITY_REVIEW", "7", false],
    ]);
    expect(steps.filter((step) => step.asked === null)).toHaveLength(4);
  });

  it("shows a tie in the place of the owner, once", () => {
    const steps = trailOf(
      [asked("DESIGNATED", "NO_DESIGNATION"), asked("CURRENT_SERVICER", "PURE"), asked("REGION_TIE_LOAD", "TAKEN")],
      "REGION_TIE_LOAD",
    );
    expect(steps.map(({ code }) => code)).toEqual([
      "DESIGNATED",
      "CURRENT_SERVICER",
      "REGION_TIE_LOAD",
      "ORIGIN_TEAM",
      "BRANCH_BALANCE",
      "CITY_REVIEW",
    ]);
    expect(steps[2]).toMatchObject({ step: "4", taken: true });
  });

  it("keeps the order in which a strategy asked", () => {
    const steps = trailOf(
      [asked("DESIGNATED", "NO_DESIGNATION"), asked("REGION_OWNER", "NO_OWNER"), asked("CURRENT_SERVICER", "TAKEN")],
      "CURRENT_SERVICER",
    );
    expect(steps.map(({ code }) => code).slice(0, 3)).toEqual(["DESIGNATED", "REGION_OWNER", "CURRENT_SERVICER"]);
  });

  it("marks the city's review as the end of the climb", () => {
    const steps = trailOf([asked("BRANCH_BALANCE", "NONE_ELIGIBLE"), asked("CITY_REVIEW", "FOR_A_PERSON")], "CITY_REVIEW");
    expect(steps.find(({ taken }) => taken)?.code).toBe("CITY_REVIEW");
  });
});
