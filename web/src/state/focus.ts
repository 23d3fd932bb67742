import { computed, reactive, ref } from "vue";
import type { Bbox } from "../map/chart";
import type { Place } from "../map/place";
import { selection } from "./selection";

/** What the map should look at; set by the side panel as soon as it knows. */
export const focus = reactive<{ place: Place | null; bbox: Bbox | null }>({ place: null, bbox: null });

/** The team that the case or point on show belongs to. */
const found = ref<string | null>(null);

export function lookAt(place: Place | null, teamCode: string | null): void {
  focus.place = place;
  found.value = teamCode;
}

export function forget(): void {
  focus.place = null;
  focus.bbox = null;
  found.value = null;
}

/** The team whose territory stands out; the others fade. */
export const teamInFocus = computed(() => (selection.value.kind === "team" ? selection.value.code : found.value));
