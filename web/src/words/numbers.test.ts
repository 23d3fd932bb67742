import { describe, expect, it } from "vitest";
import { count, degrees, percent, seconds, yuan } from "./numbers";

describe("numbers", () => {
  it.each([
    [0.7912, "79%"],
    [0.037, "3.7%"],
    [0.9871, "98.7%"],
    [1.107, "110.7%"],
    [0, "0%"],
  ])("percent %d", (ratio, text) => expect(percent(ratio)).toBe(text));

  it.each([
    [0.04, "0.04"],
    [1.27, "1.3"],
    [83.6, "84"],
  ])("seconds %d", (value, text) => expect(seconds(value)).toBe(text));

  it("counts with separators", () => expect(count(1234567)).toBe("1,234,567"));
  it("money without cents", () => expect(yuan(9200)).toBe("¥9,200"));
  it("longitude first", () => expect(degrees(118.7, 32)).toBe("118.70000, 32.00000"));
});
