import { describe, expect, it } from "vitest";
import { metres } from "./text";

describe("a distance", () => {
  it.each([
    [0, "0 米"],
    [84.6, "85 米"],
    [123, "120 米"],
    [9_994, "9,990 米"],
    [12_345, "12 公里"],
  ])("%d is said as %s", (value, said) => expect(metres(value)).toBe(said));
});
