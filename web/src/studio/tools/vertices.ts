import type { LonLat, MultiPolygonShape } from "../types";
import { snapped } from "./grid";

/** What a drag on borders has changed, read from the coordinates before and after. */

export type VertexChange =
  | { kind: "MOVE"; at: LonLat; to: LonLat }
  | { kind: "INSERT"; at: LonLat; to: LonLat }
  | { kind: "DELETE"; at: LonLat };

type Ring = readonly LonLat[];

const same = (a: LonLat | undefined, b: LonLat | undefined) => a !== undefined && b !== undefined && a[0] === b[0] && a[1] === b[1];
const open = (ring: Ring): Ring => (ring.length > 1 && same(ring[0], ring.at(-1)) ? ring.slice(0, -1) : ring);

/** The one vertex by which two states of a territory differ; null where they are the same. Shapes are compared on the grid. */
export function changeOf(before: MultiPolygonShape, after: MultiPolygonShape): VertexChange | null {
  const rings = before.coordinates.flat();
  const later = after.coordinates.flat();
  for (const [index, ring] of rings.entries()) {
    const found = ringChange(open(ring).map(snapped), open(later[index] ?? []).map(snapped));
    if (found) return found;
  }
  return null;
}

function ringChange(before: Ring, after: Ring): VertexChange | null {
  const at = before.findIndex((point, index) => !same(point, after[index]));
  const first = at < 0 ? before.length : at;
  if (after.length === before.length) {
    const [from, to] = [before[first], after[first]];
    return from && to && at >= 0 ? { kind: "MOVE", at: from, to } : null;
  }
  if (after.length === before.length + 1) {
    const to = after[first];
    const [left, right] = [before[(first - 1 + before.length) % before.length], before[first % before.length]];
    return to && left && right ? { kind: "INSERT", at: middle(left, right), to } : null;
  }
  const gone = before[first];
  return after.length === before.length - 1 && gone ? { kind: "DELETE", at: gone } : null;
}

/** The middle of the edge that the new vertex went into: no other edge is as near to it. */
function middle(left: LonLat, right: LonLat): LonLat {
  return snapped([(left[0] + right[0]) / 2, (left[1] + right[1]) / 2]);
}

/** All vertices of a territory in the order of its rings, each once. */
export function verticesOf(shape: MultiPolygonShape): LonLat[] {
  return shape.coordinates.flat().flatMap((ring) => [...open(ring)]);
}

/** The number of the vertex after or before one, in the same ring. */
export function neighbourOf(shape: MultiPolygonShape, index: number, by: 1 | -1): number {
  let start = 0;
  for (const ring of shape.coordinates.flat()) {
    const { length } = open(ring);
    if (index < start + length) return start + ((index - start + by + length) % length);
    start += length;
  }
  return 0;
}
