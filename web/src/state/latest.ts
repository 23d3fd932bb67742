import { computed, ref, shallowRef } from "vue";
import { askLatestRun, askSummary, type Run, type Summary } from "../api/ask";
import { Trouble } from "../api/client";
import { WAITING } from "../words/rungs";
import { refreshWorld } from "./world";

/** The latest run and what became of all open orphans, asked again while a run is under way. */

export const run = shallowRef<Run | null>(null);
export const summary = shallowRef<Summary | null>(null);
export const loaded = ref(false);
export const trouble = shallowRef<Trouble | null>(null);

const BUSY_MS = 1500;
const QUIET_MS = 20_000;

export const underWay = computed(() => run.value?.status === "QUEUED" || run.value?.status === "RUNNING");

/** Policies of each rung, and of the states before the ladder. */
export const byKind = computed<Record<string, number>>(() => {
  if (!summary.value) return {};
  const counts: Record<string, number> = Object.fromEntries(summary.value.by_rung.map((each) => [each.rung, each.policies]));
  for (const { state, cases } of summary.value.by_state) {
    if (state === "LOCATION_REVIEW" || state === "PENDING_APPROVAL") counts[state] = cases;
  }
  return counts;
});

/** Cases of a state. */
export function casesIn(state: string): number {
  return summary.value?.by_state.find((each) => each.state === state)?.cases ?? 0;
}

export const waiting = computed(() => WAITING.reduce((sum, state) => sum + casesIn(state), 0));

export async function loadLatest(): Promise<void> {
  try {
    const [newest, counts] = await Promise.all([askLatestRun(), askSummary()]);
    run.value = newest;
    summary.value = counts;
    trouble.value = null;
  } catch (error) {
    trouble.value = error instanceof Trouble ? error : new Trouble("UNEXPECTED", "", "", 0);
  } finally {
    loaded.value = true;
  }
}

/** Keeps run, summary and world fresh until the returned function is called. Rests while the page is out of sight. */
export function keepFresh(): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const round = async () => {
    if (!document.hidden) {
      await loadLatest();
      await refreshWorld();
    }
    timer = setTimeout(() => void round(), underWay.value ? BUSY_MS : QUIET_MS);
  };
  timer = setTimeout(() => void round(), QUIET_MS);
  return () => clearTimeout(timer);
}
