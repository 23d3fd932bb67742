import { describe, expect, it } from "vitest";
import { en } from "./en";
import { BEFORE_LADDER, RUNGS, WAITING } from "./rungs";
import { zh } from "./zh";

type Tree = { [key: string]: unknown };

/** Every leaf of a table of sentences with the path to it. */
function leaves(tree: Tree, path = ""): [string, unknown][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === "object" && value !== null ? leaves(value as Tree, `${path}${key}.`) : [[`${path}${key}`, value] as [string, unknown]],
  );
}

/** A leaf as text; a sentence with gaps is given marks for them. */
const said = (leaf: unknown): string =>
  typeof leaf === "function" ? (leaf as (...gaps: string[]) => string)("‹2›", "‹3›", "‹4›") : String(leaf);

describe("sentences", () => {
  const chinese = leaves(zh);
  const english = new Map(leaves(en));

  it("are there in both languages", () => {
    expect([...english.keys()].sort()).toEqual(chinese.map(([path]) => path).sort());
  });

  it.each(chinese)("%s says something and fills the same gaps", (path, leaf) => {
    const other = english.get(path);
    expect(said(leaf).trim()).not.toBe("");
    expect(said(other).trim()).not.toBe("");
    expect(typeof other).toBe(typeof leaf);
    const gaps = (text: string) => ["‹2›", "‹3›", "‹4›"].filter((gap) => text.includes(gap));
    if (path !== "map.single") expect(gaps(said(other))).toEqual(gaps(said(leaf)));
  });

  it("in Chinese are Chinese and in English are not", () => {
    const han = /\p{Script=Han}/u;
    const alike = new Set(["switchLanguage", "otherLanguage", "ui.of", "map.single"]);
    for (const [path, leaf] of chinese) {
      if (alike.has(path)) continue;
      expect(han.test(said(leaf)), path).toBe(true);
      expect(han.test(said(english.get(path))), path).toBe(false);
    }
  });

  it("name every rung and every state that the legend shows", () => {
    for (const { code } of [...RUNGS, ...BEFORE_LADDER]) expect(zh.rung[code]?.text).toBeTruthy();
    for (const state of WAITING) expect(zh.work[state]).toBeTruthy();
  });
});

describe("rungs", () => {
  it("have a colour each", () => {
    const colours = [...RUNGS, ...BEFORE_LADDER].map(({ colour }) => colour);
    expect(new Set(colours).size).toBe(colours.length);
  });

  it("are numbered downwards", () => {
    const steps = RUNGS.map(({ step }) => Number(step));
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
  });
});
