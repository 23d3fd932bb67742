import { computed, ref } from "vue";
import type { AnyShape, Defect, Severity } from "../types";
import { defects } from "./draft";

/** Walking from defect to defect, the gravest first. */

const RANK: Record<Severity, number> = { ERROR: 0, WARNING: 1, NOTE: 2 };

/** The order of the walk: errors first, then what this draft has brought about, then what touches most customers. */
export function inWalkingOrder(all: readonly Defect[]): Defect[] {
  return [...all].sort((a, b) => RANK[a.severity] - RANK[b.severity] || Number(a.inherited) - Number(b.inherited) || (b.customers ?? 0) - (a.customers ?? 0) || a.code.localeCompare(b.code) || a.id - b.id);
}

/** The defect so many steps on from another, around the end; the first or last one where there is none. */
export function stepped(ordered: readonly Defect[], from: number | null, by: 1 | -1): Defect | null {
  const at = ordered.findIndex((each) => each.id === from);
  if (at < 0) return ordered.at(by > 0 ? 0 : -1) ?? null;
  return ordered[(at + by + ordered.length) % ordered.length] ?? null;
}

/** How many of each severity there are, and how many errors the draft had when it was made. */
export function tally(all: readonly Defect[]): Record<Severity, number> & { inheritedErrors: number; inherited: number } {
  const of = (severity: Severity) => all.filter((each) => each.severity === severity).length;
  const inherited = all.filter((each) => each.inherited);
  return { ERROR: of("ERROR"), WARNING: of("WARNING"), NOTE: of("NOTE"), inherited: inherited.length, inheritedErrors: inherited.filter((each) => each.severity === "ERROR").length };
}

export const walk = computed(() => inWalkingOrder(defects.value));
export const atDefect = ref<number | null>(null);
/** Where a defect is drawn: at its place, or at the point that stands for it. */
export const placeOf = ({ geometry, at }: Defect): AnyShape | null => geometry ?? (at ? { type: "Point", coordinates: at } : null);

export const defectShown = computed(() => walk.value.find((each) => each.id === atDefect.value) ?? null);
