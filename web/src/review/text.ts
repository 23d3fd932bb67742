import { words } from "../words/language";
import { count } from "../words/numbers";
import type { ReviewCandidate, ReviewItem, Waiting } from "./ask";

/** Metres as people say them: 85 m, 1,250 m, 12 km. */
export function metres(value: number): string {
  if (value >= 10_000) return words.value.review.kilometres(count(value / 1000));
  return words.value.review.metres(count(value >= 100 ? Math.round(value / 10) * 10 : value));
}

/** The name that a candidate goes by. */
export function nameOf(candidate: ReviewCandidate): string {
  return candidate.name || candidate.address || candidate.district || words.value.level[candidate.level] || "";
}

/** The name that an item goes by in the list: its place, else its address. */
export function titleOf(item: Waiting | ReviewItem): string {
  return item.place ?? item.address ?? item.bundle_no;
}
