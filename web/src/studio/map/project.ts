import type { Coordinate } from "ol/coordinate";
import MultiPolygon from "ol/geom/MultiPolygon";
import { fromLonLat, toLonLat } from "ol/proj";
import { snapped } from "../tools/grid";
import type { AreaShape, LonLat, MultiPolygonShape } from "../types";

/** Between the map's plane (Web Mercator metres) and degrees on the grid. */

export const toMap = (at: LonLat): Coordinate => fromLonLat([...at]);

export function toDegrees(coordinate: readonly number[]): LonLat {
  const [lon = 0, lat = 0] = toLonLat([coordinate[0] ?? 0, coordinate[1] ?? 0]);
  return snapped([lon, lat]);
}

export const ringToDegrees = (ring: readonly (readonly number[])[]): LonLat[] => ring.map(toDegrees);

export function multi(shape: AreaShape): MultiPolygonShape {
  return shape.type === "MultiPolygon" ? shape : { type: "MultiPolygon", coordinates: [shape.coordinates] };
}

export function toGeometry(shape: AreaShape): MultiPolygon {
  return new MultiPolygon(multi(shape).coordinates.map((polygon) => polygon.map((ring) => ring.map(toMap))));
}

export function fromGeometry(geometry: MultiPolygon): MultiPolygonShape {
  return { type: "MultiPolygon", coordinates: geometry.getCoordinates().map((polygon) => polygon.map(ringToDegrees)) };
}

/** Polygons of the map's plane as a shape of degrees: a Polygon where there is only one; null where there is none. */
export function areaOf(polygons: readonly (readonly (readonly (readonly number[])[])[])[]): AreaShape | null {
  const [first, ...rest] = polygons.map((rings) => rings.map(ringToDegrees));
  if (!first) return null;
  return rest.length === 0 ? { type: "Polygon", coordinates: first } : { type: "MultiPolygon", coordinates: [first, ...rest] };
}
