import { describe, expect, it } from "vitest";
import { actionOf } from "./keys";

const press = (key: string, more: object = {}) =>
  actionOf({ key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, isComposing: false, target: null, ...more });

describe("a key", () => {
  it.each([
    ["j", "down"],
    ["K", "up"],
    ["n", "not"],
    ["?", "help"],
    ["Enter", "confirm"],
    ["u", "undo"],
  ])("%s means %s", (key, name) => expect(press(key)?.do).toBe(name));

  it("chooses by its digit", () => expect(press("7")).toEqual({ do: "number", number: 7 }));

  it("belongs to the field that is written in", () => {
    for (const tagName of ["INPUT", "SELECT", "TEXTAREA"]) expect(press("n", { target: { tagName } })).toBeNull();
    expect(press("Enter", { target: { tagName: "BUTTON" } })).toBeNull();
    expect(press("j", { target: { tagName: "BUTTON" } })?.do).toBe("down");
  });

  it("is the browser's with Ctrl, and half a word's while composing", () => {
    expect(press("p", { ctrlKey: true })).toBeNull();
    expect(press("n", { isComposing: true })).toBeNull();
  });

  it("moves the pin with Shift alone", () => {
    expect(press("ArrowUp")).toBeNull();
    expect(press("ArrowUp", { shiftKey: true })).toEqual({ do: "nudge", number: 1 });
  });
});
