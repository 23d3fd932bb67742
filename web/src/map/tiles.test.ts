import { describe, expect, it } from "vitest";
import { showPlan, tileSource, tileUrl } from "./tiles";

const draft = { id: 17, published: false };

describe("addresses of tiles", () => {
  it("name the date of territories alone, and the version where the server does not see it", () => {
    expect(tileUrl("territories", "a1", "2026-03-10")).toBe("/tiles/territories/{z}/{x}/{y}.mvt?on=2026-03-10#a1");
    expect(tileUrl("orphans", "a1", "2026-03-10")).toBe("/tiles/orphans/{z}/{x}/{y}.mvt#a1");
    expect(tileUrl("customers", "", null)).toBe("/tiles/customers/{z}/{x}/{y}.mvt");
  });

  it("name a plan instead of a date", () => {
    expect(tileUrl("territories", "a1", "2026-03-10", draft)).toBe("/tiles/territories/{z}/{x}/{y}.mvt?plan=17#a1");
    expect(tileUrl("communities", "a1", null, draft)).toBe("/tiles/communities/{z}/{x}/{y}.mvt#a1");
  });

  it("hold the version where a published plan's tile is kept for good", () => {
    const published = { id: 17, published: true };
    expect(tileUrl("territories", "a1", null, published)).toBe("/tiles/territories/{z}/{x}/{y}.mvt?plan=17&v=a1#a1");
    expect(tileUrl("territories", "", null, published)).toBe("/tiles/territories/{z}/{x}/{y}.mvt?plan=17");
  });
});

describe("a source", () => {
  it("turns to a plan, and again only when the plan has changed", () => {
    const source = tileSource("territories");
    expect(showPlan(source, draft, "a")).toBe(true);
    expect(showPlan(source, draft, "a")).toBe(false);
    expect(showPlan(source, draft, "b")).toBe(true);
    expect(source.getUrls()).toEqual(["/tiles/territories/{z}/{x}/{y}.mvt?plan=17#b"]);
  });
});
