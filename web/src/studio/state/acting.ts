import { words } from "../../words/language";
import { editOf, needsWord, type Captured } from "../tools/edits";
import { changeOf } from "../tools/vertices";
import type { AreaShape, Edit, LineShape, LonLat, MultiPolygonShape } from "../types";
import { make, shapes, turnBack } from "./draft";
import { foresee } from "./preview";
import { drop, picked, receiver, selected, staged, stagedFrom, take, tool, vertex } from "./tool";
import { say } from "./work";

/** From what the hand captured to an edit: shown while it moves, made or held for a second word when it ends. */

const edited = (captured: Captured): Edit | null => editOf(tool.value, { selected: selected.value, receiver: receiver.value, take: take.value }, captured);

/** Shows what an edit would come to, and waits for a second word. `from`: what it was made of, if a hand has captured it. */
export function stage(edit: Edit, from: Captured | null = null): void {
  staged.value = edit;
  stagedFrom.value = from;
  foresee(edit);
}

/** Makes what waits anew of what was captured, after the choice of who receives has changed: what is shown is what Enter does. */
export function stageAnew(): void {
  const from = stagedFrom.value;
  const edit = from ? edited(from) : null;
  if (!edit || JSON.stringify(edit) === JSON.stringify(staged.value)) return;
  foresee(null);
  stage(edit, from);
}

/** Makes an edit at once. */
export async function commit(edit: Edit): Promise<boolean> {
  const done = await make(edit);
  foresee(null);
  if (done) {
    drop();
    say(words.value.studio.done(words.value.studio.verb[edit.verb] ?? edit.verb), true);
  }
  return done;
}

/** What a gesture has captured, while it goes on or when it ends. */
export function capture(captured: Captured, done: boolean): void {
  const edit = edited(captured);
  if (!edit) return;
  if (!done) foresee(edit);
  else if (needsWord(edit)) {
    stage(edit, captured);
  } else void commit(edit);
}

export const captureArea = (area: AreaShape, done: boolean) => capture({ area }, done);
export const captureLine = (line: LineShape, done: boolean) => capture({ line }, done);

/** The other part of a split goes instead: the one in which the point lies. */
export function pointAtPart(part: LonLat): void {
  const line = stagedFrom.value?.line;
  const captured = line ? { line, part } : null;
  const edit = captured ? edited(captured) : null;
  if (edit) stage(edit, captured);
}

/** Communities were picked up or put back: what giving them would come to. */
export function communitiesChanged(): void {
  const captured = { communities: [...picked.value] };
  const edit = edited(captured);
  if (edit) stage(edit, captured);
  else {
    staged.value = null;
    foresee(null);
  }
}

/** The edit of a vertex of the selected territory, or of the borders that a drag has bent. */
export function vertexEdit(bent: readonly { team: string; shape: MultiPolygonShape }[]): Edit | null {
  for (const { team, shape } of bent) {
    const before = shapes.value.get(team);
    const change = before ? changeOf(before, shape) : null;
    if (change?.kind === "MOVE") return { verb: "MOVE_VERTEX", at: change.at, to: change.to };
    if (change?.kind === "INSERT") return { verb: "INSERT_VERTEX", at: change.at, to: change.to };
    if (change?.kind === "DELETE") return { verb: "DELETE_VERTEX", at: change.at };
  }
  return null;
}

/** The second word: makes what waits for it. */
export async function accept(): Promise<boolean> {
  const edit = staged.value;
  if (edit) return commit(edit);
  const held = vertex.value;
  if (!held || (held.at[0] === held.to[0] && held.at[1] === held.to[1])) return false;
  const moved = await commit({ verb: "MOVE_VERTEX", at: held.at, to: held.to });
  return moved;
}

/** Drops what is in the hand; false if there was nothing. */
export function letGo(): boolean {
  foresee(null);
  return drop();
}

export async function turn(way: "undo" | "redo"): Promise<void> {
  letGo();
  if (await turnBack(way)) say(way === "undo" ? words.value.studio.undone : words.value.studio.redone);
}
