import { shallowReactive } from "vue";

/** The number of each team's colour on the map, as the tiles tell it: neighbours never have the same. */
const known = shallowReactive(new Map<string, number>());

export function colourOf(team: string): number {
  return known.get(team) ?? [...team].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 997, 0);
}

/** Takes in what a tile tells; true if it was news. */
export function learnColour(team: string, number: number): boolean {
  if (!Number.isFinite(number) || known.get(team) === number) return false;
  known.set(team, number);
  return true;
}
