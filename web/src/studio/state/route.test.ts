import { describe, expect, it } from "vitest";
import { hashOf, routeOf, type Route } from "./route";

describe("the studio's address", () => {
  it.each<Route>([
    { at: "start", branch: null },
    { at: "start", branch: "江东/一" },
    { at: "plan", id: 12 },
    { at: "compare", id: 12, other: 9 },
  ])("leads back to %j", (route) => {
    expect(routeOf(hashOf(route))).toEqual(route);
  });

  it.each(["", "#/plan/", "#/plan/x", "#/plan/-1", "#/compare/3", "#/else/3", "#/branch/%E0%A4%A"])("that is none of ours (%s) leads to the start", (hash) => {
    expect(routeOf(hash)).toEqual({ at: "start", branch: null });
  });
});
