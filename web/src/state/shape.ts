import { computed, onBeforeUnmount, ref, type ComputedRef } from "vue";
import type { Padding } from "../map/chart";

const MARGIN = 28;

/** What of the map is covered: the side panel lies over its right edge where there is room, over all of it on a phone. */
export function useShape(panelOpen: () => boolean): { padding: ComputedRef<Padding> } {
  const width = ref(window.innerWidth);
  const resized = () => (width.value = window.innerWidth);
  window.addEventListener("resize", resized);
  onBeforeUnmount(() => window.removeEventListener("resize", resized));
  const padding = computed<Padding>(() => {
    const covered = !panelOpen() || width.value <= 760 ? 0 : width.value <= 1180 ? 372 : 420;
    return [MARGIN, covered + MARGIN, MARGIN, MARGIN];
  });
  return { padding };
}
