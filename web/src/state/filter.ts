import { computed, ref } from "vue";

/** Kinds of orphan (rungs and states) that the map hides. */
const hidden = ref(new Set<string>());

export const hiddenKinds = computed<ReadonlySet<string>>(() => hidden.value);

export function toggleKind(kind: string): void {
  const next = new Set(hidden.value);
  if (!next.delete(kind)) next.add(kind);
  hidden.value = next;
}

export function showAllKinds(): void {
  hidden.value = new Set();
}

export type LayerName = "branches" | "communities" | "territories" | "orphans";

export const shownLayers = ref<Record<LayerName, boolean>>({
  branches: true,
  communities: true,
  territories: true,
  orphans: true,
});
