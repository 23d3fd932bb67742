import { shallowRef } from "vue";

/** Communities that the map has in sight. */
export interface Seen {
  code: string;
  name: string;
}

export const seenCommunities = shallowRef<Seen[]>([]);

export function emptyCommunities(): void {
  seenCommunities.value = [];
}
