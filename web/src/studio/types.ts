import type { Schemas } from "../api/client";

/** What the studio and the service say to each other of territory plans. Coordinates are [lon, lat] in CGCS2000 degrees. */

export type LonLat = [lon: number, lat: number];
export type Bbox = [west: number, south: number, east: number, north: number];

export interface PointShape {
  type: "Point";
  coordinates: LonLat;
}
export interface LineShape {
  type: "LineString";
  coordinates: LonLat[];
}
export interface PolygonShape {
  type: "Polygon";
  coordinates: LonLat[][];
}
export interface MultiPolygonShape {
  type: "MultiPolygon";
  coordinates: LonLat[][][];
}
export type AreaShape = PolygonShape | MultiPolygonShape;

/** A geometry as GeoJSON gives it: where defects lie may be a point, a line or a collection. */
export interface AnyShape {
  type: string;
  coordinates?: unknown;
  geometries?: AnyShape[];
}

/** One edit of a draft: a verb with its arguments. */
export type Edit =
  | { verb: "DRAW"; team_code: string; geometry: AreaShape; take: boolean }
  | { verb: "MOVE_VERTEX"; at: LonLat; to: LonLat }
  | { verb: "INSERT_VERTEX"; at: LonLat; to: LonLat }
  | { verb: "DELETE_VERTEX"; at: LonLat }
  | { verb: "RESHAPE"; team_code: string; line: LineShape }
  | { verb: "SPLIT"; team_code: string; line: LineShape; to_team_code: string; part?: LonLat }
  | { verb: "MERGE"; team_code: string; into_team_code: string }
  | { verb: "GIVE"; geometry: AreaShape; to_team_code: string | null; from_team_codes?: string[] }
  | { verb: "FILL_GAP"; at: LonLat; to_team_code?: string }
  | { verb: "ASSIGN_COMMUNITIES"; community_codes: string[]; to_team_code: string | null }
  | { verb: "CUT_HOLE"; team_code: string; geometry: AreaShape }
  | { verb: "REMOVE"; team_code: string }
  | { verb: "REPAIR"; defect_id: number; way: string; team_code?: string };

export type VerbName = Edit["verb"];

export type Plan = Schemas["TerritoryPlan"];
export type PlanState = Plan["state"];
export type PlanStep = Plan["steps"][number];
export type EditRecord = Schemas["EditStep"];
export type Present = Omit<Schemas["Present"], "bbox"> & { bbox: Bbox };

/** A territory after an edit; null: the team has none any more. */
export interface Changed {
  team_code: string;
  geometry: AreaShape | null;
}

export type Severity = "ERROR" | "WARNING" | "NOTE";

export interface Way {
  way: string;
  team_code?: string | null;
  zh: string;
  en: string;
}

export interface Defect {
  id: number;
  code: string;
  severity: Severity;
  team_codes: string[];
  geometry: AnyShape | null;
  area_m2: number | null;
  length_m: number | null;
  customers: number | null;
  orphans: number | null;
  ways: Way[];
}

export interface Edited {
  version: number;
  changed: Changed[];
  undo: string | null;
  redo: string | null;
}

export interface Previewed {
  version: number;
  changed: Changed[];
  clashes: string[];
  consequences?: Consequences | null;
}

/** A team's territory in figures; `load` and `capacity` are the team's, wherever its policies are. */
export interface TeamFigures {
  customers: number;
  policies: number;
  premium: number;
  orphans: number;
  kept_in_team_rate: number | null;
  load: number;
  capacity: number;
}

export interface TeamEffect {
  team_code: string;
  name: string;
  before: TeamFigures;
  after: TeamFigures;
}

/** What changes hands; no code: nobody, several: they cover it together. */
export interface Move {
  from_team_codes: string[];
  to_team_codes: string[];
  customers: number;
  policies: number;
  premium: number;
  orphans: number;
}

export interface Balance {
  gini: number;
  ratio: number | null;
}

export interface Consequences {
  teams: TeamEffect[];
  moves: Move[];
  balance_before: Balance;
  balance_after: Balance;
}

export interface TerritoryFeature {
  type: "Feature";
  geometry: AreaShape;
  properties: { team_code: string; version: number };
}
export interface TerritoryCollection {
  type: "FeatureCollection";
  features: TerritoryFeature[];
}

type ReadSide = Schemas["ConflictSide"];
export type ConflictSide = Omit<ReadSide, "mine" | "theirs"> & { mine: AreaShape | null; theirs: AreaShape | null };
export type Conflict = Omit<Schemas["EditConflict"], "sides"> & { sides: ConflictSide[] };

export interface Comparison extends Consequences {
  pieces: { from_team_code: string | null; to_team_code: string | null; geometry: AreaShape }[];
}
