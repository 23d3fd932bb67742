import { computed, shallowRef } from "vue";
import { person } from "../../state/person";
import { askConflicts, askPlan, resolveConflict, tellPresence } from "../ask";
import type { Bbox, Conflict, Present } from "../types";
import { plan, refresh, version } from "./draft";
import { inOrder, signature } from "./work";

/** Others at work on the same draft: who they are and where, and where their edits and ours disagree. */

export const present = shallowRef<Present[]>([]);
/** Names that this page has signed with before, and when it ceased to: the service remembers them for a while. */
const former = shallowRef<ReadonlyMap<string, number>>(new Map());
export const others = computed(() => present.value.filter((each) => each.person !== person.value.trim() && !(Date.now() - (former.value.get(each.person) ?? 0) < REMEMBERED_MS)));
export const conflicts = shallowRef<Conflict[]>([]);
/** The conflict that is to be settled now: the oldest. */
export const conflict = computed(() => conflicts.value[0] ?? null);

const BEAT_MS = 4000;
const REMEMBERED_MS = 60_000;

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
  let before = person.value.trim();
  const beat = async () => {
    const [id, where, by] = [plan.value?.id, bbox(), person.value.trim()];
    // A name that is being written is nobody yet.
    const settled = by === before;
    if (!settled && before) former.value = new Map(former.value).set(before, Date.now());
    before = by;
    if (settled && !document.hidden && id !== undefined && where && by && plan.value?.state === "DRAFT") {
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
