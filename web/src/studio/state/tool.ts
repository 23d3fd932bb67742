import { computed, reactive, ref, shallowRef, watch } from "vue";
import { missing, toolOf, type Pick, type ToolName } from "../tools/tools";
import type { Captured } from "../tools/edits";
import type { Edit, LonLat } from "../types";

/** The tool in hand and what has been chosen for it. */

export const tool = ref<ToolName>("select");
export const selected = ref<string | null>(null);
/** The team that receives: "" is nobody, null not chosen yet. */
export const receiver = ref<string | null>(null);
export const take = ref(false);
export const snap = ref(true);
export const tracing = ref(false);
export const brushPx = ref(18);
const picks = reactive<Partial<Record<ToolName, Pick>>>({});

export const toolInHand = computed(() => toolOf(tool.value));
export const pick = computed<Pick>(() => picks[tool.value] ?? toolInHand.value.picks[0] ?? "click");

/** Communities picked up for somebody. */
export const picked = shallowRef<ReadonlySet<string>>(new Set());
/** An edit that waits for a second word, and what the hand captured for it: somebody else may yet be chosen to receive, or another part of a split pointed at. */
export const staged = shallowRef<Edit | null>(null);
export const stagedFrom = shallowRef<Captured | null>(null);
/** The vertex that keys move: its number among those of the selected territory, where it was and where it is to be. */
export const vertex = shallowRef<{ index: number; at: LonLat; to: LonLat } | null>(null);
/** Whether coordinates are being typed. */
export const typing = ref(false);

export const wanting = computed(() => missing(toolInHand.value, { selected: selected.value, receiver: receiver.value }));

export function takeUp(name: ToolName): void {
  drop();
  tool.value = name;
  tracing.value = name === "trace";
}

export function pickBy(next: Pick): void {
  picks[tool.value] = next;
}

/** The next way of picking up, for the key. */
export function nextPick(): void {
  const all = toolInHand.value.picks;
  if (all.length) pickBy(all[(all.indexOf(pick.value) + 1) % all.length]!);
}

/** Adds communities to those picked up; one that is there already is put back when `toggle` is set. */
export function pickUp(codes: readonly string[], toggle: boolean): void {
  const next = new Set(picked.value);
  for (const code of codes) if (!next.delete(code) || !toggle) next.add(code);
  picked.value = next;
}

/** Forgets what was captured, but not what was chosen. True if there was anything. */
export function drop(): boolean {
  const had = staged.value !== null || picked.value.size > 0 || vertex.value !== null || typing.value;
  staged.value = null;
  stagedFrom.value = null;
  vertex.value = null;
  typing.value = false;
  picked.value = new Set();
  return had;
}

// A vertex belongs to the territory that was selected when it was taken.
watch(selected, () => (vertex.value = null));
