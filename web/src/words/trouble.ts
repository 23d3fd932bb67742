import type { Trouble } from "../api/client";
import { language, words } from "./language";

/** What a person is told of something that went wrong, in the present language. */
export function troubleText(trouble: Trouble): string {
  if (trouble.code === "OFFLINE") return words.value.problem.offline;
  return (language.value === "zh" ? trouble.zh : trouble.en) || words.value.problem.unexpected;
}
