import { ref, shallowRef } from "vue";
import type { Trouble } from "../../api/client";
import { askPlans, discardPlan, makeDraft, publishPlan, rollBack, takeStep } from "../ask";
import type { Plan, PlanStep } from "../types";
import { inOrder, signature, troubleOf } from "./work";

/** The versions of a branch. */

export const branch = ref<string | null>(null);
export const plans = shallowRef<Plan[]>([]);
export const loading = ref(false);
export const listTrouble = shallowRef<Trouble | null>(null);

let asked = 0;

export async function loadPlans(of: string | null = branch.value): Promise<void> {
  const turn = ++asked;
  if (of !== branch.value) plans.value = [];
  branch.value = of;
  if (of === null) return;
  loading.value = true;
  try {
    const found = await askPlans(of);
    if (turn !== asked) return;
    plans.value = found;
    listTrouble.value = null;
  } catch (error) {
    if (turn === asked) listTrouble.value = troubleOf(error);
  } finally {
    if (turn === asked) loading.value = false;
  }
}

/** A new draft of a version, or of nothing. */
export async function newDraft(name: string, base: number | null): Promise<Plan | null> {
  const by = signature();
  const of = branch.value;
  if (by === null || of === null) return null;
  return inOrder(() => makeDraft({ branch_code: of, name, by, empty: base === null, base_id: base }));
}

/** What may be done with a version; a published one may be taken up again. */
export type Act = Exclude<PlanStep, "discard"> | "roll-back";

/** Moves a plan on in its life; the plan as it is then (the new one, where an old one is taken up again), or null. */
export async function step(plan: Plan, to: Act, more: { effective_from?: string; reason?: string; replace?: boolean } = {}): Promise<Plan | null> {
  const by = signature();
  if (by === null) return null;
  const { effective_from, reason, replace = false } = more;
  const moved = await inOrder(() => {
    if (to === "roll-back") return rollBack(plan.id, by);
    if (to === "publish") return publishPlan(plan.id, { by, effective_from: effective_from ?? "", replace });
    return takeStep(plan.id, to, { by, ...(reason ? { reason } : {}) });
  });
  if (moved) await loadPlans(plan.branch_code);
  return moved;
}

export async function discard(plan: Plan): Promise<boolean> {
  const by = signature();
  if (by === null) return false;
  const gone = await inOrder(async () => {
    await discardPlan(plan.id, by);
    return true;
  });
  if (gone) await loadPlans(plan.branch_code);
  return gone === true;
}

/** The version that decides today. */
export const inForce = (all: readonly Plan[]) => all.find((each) => each.state === "ACTIVE") ?? null;
