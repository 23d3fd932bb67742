import { shallowRef } from "vue";

/** What the map knows of an orphan before the service is asked. */
export interface Glimpse {
  policyNo: string;
  policies: number;
  kind: string;
  teamCode: string | null;
}

/** The orphans of the last place that was clicked, by policy number; a link to a place opens without them. */
export const glimpses = shallowRef<ReadonlyMap<string, Glimpse>>(new Map());
