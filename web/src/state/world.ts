import { computed, ref, shallowRef } from "vue";
import { askExtent, askOrganisations, askTeams, type Extent, type Organisation, type Team } from "../api/ask";
import { Trouble } from "../api/client";

/** The organisation, its teams and the extent of the map: what is loaded once and refreshed when content changes. */

const organisations = shallowRef<Organisation[]>([]);
const allTeams = shallowRef<Team[]>([]);

export const extent = shallowRef<Extent | null>(null);
export const ready = ref(false);
export const trouble = shallowRef<Trouble | null>(null);

export const teams = computed(() => allTeams.value);
export const teamByCode = computed(() => new Map(allTeams.value.map((team) => [team.code, team])));
export const organisationByCode = computed(() => new Map(organisations.value.map((each) => [each.code, each])));
export const city = computed(() => organisations.value.filter((each) => each.level === "city"));

/** The date that territories are shown of; null: today. */
export const shownOn = ref<string | null>(null);

export const isEmpty = computed(() => ready.value && extent.value?.bbox === null && allTeams.value.length === 0);

export function teamName(code: string | null | undefined): string {
  return code ? (teamByCode.value.get(code)?.name ?? code) : "";
}

export function branchName(code: string | null | undefined): string {
  return code ? (organisationByCode.value.get(code)?.name ?? code) : "";
}

/** Loads all of it. What goes wrong is kept in `trouble`. */
export async function loadWorld(): Promise<void> {
  trouble.value = null;
  try {
    const [units, groups, box] = await Promise.all([askOrganisations(), askTeams(), askExtent()]);
    organisations.value = units;
    allTeams.value = groups;
    extent.value = box;
    ready.value = true;
  } catch (error) {
    trouble.value = error instanceof Trouble ? error : new Trouble("UNEXPECTED", "", "", 0);
  }
}

/** Asks whether the tiles' content has changed; teams and organisations are loaded anew if so. Keeps what it has on trouble. */
export async function refreshWorld(): Promise<void> {
  try {
    const box = await askExtent();
    if (JSON.stringify(box) === JSON.stringify(extent.value)) return;
    const [units, groups] = await Promise.all([askOrganisations(), askTeams()]);
    organisations.value = units;
    allTeams.value = groups;
    extent.value = box;
  } catch {
    // The next round asks again; what is shown stays.
  }
}
