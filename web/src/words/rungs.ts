/** The ladder in the order in which it is asked, with the place of each rung and its colour on the map. */

export interface Rung {
  code: string;
  /** Its number on the ladder; ties share theirs. Empty for what has not climbed yet. */
  step: string;
  colour: string;
  /** Drawn as a ring: a person is needed. */
  hollow: boolean;
}

/** Cool colours stay with the region or the person who serves; warm ones leave it; rings need a person. */
export const RUNGS: readonly Rung[] = [
  { code: "DESIGNATED", step: "1", colour: "#6b4a9e", hollow: false },
  { code: "CURRENT_SERVICER", step: "2", colour: "#2460a7", hollow: false },
  { code: "REGION_OWNER", step: "3", colour: "#0b7a75", hollow: false },
  { code: "REGION_TIE_ORIGIN", step: "4", colour: "#37803a", hollow: false },
  { code: "REGION_TIE_COMMUNITY", step: "4", colour: "#557f14", hollow: false },
  { code: "REGION_TIE_LOAD", step: "4", colour: "#707a00", hollow: false },
  { code: "ORIGIN_TEAM", step: "5", colour: "#946200", hollow: false },
  { code: "BRANCH_BALANCE", step: "6", colour: "#c2571a", hollow: false },
  { code: "CITY_REVIEW", step: "7", colour: "#b3261e", hollow: true },
];

export const BEFORE_LADDER: readonly Rung[] = [
  { code: "LOCATION_REVIEW", step: "", colour: "#4a535e", hollow: true },
  { code: "PENDING_APPROVAL", step: "", colour: "#6d7784", hollow: true },
];

const OTHER: Rung = { code: "", step: "", colour: "#4a535e", hollow: false };

const BY_CODE = new Map([...RUNGS, ...BEFORE_LADDER].map((rung) => [rung.code, rung]));

/** The rung, or the state before the ladder, with this code. */
export function rungOf(code: string | null | undefined): Rung {
  return BY_CODE.get(code ?? "") ?? OTHER;
}

/** Rungs at which the policy stays with a team whose territory covers the address. */
export const KEPT: ReadonlySet<string> = new Set(["REGION_OWNER", "REGION_TIE_ORIGIN", "REGION_TIE_COMMUNITY", "REGION_TIE_LOAD"]);

/** States in which a person has to act before the policy goes on. */
export const WAITING = ["LOCATION_REVIEW", "CITY_REVIEW", "PENDING_APPROVAL"] as const;
