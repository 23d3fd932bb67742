import { describe, expect, it } from "vitest";
import { brushed, covers, distance, looped, thinned } from "./stroke";

const area = (rings: number[][][]) =>
  Math.abs(
    rings.reduce((sum, ring) => sum + ring.slice(1).reduce((part, [x = 0, y = 0], at) => part + (ring[at]![0]! * y - x * ring[at]![1]!) / 2, 0), 0),
  );

describe("a brush", () => {
  it("covers a circle where it is put down", () => {
    const [only, ...rest] = brushed([[3, 4]], 2);
    expect(rest).toEqual([]);
    expect(area(only!)).toBeGreaterThan(0.97 * Math.PI * 4);
    expect(area(only!)).toBeLessThanOrEqual(Math.PI * 4);
  });

  it("covers a band along its way, within the radius and not farther", () => {
    const band = brushed([[0, 0], [10, 0], [10, 10]], 1);
    expect(band).toHaveLength(1);
    expect(covers(band, [5, 0.9])).toBe(true);
    expect(covers(band, [10.9, 5])).toBe(true);
    expect(covers(band, [5, 1.1])).toBe(false);
    expect(area(band[0]!)).toBeCloseTo(2 * 20 + Math.PI - 1 + Math.PI / 4, 0);
  });

  it("leaves the middle of a ring free", () => {
    const ring = Array.from({ length: 33 }, (_, step): [number, number] => [10 * Math.cos((step * Math.PI) / 16), 10 * Math.sin((step * Math.PI) / 16)]);
    const made = brushed(ring, 1);
    expect(made).toHaveLength(1);
    expect(made[0]).toHaveLength(2);
    expect(covers(made, [0, 0])).toBe(false);
    expect(covers(made, [10, 0])).toBe(true);
  });
});

describe("a free loop", () => {
  it("is closed", () => {
    const made = looped([[0, 0], [4, 0], [4, 4], [0, 4]], 0.1);
    expect(made).toHaveLength(1);
    expect(area(made[0]!)).toBe(16);
    expect(made[0]![0]![0]).toEqual(made[0]![0]!.at(-1));
  });

  it("that crosses itself becomes two areas", () => {
    const made = looped([[0, 0], [4, 4], [4, 0], [0, 4]], 0.1);
    expect(made).toHaveLength(2);
    expect(made.reduce((sum, each) => sum + area(each), 0)).toBeCloseTo(8);
  });

  it("of two points is nothing", () => {
    expect(looped([[0, 0], [1, 1]], 0.1)).toEqual([]);
  });
});

describe("thinning", () => {
  it("keeps corners and drops what lies on the way", () => {
    expect(thinned([[0, 0], [1, 0.01], [2, 0], [2, 2]], 0.1)).toEqual([[0, 0], [2, 0], [2, 2]]);
  });

  it("is never farther away than its tolerance", () => {
    const path = Array.from({ length: 200 }, (_, at): [number, number] => [at, 10 * Math.sin(at / 9)]);
    const thin = thinned(path, 0.5);
    expect(thin.length).toBeLessThan(80);
    for (const point of path) {
      expect(Math.min(...thin.slice(1).map((to, at) => distance(point, thin[at]!, to)))).toBeLessThanOrEqual(0.5);
    }
  });
});
