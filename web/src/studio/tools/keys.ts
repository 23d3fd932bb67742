import { TOOLS, type ToolName } from "./tools";

/** What a key asks for in the studio. */
export type Command =
  | { do: "tool"; tool: ToolName }
  | { do: "nudge"; direction: 0 | 1 | 2 | 3 }
  | { do: "defect"; by: 1 | -1 }
  | { do: "vertex"; by: 1 | -1 }
  | { do: "tab"; number: number }
  | { do: "undo" | "redo" | "accept" | "cancel" | "leave" | "back" | "help" | "snap" | "pick" | "coordinates" | "regions" | "receiver" | "fit" | "layers" | "insert" | "erase" };

interface Pressed {
  key: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  isComposing: boolean;
  target: EventTarget | null;
}

const LETTERS = new Map(TOOLS.map((tool) => [tool.letter.toLowerCase(), tool.name]));
const ARROWS = ["ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown"];
const PLAIN: Record<string, Command> = {
  n: { do: "defect", by: 1 },
  "]": { do: "defect", by: 1 },
  p: { do: "defect", by: -1 },
  "[": { do: "defect", by: -1 },
  ".": { do: "vertex", by: 1 },
  ",": { do: "vertex", by: -1 },
  a: { do: "snap" },
  b: { do: "pick" },
  k: { do: "coordinates" },
  o: { do: "regions" },
  q: { do: "receiver" },
  z: { do: "fit" },
  l: { do: "layers" },
  i: { do: "insert" },
  "?": { do: "help" },
  "？": { do: "help" },
  Enter: { do: "accept" },
  Escape: { do: "cancel" },
  Backspace: { do: "back" },
  Delete: { do: "erase" },
};

const FIELDS = new Set(["INPUT", "TEXTAREA", "SELECT"]);
const PRESSED_BY_ENTER = new Set(["BUTTON", "A", "SUMMARY", "OPTION"]);

/** The command of a key press; null where it is none, or where the press belongs to a field or a focused button. */
export function commandOf(event: Pressed): Command | null {
  if (event.isComposing || event.altKey) return null;
  const target = event.target as { tagName?: string; type?: string } | null;
  const tag = target?.tagName ?? "";
  const field = FIELDS.has(tag) && !["checkbox", "radio", "button", "file"].includes(target?.type ?? "");
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) {
    // In a list there is no text to take back; left to itself the browser would take it back in some other field.
    if (field && tag !== "SELECT") return null;
    if (key === "z") return { do: event.shiftKey ? "redo" : "undo" };
    return key === "y" ? { do: "redo" } : null;
  }
  // A list of teams is chosen from with arrows and letters: Enter has no use of its own there.
  if (field) return event.key === "Escape" ? { do: "leave" } : event.key === "Enter" && tag === "SELECT" ? { do: "accept" } : null;
  if (event.key === "Enter" && PRESSED_BY_ENTER.has(tag)) return null;
  const arrow = ARROWS.indexOf(event.key);
  if (arrow >= 0) return event.shiftKey ? { do: "nudge", direction: arrow as 0 | 1 | 2 | 3 } : null;
  if (/^[1-5]$/.test(key)) return { do: "tab", number: Number(key) };
  const tool = LETTERS.get(key);
  if (tool) return { do: "tool", tool };
  return PLAIN[key] ?? null;
}
