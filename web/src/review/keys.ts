/** What a key asks for on the review page. `number`: the digit, or the direction of an arrow (0 left, 1 up, 2 right, 3 down). */
export interface Action {
  do: string;
  number: number;
}

const WORDS: Record<string, string> = {
  j: "down",
  k: "up",
  g: "next",
  n: "not",
  p: "pin",
  s: "scope",
  f: "fit",
  h: "history",
  u: "undo",
  "?": "help",
  "？": "help",
  Enter: "confirm",
  Escape: "escape",
};

const ARROWS = ["ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown"];

interface Pressed {
  key: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  isComposing: boolean;
  target: EventTarget | null;
}

/** The action of a key press; null where it is none, or where the press belongs to a field or a button. */
export function actionOf(event: Pressed): Action | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return null;
  const tag = (event.target as { tagName?: string } | null)?.tagName ?? "";
  if (tag === "INPUT" || tag === "TEXTAREA" || tag === "SELECT") return null;
  // A focused button, link or summary is pressed by Enter itself.
  if (event.key === "Enter" && (tag === "BUTTON" || tag === "A" || tag === "SUMMARY")) return null;
  if (/^[1-9]$/.test(event.key)) return { do: "number", number: Number(event.key) };
  const arrow = ARROWS.indexOf(event.key);
  if (arrow >= 0) return event.shiftKey ? { do: "nudge", number: arrow } : null;
  const word = WORDS[event.key] ?? WORDS[event.key.toLowerCase()];
  return word ? { do: word, number: 0 } : null;
}
