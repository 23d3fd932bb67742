import { words } from "../../words/language";
import { editOf, needsWord, type Captured } from "../tools/edits";
import { changeOf } from "../tools/vertices";
import type { AreaShape, Edit, LineShape, LonLat, MultiPolygonShape } from "../types";
import { make, shapes, turnBack } from "./draft";
import { foresee } from "./preview";
import { drop, picked, receiver, selected, staged, stagedLine, take, tool, vertex } from "./tool";
import { say } from "./work";

/** From what the hand captured to an edit: shown while it moves, made or held for a second word when it ends. */

const edited = (captured: Captured): Edit | null => editOf(tool.value, { selected: selected.value, receiver: receiver.value, take: take.value }, captured);

/** Shows what an edit would come to, and waits for a second word. */
export function stage(edit: Edit): void {
  staged.value = edit;
  foresee(edit);
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
    if (edit.verb === "SPLIT") stagedLine.value = edit.line;
    stage(edit);
  } else void commit(edit);
}

export const captureArea = (area: AreaShape, done: boolean) => capture({ area }, done);
export const captureLine = (line: LineShape, done: boolean) => capture({ line }, done);

/** The other part of a split goes instead: the one in which the point lies. */
export function pointAtPart(part: LonLat): void {
  const line = stagedLine.value;
  const edit = line ? edited({ line, part }) : null;
  if (edit) stage(edit);
}

/** Communities were picked up or put back: what giving them would come to. */
export function communitiesChanged(): void {
  const edit = edited({ communities: [...picked.value] });
  if (edit) stage(edit);
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
