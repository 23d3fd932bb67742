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

type ReadDefect = Schemas["TerritoryDefectOut"];
export type Severity = ReadDefect["severity"];
export type Way = Schemas["DefectWay"];
export type Defect = Omit<ReadDefect, "geometry" | "bbox" | "at"> & { geometry: AnyShape | null; bbox: Bbox | null; at: LonLat | null };
/** A way to mend a defect with the land that it would give, and who lives there. */
export type Offer = Schemas["DefectOffer"];

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
  consequences: Consequences | null;
}

export type TeamFigures = Schemas["TerritoryFigures"];
export type TeamEffect = Schemas["TeamWhatIf"];
export type Move = Schemas["HandOver"];
/** What a change comes to, be it a step, a draft or a whole version. */
export type Consequences = Pick<Schemas["WhatIf"], "teams" | "moves" | "balance_before" | "balance_after">;
export type FileReport = Schemas["TerritoryFileReport"];

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

/** Land that changed hands from one version to another. */
export interface Piece {
  type: "Feature";
  geometry: AreaShape;
  properties: { from_team_code: string | null; to_team_code: string | null; area_km2: number };
}
export type Comparison = Omit<Schemas["VersionComparison"], "pieces"> & { pieces: { features: Piece[] } | null };
