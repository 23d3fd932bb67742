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

/** Who last had a hand in a version. */
export const handOf = (plan: Plan) => plan.published_by ?? plan.approved_by ?? plan.submitted_by ?? plan.created_by;
