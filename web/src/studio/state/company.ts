import { computed, shallowRef } from "vue";
import { person } from "../../state/person";
import { askConflicts, askPlan, resolveConflict, tellPresence } from "../ask";
import type { Bbox, Conflict, Present } from "../types";
import { plan, refresh, version } from "./draft";
import { inOrder, signature } from "./work";

/** Others at work on the same draft: who they are and where, and where their edits and ours disagree. */

export const present = shallowRef<Present[]>([]);
export const others = computed(() => present.value.filter((each) => each.person !== person.value.trim()));
export const conflicts = shallowRef<Conflict[]>([]);
/** The conflict that is to be settled now: the oldest. */
export const conflict = computed(() => conflicts.value[0] ?? null);

const BEAT_MS = 4000;

export async function loadConflicts(): Promise<void> {
  const id = plan.value?.id;
  if (id === undefined) return;
  const found = await askConflicts(id);
  if (plan.value?.id === id) conflicts.value = found;
}

export async function choose(one: Conflict, choice: "MINE" | "THEIRS"): Promise<void> {
  const by = signature();
  const id = plan.value?.id;
  if (by === null || id === undefined) return;
  await inOrder(async () => {
    await resolveConflict(id, one.id, choice, by);
    await refresh();
    await loadConflicts();
  });
}

/** Tells where we are and hears who else is there and whether the draft has changed, until the returned function is called. */
export function keepCompany(bbox: () => Bbox | null): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const beat = async () => {
    const [id, where, by] = [plan.value?.id, bbox(), person.value.trim()];
    if (!document.hidden && id !== undefined && where && by && plan.value?.state === "DRAFT") {
      try {
        const heard = await tellPresence(id, by, where);
        if (plan.value?.id === id) {
          present.value = heard;
          if ((await askPlan(id)).version > version.value) await inOrder(async () => Promise.all([refresh(), loadConflicts()]));
        }
      } catch {
        // The next beat tells again.
      }
    }
    timer = setTimeout(() => void beat(), BEAT_MS);
  };
  timer = setTimeout(() => void beat(), 300);
  return () => clearTimeout(timer);
}
