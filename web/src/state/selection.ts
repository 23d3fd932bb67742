import { computed, ref } from "vue";

/** What the page shows in its side panel. It lives in the address, so that it can be linked to and the browser's back key works. */
export type Selection =
  | { kind: "none" }
  | { kind: "case"; policyNo: string }
  | { kind: "team"; code: string }
  | { kind: "point"; lon: number; lat: number }
  | { kind: "address"; text: string }
  | { kind: "stack"; policyNos: string[] };

export const NOTHING: Selection = { kind: "none" };

/** The selection that an address's part after # stands for; nothing for one that is not ours. */
export function fromHash(hash: string): Selection {
  const [kind, ...rest] = hash.replace(/^#\/?/, "").split("/");
  let text: string;
  try {
    text = decodeURIComponent(rest.join("/"));
  } catch {
    return NOTHING;
  }
  if (text === "") return NOTHING;
  if (kind === "case") return { kind, policyNo: text };
  if (kind === "team") return { kind, code: text };
  if (kind === "address") return { kind, text };
  if (kind === "stack") return { kind, policyNos: text.split(",").filter((no) => no !== "") };
  if (kind === "point") {
    const [lon, lat] = text.split(",").map(Number);
    if (lon !== undefined && lat !== undefined && Math.abs(lon) <= 180 && Math.abs(lat) <= 90) return { kind, lon, lat };
  }
  return NOTHING;
}

/** The part after # for a selection: what `fromHash` reads. */
export function toHash(selection: Selection): string {
  const text = (() => {
    switch (selection.kind) {
      case "none":
        return null;
      case "case":
        return selection.policyNo;
      case "team":
        return selection.code;
      case "address":
        return selection.text;
      case "stack":
        return selection.policyNos.join(",");
      case "point":
        return `${selection.lon.toFixed(6)},${selection.lat.toFixed(6)}`;
    }
  })();
  return text === null ? "#/" : `#/${selection.kind}/${encodeURIComponent(text)}`;
}

const current = ref<Selection>(fromHash(globalThis.location?.hash ?? ""));
const steps = ref(0);

export const selection = computed(() => current.value);

/** Whether there is a selection before the present one to go back to. */
export const canGoBack = computed(() => steps.value > 1);

export function select(next: Selection): void {
  const hash = toHash(next);
  if (hash === toHash(current.value)) return;
  steps.value = next.kind === "none" ? 0 : steps.value + 1;
  current.value = next;
  history.pushState(null, "", hash);
}

export function goBack(): void {
  history.back();
}

globalThis.addEventListener?.("popstate", () => {
  steps.value = Math.max(0, steps.value - 1);
  current.value = fromHash(location.hash);
});
globalThis.addEventListener?.("hashchange", () => {
  current.value = fromHash(location.hash);
});
