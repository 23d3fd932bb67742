import { teamName } from "../state/world";
import { hiddenKinds } from "../state/filter";
import { count } from "../words/numbers";
import type { Messages } from "../words/zh";
import type { Under } from "./chart";
import { counted, kindOf } from "./orphans";

/** What the note at the pointer says of what is under it; empty for bare land. */
export function hoverText({ orphans, territories }: Under, words: Messages): string {
  const [orphan] = orphans;
  if (orphan) {
    if (orphan.get("count") !== undefined) {
      const bin = counted(orphan.getProperties(), hiddenKinds.value);
      return bin ? words.map.counted(count(bin.policies), words.rung[bin.kind]?.name ?? bin.kind) : "";
    }
    if (orphans.length > 1) return words.map.stacked(count(orphans.length));
    const kind = kindOf(orphan.get("rung"), orphan.get("state"));
    const title = words.map.single(String(orphan.get("policy_no")), String(orphan.get("policies")));
    const team = teamName(orphan.get("team_code") as string | undefined);
    return [`${title} · ${words.rung[kind]?.name ?? kind}`, team].filter(Boolean).join("\n");
  }
  const lines = territories.map((area) => `${String(area.get("name"))}${area.get("ended") ? `（${words.map.ended}）` : ""}`);
  return [...new Set(lines)].join("\n");
}
