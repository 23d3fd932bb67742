import type { Team } from "../api/ask";
import type { Selection } from "../state/selection";
import { teamKey } from "../words/fold";

export type Suggestion =
  | { kind: "policy"; text: string; goes: Selection }
  | { kind: "team"; team: Team; goes: Selection }
  | { kind: "address"; text: string; goes: Selection };

const MOST_TEAMS = 6;

/** What a text in the search box may mean, likeliest first: a policy number, a team by code or name, an address. */
export function suggest(typed: string, teams: readonly Team[]): Suggestion[] {
  const text = typed.trim();
  if (text === "") return [];
  const wanted = teamKey(text);
  const found = teams
    .filter((team) => teamKey(team.code).startsWith(wanted) || teamKey(team.name).includes(wanted))
    .slice(0, MOST_TEAMS)
    .map((team): Suggestion => ({ kind: "team", team, goes: { kind: "team", code: team.code } }));
  const isNumber = /^[A-Za-z0-9_-]{3,64}$/.test(text);
  const policy: Suggestion[] = isNumber ? [{ kind: "policy", text, goes: { kind: "case", policyNo: text } }] : [];
  const isAddress = /\p{Script=Han}/u.test(text) && text.length >= 3;
  const address: Suggestion[] = isAddress ? [{ kind: "address", text, goes: { kind: "address", text } }] : [];
  return [...policy, ...found, ...address];
}
