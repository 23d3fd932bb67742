import { ref, shallowRef } from "vue";
import type { Trouble } from "../../api/client";
import { askPlans, discardPlan, makeDraft, takeStep, type Step } from "../ask";
import type { Plan } from "../types";
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

export async function newDraft(name: string, base: number | null): Promise<Plan | null> {
  const by = signature();
  const of = branch.value;
  if (by === null || of === null) return null;
  return inOrder(() => makeDraft({ branch_code: of, name, by, ...(base === null ? {} : { base_id: base }) }));
}

/** Moves a plan on in its life; the plan as it is then, or null. */
export async function step(plan: Plan, to: Step, more: { effective_from?: string; reason?: string; replace?: boolean } = {}): Promise<Plan | null> {
  const by = signature();
  if (by === null) return null;
  const moved = await inOrder(() => takeStep(plan.id, to, { by, version: plan.revision, ...more }));
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

/** The version that decides today, and the steps that a plan's state allows. */
export const inForce = (all: readonly Plan[]) => all.find((each) => each.state === "ACTIVE") ?? null;

export const STEPS: Record<Plan["state"], readonly Step[]> = {
  DRAFT: ["submit"],
  IN_REVIEW: ["approve", "reject", "withdraw"],
  APPROVED: ["publish", "withdraw"],
  SCHEDULED: [],
  ACTIVE: [],
  SUPERSEDED: ["roll-back"],
  DISCARDED: [],
};
