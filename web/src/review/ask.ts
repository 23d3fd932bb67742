/** What the review page asks of the service. Each may throw `Trouble`. */

import { api, valueOf, type Schemas } from "../api/client";

export type Waiting = Schemas["Waiting"];
export type WaitingPage = Schemas["WaitingPage"];
export type WaitingCode = Waiting["code"];
export type Bucket = Waiting["bucket"];
export type ReviewItem = Schemas["ReviewItem"];
export type ReviewCandidate = Schemas["ReviewCandidate"];
export type OtherAddress = Schemas["OtherAddress"];
export type Figures = Schemas["ReviewFigures"];
export type Reached = Schemas["Reached"];
export type Settled = Schemas["Settled"];
export type Undone = Schemas["Undone"];
export type LocationDecision = Schemas["LocationDecision"];
export type Claimed = Schemas["Claimed"];
export type Unlocatable = NonNullable<Schemas["ChoiceIn"]["reason"]>;
export type Reach = "KEY" | "THIS";

export interface Filters {
  code?: WaitingCode;
  branch_code?: string;
  district?: string;
  text?: string;
}

/** What a person has in mind for the item on show. */
export type Choice =
  | { kind: "CANDIDATE"; candidate: string }
  | { kind: "POINT"; lon: number; lat: number }
  | { kind: "NOT_LOCATABLE"; reason: Unlocatable };

/** A choice as the service takes it: a point of the map is in CGCS2000, as all that the service gave is. */
export function bodyOf(choice: Choice, scope: Reach, outsideCity: boolean): Schemas["ChoiceIn"] {
  const shared = { scope, outside_city: outsideCity };
  if (choice.kind === "POINT") return { ...shared, ...choice, crs: "CGCS2000" };
  return { ...shared, ...choice };
}

/** `crypto.randomUUID` is there over HTTPS alone. */
const fresh = () => ({
  "idempotency-key": [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
});

export const askQueue = (filters: Filters, cursor: string | null, signal?: AbortSignal) =>
  valueOf(
    api.GET("/api/v1/location-reviews", {
      params: { query: { ...filters, limit: 50, ...(cursor === null ? {} : { cursor }) } },
      signal,
    }),
  );

export const askFigures = () => valueOf(api.GET("/api/v1/location-reviews/figures"));

export const askItem = (id: number) =>
  valueOf(api.GET("/api/v1/location-reviews/{review_id}", { params: { path: { review_id: id } } }));

export const claimItem = (reviewer: string, id: number, claim: string | null): Promise<Claimed> =>
  valueOf(api.POST("/api/v1/location-reviews/claim", { body: { reviewer, id, count: 1, claim, seconds: LEASE_S } }));

export const claimNext = (reviewer: string, filters: Filters, claim: string | null): Promise<Claimed> =>
  valueOf(
    api.POST("/api/v1/location-reviews/claim", { body: { reviewer, ...filters, count: 1, claim, seconds: LEASE_S } }),
  );

export const LEASE_S = 180;

export const renewClaim = (claim: string) =>
  valueOf(api.POST("/api/v1/location-reviews/claim/renew", { body: { claim, seconds: LEASE_S } }));

/** Also sent while the page is being left. */
export function releaseClaim(claim: string, id: number | null): Promise<void> {
  return fetch("/api/v1/location-reviews/claim/release", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ claim, id }),
    keepalive: true,
  }).then(
    () => undefined,
    () => undefined,
  );
}

export const askPreview = (id: number, body: Schemas["ChoiceIn"], signal: AbortSignal) =>
  valueOf(api.POST("/api/v1/location-reviews/{review_id}/preview", { params: { path: { review_id: id } }, body, signal }));

export const sendDecision = (item: ReviewItem, body: Schemas["ChoiceIn"], reviewer: string, claim: string) =>
  valueOf(
    api.POST("/api/v1/location-reviews/{review_id}/decision", {
      params: { path: { review_id: item.id }, header: { "if-match": item.etag, ...fresh() } },
      body: { ...body, reviewer, claim },
    }),
  );

export const sendUndo = (decision: number, reviewer: string, reason: string | null = null) =>
  valueOf(
    api.POST("/api/v1/location-decisions/{decision_id}/undo", {
      params: { path: { decision_id: decision }, header: fresh() },
      body: { reviewer, reason },
    }),
  );

export const askDecisions = (_: null, cursor: string | null, signal?: AbortSignal) =>
  valueOf(
    api.GET("/api/v1/location-decisions", {
      params: { query: cursor === null ? { limit: 20 } : { limit: 20, cursor } },
      signal,
    }),
  );
