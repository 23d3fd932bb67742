import { computed, ref, shallowRef } from "vue";
import type { Trouble } from "../../api/client";
import { askComparison, askPlan, askTerritories } from "../ask";
import { multi } from "../map/project";
import type { Bbox, Comparison, MultiPolygonShape, Plan } from "../types";
import { troubleOf } from "./work";

/** Two versions side by side: `after` is what `before` becomes. */

export const before = shallowRef<Plan | null>(null);
export const after = shallowRef<Plan | null>(null);
export const comparison = shallowRef<Comparison | null>(null);
export const comparing = ref(false);
export const compareTrouble = shallowRef<Trouble | null>(null);
export const pieces = computed(() => (comparison.value?.pieces?.features ?? []).map(({ geometry, properties }) => ({ from: properties.from_team_code, to: properties.to_team_code, geometry })));

/** The territories of the later version. */
export const grounds = shallowRef<ReadonlyMap<string, MultiPolygonShape>>(new Map());

const EVERYWHERE: Bbox = [73, 3, 136, 54];

let asked: AbortController | null = null;

/** Compares a version with an earlier one. */
export async function compare(id: number, other: number): Promise<void> {
  asked?.abort();
  const mine = (asked = new AbortController());
  comparison.value = null;
  compareTrouble.value = null;
  comparing.value = true;
  try {
    const [one, two, found, land] = await Promise.all([
      askPlan(id, mine.signal),
      askPlan(other, mine.signal),
      askComparison(id, other, mine.signal),
      askTerritories(id, EVERYWHERE, mine.signal),
    ]);
    if (asked !== mine) return;
    grounds.value = new Map(land.features.map(({ geometry, properties }) => [properties.team_code, multi(geometry)]));
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
  grounds.value = new Map();
  compareTrouble.value = null;
}
