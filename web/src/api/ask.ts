/** The questions that the page asks of the service, each one function. Each may throw `Trouble`. */

import { api, valueOf, type Schemas } from "./client";

export type Team = Schemas["Team"];
export type Organisation = Schemas["Organisation"];
export type Run = Schemas["Run"];
export type Summary = Schemas["Summary"];
export type Case = Schemas["Case"];
export type CasePage = Schemas["CasePage"];
export type CaseState = CaseFacts["state"];
export type CaseFacts = Schemas["CaseFacts"];
export type PoolPage = Schemas["PoolPage"];
export type Extent = Schemas["Extent"];
export type OwnersAt = Schemas["OwnersAt"];
export type Owner = Schemas["Owner"];
export type AskedRung = Schemas["AskedRung"];
export type Candidate = Schemas["Candidate"];

export interface ExtentOf {
  team_code?: string;
  branch_code?: string;
  on?: string;
}

export const askOrganisations = () => valueOf(api.GET("/api/v1/organisations"));

export const askExtent = (of: ExtentOf = {}) => valueOf(api.GET("/tiles/extent", { params: { query: of } }));

/** All teams, page after page. */
export async function askTeams(): Promise<Team[]> {
  const teams: Team[] = [];
  let cursor: string | null = null;
  do {
    const query: { limit: number; cursor?: string } = cursor === null ? { limit: 500 } : { limit: 500, cursor };
    const page: Schemas["TeamPage"] = await valueOf(api.GET("/api/v1/teams", { params: { query } }));
    teams.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  return teams;
}

export const askTeam = (code: string, signal: AbortSignal) =>
  valueOf(api.GET("/api/v1/teams/{code}", { params: { path: { code } }, signal }));

export const askPool = (code: string, cursor: string | null, signal?: AbortSignal) =>
  valueOf(
    api.GET("/api/v1/teams/{code}/pool", {
      params: { path: { code }, query: cursor === null ? { limit: 50 } : { limit: 50, cursor } },
      signal,
    }),
  );

/** The newest run over whole branches; allocations of single policies are runs, too, but no news of the city. */
export async function askLatestRun(): Promise<Run | null> {
  const page = await valueOf(api.GET("/api/v1/runs", { params: { query: { limit: 50 } } }));
  return page.items.find((run) => run.policies === null) ?? page.items[0] ?? null;
}

export const askSummary = () => valueOf(api.GET("/api/v1/statistics/summary"));

export const askCase = (policyNo: string, signal: AbortSignal) =>
  valueOf(api.GET("/api/v1/cases/{policy_no}", { params: { path: { policy_no: policyNo } }, signal }));

export const askCases = (state: CaseState, cursor: string | null, signal?: AbortSignal) =>
  valueOf(
    api.GET("/api/v1/cases", {
      params: { query: cursor === null ? { state, limit: 50 } : { state, limit: 50, cursor } },
      signal,
    }),
  );

export const askAtPoint = (lon: number, lat: number, on: string | undefined, signal: AbortSignal) =>
  valueOf(api.GET("/api/v1/territories/at", { params: { query: { lon, lat, crs: "CGCS2000", on } }, signal }));

export const askAtAddress = (address: string, on: string | undefined, signal: AbortSignal) =>
  valueOf(api.GET("/api/v1/territories/at", { params: { query: { address, on } }, signal }));

export const confirmRun = (id: number) =>
  valueOf(api.POST("/api/v1/runs/{run_id}/confirm", { params: { path: { run_id: id } } }));

export const discardRun = (id: number) =>
  valueOf(api.POST("/api/v1/runs/{run_id}/discard", { params: { path: { run_id: id } } }));
