/** What the studio asks of the service. Each may throw `Trouble`. */

import { api, valueOf, type Schemas } from "../api/client";
import type { Bbox, Comparison, Conflict, Defect, Edit, Edited, FileReport, Plan, Present, Previewed, TerritoryCollection } from "./types";

const ROOT = "/api/v1/territory-plans";

/** More than this nobody walks through. */
const MOST_DEFECTS = 1000;

const query = (values: Record<string, string | number>) => `?${new URLSearchParams(Object.entries(values).map(([name, value]) => [name, String(value)])).toString()}`;

const at = (id: number) => ({ path: { plan_id: id } });

/** All versions of a branch, the newest first. */
export async function askPlans(branch: string): Promise<Plan[]> {
  const found: Plan[] = [];
  let cursor: string | null = null;
  do {
    const page: Schemas["TerritoryPlanPage"] = await valueOf(api.GET("/api/v1/territory-plans", { params: { query: { branch_code: branch, limit: 200, ...(cursor === null ? {} : { cursor }) } } }));
    found.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  return found;
}

export const askPlan = (id: number, signal?: AbortSignal) => valueOf(api.GET("/api/v1/territory-plans/{plan_id}", { params: at(id), ...(signal ? { signal } : {}) }));

export const makeDraft = (body: Schemas["PlanIn"]) => valueOf(api.POST("/api/v1/territory-plans", { body })) as Promise<Plan>;
export const discardPlan = (id: number, by: string) => valueOf(api.DELETE("/api/v1/territory-plans/{plan_id}", { params: { ...at(id), query: { by } } }));

/** The territories that a box touches, in full detail. */
export async function askTerritories(id: number, [west, south, east, north]: Bbox, signal: AbortSignal): Promise<TerritoryCollection> {
  const bbox = [west, south, east, north].map((side) => side.toFixed(8)).join(",");
  return (await valueOf(api.GET("/api/v1/territory-plans/{plan_id}/territories", { params: { ...at(id), query: { bbox } }, signal }))) as unknown as TerritoryCollection;
}

/** GeoJSON of an answer is of the kinds that the studio draws. */
const told = (answer: unknown): Edited => answer as Edited;

export const sendEdit = (id: number, version: number, by: string, edit: Edit) => valueOf(api.POST("/api/v1/territory-plans/{plan_id}/edits", { params: at(id), body: { by, version, edit } })).then(told);
export const previewEdit = (id: number, version: number, by: string, edit: Edit, signal: AbortSignal) =>
  valueOf(api.POST("/api/v1/territory-plans/{plan_id}/edits/preview", { params: at(id), body: { by, version, edit }, signal })) as unknown as Promise<Previewed>;
export const sendUndo = (id: number, by: string) => valueOf(api.POST("/api/v1/territory-plans/{plan_id}/undo", { params: at(id), body: { by } })).then(told);
export const sendRedo = (id: number, by: string) => valueOf(api.POST("/api/v1/territory-plans/{plan_id}/redo", { params: at(id), body: { by } })).then(told);

/** The newest steps of a draft's history. */
export const askEdits = (id: number) => valueOf(api.GET("/api/v1/territory-plans/{plan_id}/edits", { params: { ...at(id), query: { limit: 100 } } })).then((page) => page.items);

export interface Listed {
  items: Defect[];
  /** Whether nothing has changed since they were looked for. */
  fresh: boolean;
}

/** The defects of a version, the gravest first. */
export async function askDefects(id: number): Promise<Listed> {
  const found: Defect[] = [];
  let fresh = true;
  let cursor: string | null = null;
  do {
    const asked = api.GET("/api/v1/territory-plans/{plan_id}/defects", { params: { ...at(id), query: { limit: 200, ...(cursor === null ? {} : { cursor }) } } });
    const page = (await valueOf(asked as Promise<{ data?: unknown; response: Response }>)) as Listed & { next: string | null };
    found.push(...page.items);
    fresh = page.fresh;
    cursor = page.next;
  } while (cursor !== null && found.length < MOST_DEFECTS);
  return { items: found, fresh };
}

/** Looks at the whole version anew. */
export const checkAll = (id: number) => valueOf(api.POST("/api/v1/territory-plans/{plan_id}/checks", { params: at(id) }));

/** What each way of mending a defect would give to whom. */
export const askOffers = (id: number, defect: number, signal: AbortSignal) =>
  valueOf(api.GET("/api/v1/territory-plans/{plan_id}/defects/{defect_id}", { params: { path: { plan_id: id, defect_id: defect } }, signal })).then((found) => found.offers);

/** What the whole draft comes to, against what is in force. */
export const askEffects = (id: number) => valueOf(api.GET("/api/v1/territory-plans/{plan_id}/consequences", { params: { ...at(id), query: { against: "IN_FORCE" } } }));
export const draftPoliciesUrl = (id: number) => `${ROOT}/${id}/consequences/policies?against=IN_FORCE`;

export const askConflicts = (id: number) => valueOf(api.GET("/api/v1/territory-plans/{plan_id}/conflicts", { params: at(id) })).then(({ items }) => items as unknown as Conflict[]);
export const resolveConflict = (id: number, conflict: number, choice: "MINE" | "THEIRS", by: string) =>
  valueOf(api.POST("/api/v1/territory-plans/{plan_id}/conflicts/{conflict_id}/resolve", { params: { path: { plan_id: id, conflict_id: conflict } }, body: { choice, by } })).then(told);
export const tellPresence = (id: number, by: string, bbox: Bbox) => valueOf(api.PUT("/api/v1/territory-plans/{plan_id}/presence", { params: at(id), body: { by, bbox } })).then((list) => list.items as unknown as Present[]);

const MOVES = {
  submit: "/api/v1/territory-plans/{plan_id}/submit",
  withdraw: "/api/v1/territory-plans/{plan_id}/withdraw",
  reject: "/api/v1/territory-plans/{plan_id}/reject",
  approve: "/api/v1/territory-plans/{plan_id}/approve",
} as const;

export const takeStep = (id: number, step: keyof typeof MOVES, body: Schemas["PlanMoveIn"]) => valueOf(api.POST(MOVES[step], { params: at(id), body }));
export const publishPlan = (id: number, body: Schemas["PublishIn"]) => valueOf(api.POST("/api/v1/territory-plans/{plan_id}/publish", { params: at(id), body }));
export const rollBack = (id: number, by: string) => valueOf(api.POST("/api/v1/territory-plans/{plan_id}/roll-back", { params: at(id), body: { by } }));

export const askComparison = (id: number, other: number, signal: AbortSignal) =>
  valueOf(api.GET("/api/v1/territory-plans/{plan_id}/comparison", { params: { ...at(id), query: { with: other } }, signal })) as unknown as Promise<Comparison>;
export const policiesUrl = (id: number, other: number) => `${ROOT}/${id}/comparison/policies${query({ with: other })}`;
export const pictureUrl = (id: number, other: number, format: "png" | "pdf") => `${ROOT}/${id}/picture${query({ with: other, format })}`;
export const exportUrl = (id: number, format: string) => `${ROOT}/${id}/export${query({ format })}`;

export interface Sending {
  by: string;
  version: number;
  dry_run: boolean;
  crs: string | null;
  encoding: string | null;
}

/** Reads a file of territories into a draft, or only tells what would become of each of its records. */
export function sendFile(id: number, file: File, { crs, encoding, ...rest }: Sending): Promise<FileReport> {
  const query = { ...rest, filename: file.name, ...(crs ? { crs } : {}), ...(encoding ? { encoding } : {}) };
  return valueOf(
    api.POST("/api/v1/territory-plans/{plan_id}/import", {
      params: { ...at(id), query },
      body: file as unknown as string,
      bodySerializer: (body: unknown) => body as BodyInit,
      headers: { "Content-Type": "application/octet-stream" },
    }),
  ) as Promise<unknown> as Promise<FileReport>;
}

const proposal = (id: number) => ({ path: { proposal_id: id } });

export const askForProposal = (body: Schemas["ProposalIn"]) => valueOf(api.POST("/api/v1/territory-plans/proposals", { body })) as Promise<Schemas["TerritoryProposal"]>;
export const askProposal = (id: number) => valueOf(api.GET("/api/v1/territory-plans/proposals/{proposal_id}", { params: proposal(id) }));
export const cancelProposal = (id: number) => valueOf(api.POST("/api/v1/territory-plans/proposals/{proposal_id}/cancel", { params: proposal(id) }));
export const draftOfProposal = (id: number, by: string) => valueOf(api.POST("/api/v1/territory-plans/proposals/{proposal_id}/draft", { params: proposal(id), body: { by } })) as Promise<Plan>;
