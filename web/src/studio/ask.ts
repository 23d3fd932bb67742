/** What the studio asks of the service. Each may throw `Trouble`. */

import { valueOf } from "../api/client";
import type { Bbox, Comparison, Conflict, Consequences, Defect, Edit, Edited, EditRecord, Plan, PlanStep, Present, Previewed, TerritoryCollection } from "./types";

const ROOT = "/api/v1/territory-plans";

interface More {
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

function ask<T>(method: string, path: string, body?: unknown, more: More = {}): Promise<T> {
  const file = body instanceof Blob;
  const asked = fetch(`${ROOT}${path}`, {
    method,
    signal: more.signal ?? null,
    headers: { Accept: "application/json", ...(body !== undefined && !file ? { "Content-Type": "application/json" } : {}), ...more.headers },
    ...(body === undefined ? {} : { body: file ? body : JSON.stringify(body) }),
  }).then(async (response) => {
    const value: unknown = await response.json().catch(() => null);
    return response.ok ? { data: value as T, response } : { error: value, response };
  });
  return valueOf(asked);
}

const query = (values: Record<string, string | number | boolean | undefined>) => {
  const given = Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return given.length ? `?${new URLSearchParams(given).toString()}` : "";
};

export const askPlans = (branch: string) => ask<{ items: Plan[] }>("GET", query({ branch_code: branch })).then((page) => page.items);
export const askPlan = (id: number, signal?: AbortSignal) => ask<Plan>("GET", `/${id}`, undefined, { ...(signal ? { signal } : {}) });
export const makeDraft = (body: { branch_code: string; name: string; by: string; base_id?: number; empty?: boolean }) => ask<Plan>("POST", "", body);
export const renamePlan = (id: number, body: { name?: string; note?: string; by: string }) => ask<Plan>("PATCH", `/${id}`, body);
export const discardPlan = (id: number, by: string) => ask<Plan>("DELETE", `/${id}${query({ by })}`);

export const askTerritories = (id: number, bbox: Bbox | null, signal?: AbortSignal) =>
  ask<TerritoryCollection>("GET", `/${id}/territories${query({ bbox: bbox?.map((each) => each.toFixed(8)).join(",") })}`, undefined, { ...(signal ? { signal } : {}) });

export const sendEdit = (id: number, version: number, by: string, edit: Edit) =>
  ask<Edited>("POST", `/${id}/edits`, { version, by, edit }, { headers: { "If-Match": `"${version}"` } });
export const previewEdit = (id: number, version: number, by: string, edit: Edit, signal: AbortSignal) =>
  ask<Previewed>("POST", `/${id}/edits/preview`, { version, by, edit }, { signal });
export const sendUndo = (id: number, by: string) => ask<Edited>("POST", `/${id}/undo`, { by });
export const sendRedo = (id: number, by: string) => ask<Edited>("POST", `/${id}/redo`, { by });

export const askEdits = (id: number) => ask<{ items: EditRecord[] }>("GET", `/${id}/edits`).then((page) => page.items);
export const askDefects = (id: number) => ask<{ items: Defect[] }>("GET", `/${id}/defects`).then((page) => page.items);
export const askEffects = (id: number) => ask<Consequences>("GET", `/${id}/consequences`);
export const askConflicts = (id: number) => ask<{ items: Conflict[] }>("GET", `/${id}/conflicts`).then((page) => page.items);
export const resolveConflict = (id: number, conflict: number, choice: "MINE" | "THEIRS", by: string) => ask<Edited>("POST", `/${id}/conflicts/${conflict}/resolve`, { choice, by });
export const tellPresence = (id: number, by: string, bbox: Bbox) => ask<{ items: Present[] }>("PUT", `/${id}/presence`, { by, bbox });

export const takeStep = (id: number, step: Exclude<PlanStep, "discard" | "publish">, body: { by: string; reason?: string }) => ask<Plan>("POST", `/${id}/${step}`, body);
export const publishPlan = (id: number, body: { by: string; effective_from: string; replace: boolean }) => ask<Plan>("POST", `/${id}/publish`, body);
export const rollBack = (id: number, by: string) => ask<Plan>("POST", `/${id}/roll-back`, { by });

export const askComparison = (id: number, other: number, signal?: AbortSignal) => ask<Comparison>("GET", `/${id}/comparison${query({ with: other })}`, undefined, { ...(signal ? { signal } : {}) });
export const policiesUrl = (id: number, other: number) => `${ROOT}/${id}/comparison/policies${query({ with: other })}`;
export const pictureUrl = (id: number, other: number, format: "png" | "pdf") => `${ROOT}/${id}/picture${query({ with: other, format })}`;
export const exportUrl = (id: number, format: string) => `${ROOT}/${id}/export${query({ format })}`;
