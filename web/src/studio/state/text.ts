import { words, language } from "../../words/language";
import type { Plan } from "../types";

/** The day before which nothing was counted: a version that has been in force from the beginning. */
const BEGINNING = "1900-01-01";

export const dayOf = (day: string) => (day <= BEGINNING ? words.value.studio.start.always : day);

/** When a version decides: from, and until before. */
export function daysOf(plan: Plan): string {
  const { from, until } = words.value.studio.start;
  const parts = [plan.effective_from ? from(dayOf(plan.effective_from)) : null, plan.effective_to ? until(plan.effective_to) : null];
  return parts.filter((part) => part !== null).join(language.value === "zh" ? "，" : ", ");
}

export const momentOf = (time: string) => new Date(time).toLocaleString(language.value === "zh" ? "zh-CN" : "en-GB", { dateStyle: "short", timeStyle: "short" });

/** The last thing that was done to a version: what, by whom, when. Null: it came from a file, and nobody has touched it. */
export function lastDeed(plan: Plan): { what: "publish" | "approve" | "submit" | "make"; by: string; at: string } | null {
  if (plan.published_by && plan.published_at) return { what: "publish", by: plan.published_by, at: plan.published_at };
  if (plan.approved_by && plan.approved_at) return { what: "approve", by: plan.approved_by, at: plan.approved_at };
  if (plan.submitted_by && plan.submitted_at) return { what: "submit", by: plan.submitted_by, at: plan.submitted_at };
  return plan.created_by ? { what: "make", by: plan.created_by, at: plan.created_at } : null;
}
