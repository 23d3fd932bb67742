import { shallowRef } from "vue";

/** A community of the branch that the map has in sight. `owners`: the teams that have its middle. */
export interface Seen {
  code: string;
  name: string;
  owners: string[];
}

export const seenCommunities = shallowRef<Seen[]>([]);

export function emptyCommunities(): void {
  seenCommunities.value = [];
}
