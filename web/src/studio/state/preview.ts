import { ref, shallowRef } from "vue";
import type { Trouble } from "../../api/client";
import { previewEdit } from "../ask";
import type { Previewed, Edit } from "../types";
import { plan, version } from "./draft";
import { troubleOf } from "./work";
import { person } from "../../state/person";

/** What an edit that is still in the hand would come to. Asked while the hand moves, one question at a time, the newest first. */

export const foreseen = shallowRef<Previewed | null>(null);
export const foreseenTrouble = shallowRef<Trouble | null>(null);
export const foreseeing = ref(false);

const PAUSE_MS = 60;

let wanted: Edit | null = null;
let asking: AbortController | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Says what is in the hand now; null: nothing. */
export function foresee(edit: Edit | null): void {
  wanted = edit;
  if (edit === null) {
    clearTimeout(timer);
    timer = undefined;
    asking?.abort();
    asking = null;
    foreseen.value = null;
    foreseenTrouble.value = null;
    foreseeing.value = false;
    return;
  }
  foreseeing.value = true;
  // A question under way is let finish: its answer is shown, and the newest wish is asked next.
  if (!asking && timer === undefined) timer = setTimeout(() => void next(), PAUSE_MS);
}

async function next(): Promise<void> {
  timer = undefined;
  const [edit, id] = [wanted, plan.value?.id];
  if (!edit || id === undefined) return;
  const mine = (asking = new AbortController());
  try {
    const answer = await previewEdit(id, version.value, person.value.trim() || "–", edit, mine.signal);
    if (asking !== mine) return;
    foreseen.value = answer;
    foreseenTrouble.value = null;
  } catch (error) {
    if (asking !== mine) return;
    foreseen.value = null;
    foreseenTrouble.value = troubleOf(error);
  }
  asking = null;
  if (wanted !== edit) timer = setTimeout(() => void next(), PAUSE_MS);
  else foreseeing.value = false;
}
