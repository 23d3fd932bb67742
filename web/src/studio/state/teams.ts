import { computed } from "vue";
import { teams, teamName } from "../../state/world";
import { words } from "../../words/language";
import { plan, shapes } from "./draft";
import { branch } from "./plans";

/** The teams of the branch at work that may have a territory: collection teams that have not ended, and whoever has one all the same. */
export const branchTeams = computed(() => {
  const code = plan.value?.branch_code ?? branch.value;
  return teams.value
    .filter((team) => team.branch_code === code && (shapes.value.has(team.code) || (team.force === "COLLECTION" && team.ended_on === null)))
    .sort((a, b) => a.code.localeCompare(b.code, undefined, { numeric: true }));
});

/** A team's name, or who has no team. */
export const ownerName = (code: string | null | undefined) => (code ? teamName(code) : words.value.studio.effects.nobody);

/** The names of those who share something; nobody's where there is none. */
export const ownersName = (codes: readonly string[]) => (codes.length ? codes.map(ownerName).join("、") : ownerName(null));
