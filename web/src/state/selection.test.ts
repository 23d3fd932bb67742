import { describe, expect, it } from "vitest";
import { fromHash, NOTHING, toHash, type Selection } from "./selection";

describe("the address of a selection", () => {
  it.each<Selection>([
    NOTHING,
    { kind: "case", policyNo: "P/1 %#?" },
    { kind: "team", code: "320102-C1" },
    { kind: "point", lon: 118.79, lat: -32.05 },
    { kind: "address", text: "玄武区中山路18号/2幢" },
    { kind: "stack", policyNos: ["P1", "P2"] },
  ])("can be read again: %o", (selection) => expect(fromHash(toHash(selection))).toEqual(selection));

  it.each(["", "#", "#/", "#/case/", "#/nobody/1", "#/point/a,b", "#/point/190,0", "#/point/1", "#/case/%E0%A4%A"])(
    "stands for nothing: %s",
    (hash) => expect(fromHash(hash)).toEqual(NOTHING),
  );
});
