import type { Gesture } from "./tools";
import type { LineShape, LonLat, PolygonShape } from "../types";

/** Reading coordinates that a person types: pairs of longitude and latitude in CGCS2000 degrees. */

export type Unread = "EMPTY" | "NOT_NUMBERS" | "SWAPPED" | "OUTSIDE" | "TOO_FEW" | "TOO_MANY";

export type Read<T> = { value: T; unread: null } | { value: null; unread: Unread };

const no = (unread: Unread): { value: null; unread: Unread } => ({ value: null, unread });

/** Degrees within which China lies, as the service has them. */
const [WEST, SOUTH, EAST, NORTH] = [73, 3, 136, 54];
const MOST = 10_000;

/** One pair a line (or between semicolons): `118.78, 32.04`. Full-width punctuation of a Chinese keyboard counts as well. */
export function readPoints(text: string): Read<LonLat[]> {
  const pairs = text
    .normalize("NFKC")
    .replaceAll("、", ",")
    .split(/[\n;]+/)
    .map((part) => part.trim())
    .filter((part) => part !== "");
  if (pairs.length === 0) return no("EMPTY");
  if (pairs.length > MOST) return no("TOO_MANY");
  const points: LonLat[] = [];
  for (const pair of pairs) {
    const parts = pair.split(/[,\s]+/).filter((part) => part !== "");
    const [lon, lat] = parts.map(Number);
    if (parts.length !== 2 || lon === undefined || lat === undefined || !Number.isFinite(lon) || !Number.isFinite(lat)) return no("NOT_NUMBERS");
    const inside = (x: number, y: number) => x >= WEST && x <= EAST && y >= SOUTH && y <= NORTH;
    if (!inside(lon, lat)) return no(inside(lat, lon) ? "SWAPPED" : "OUTSIDE");
    points.push([lon, lat]);
  }
  return { value: points, unread: null };
}

/** The geometry that a gesture would have given. A polygon is closed if the last point does not repeat the first. */
export function readShape(gesture: "polygon" | "line" | "point", text: string): Read<PolygonShape | LineShape | { type: "Point"; coordinates: LonLat }> {
  const read = readPoints(text);
  if (read.value === null) return read;
  const points = read.value;
  const [first] = points;
  if (!first) return no("EMPTY");
  if (gesture === "point") return points.length === 1 ? { value: { type: "Point", coordinates: first }, unread: null } : no("TOO_MANY");
  if (gesture === "line") return points.length >= 2 ? { value: { type: "LineString", coordinates: points }, unread: null } : no("TOO_FEW");
  const last = points.at(-1)!;
  const ring = first[0] === last[0] && first[1] === last[1] && points.length > 1 ? points : [...points, first];
  return ring.length >= 4 ? { value: { type: "Polygon", coordinates: [ring] }, unread: null } : no("TOO_FEW");
}

/** Whether a gesture can be typed as coordinates. */
export const canBeTyped = (gesture: Gesture): gesture is "polygon" | "line" | "point" => gesture === "polygon" || gesture === "line" || gesture === "point";
