import { computed, ref } from "vue";

/** What the studio shows, as its address says: a branch's versions, a plan, or two versions side by side. */
export type Route = { at: "start"; branch: string | null } | { at: "plan"; id: number } | { at: "compare"; id: number; other: number };

export function routeOf(hash: string): Route {
  const [kind, first, second] = hash.replace(/^#\/?/, "").split("/");
  const number = (text: string | undefined) => (text && /^\d{1,15}$/.test(text) ? Number(text) : null);
  const [id, other] = [number(first), number(second)];
  if (kind === "plan" && id !== null) return { at: "plan", id };
  if (kind === "compare" && id !== null && other !== null) return { at: "compare", id, other };
  if (kind === "branch" && first) {
    try {
      return { at: "start", branch: decodeURIComponent(first) };
    } catch {
      return { at: "start", branch: null };
    }
  }
  return { at: "start", branch: null };
}

export function hashOf(route: Route): string {
  switch (route.at) {
    case "plan":
      return `#/plan/${route.id}`;
    case "compare":
      return `#/compare/${route.id}/${route.other}`;
    case "start":
      return route.branch === null ? "#/" : `#/branch/${encodeURIComponent(route.branch)}`;
  }
}

const current = ref<Route>(routeOf(globalThis.location?.hash ?? ""));
export const route = computed(() => current.value);

export function go(next: Route): void {
  if (hashOf(next) === hashOf(current.value)) return;
  current.value = next;
  history.pushState(null, "", hashOf(next));
}

const follow = () => (current.value = routeOf(location.hash));
globalThis.addEventListener?.("popstate", follow);
globalThis.addEventListener?.("hashchange", follow);
