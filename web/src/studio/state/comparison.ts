import { computed, ref, shallowRef } from "vue";
import type { Trouble } from "../../api/client";
import { askComparison, askPlan } from "../ask";
import type { Comparison, Plan } from "../types";
import { troubleOf } from "./work";

/** Two versions side by side: `after` is what `before` becomes. */

export const before = shallowRef<Plan | null>(null);
export const after = shallowRef<Plan | null>(null);
export const comparison = shallowRef<Comparison | null>(null);
export const comparing = ref(false);
export const compareTrouble = shallowRef<Trouble | null>(null);
export const pieces = computed(() => (comparison.value?.pieces?.features ?? []).map(({ geometry, properties }) => ({ from: properties.from_team_code, to: properties.to_team_code, geometry })));

let asked: AbortController | null = null;

/** Compares a version with an earlier one. */
export async function compare(id: number, other: number): Promise<void> {
  asked?.abort();
  const mine = (asked = new AbortController());
  comparison.value = null;
  compareTrouble.value = null;
  comparing.value = true;
  try {
    const [one, two, found] = await Promise.all([askPlan(id, mine.signal), askPlan(other, mine.signal), askComparison(id, other, mine.signal)]);
    if (asked !== mine) return;
    [after.value, before.value, comparison.value] = [one, two, found];
  } catch (error) {
    if (asked === mine) compareTrouble.value = troubleOf(error);
  } finally {
    if (asked === mine) comparing.value = false;
  }
}

export function endComparison(): void {
  asked?.abort();
  before.value = after.value = comparison.value = null;
  compareTrouble.value = null;
}
