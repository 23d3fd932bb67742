import { union, type Geom } from "polyclip-ts";

/** Areas made by hand: what a brush of a given radius passes over, and a loop drawn freely. Plane coordinates, any unit. */

type XY = readonly [x: number, y: number];
type Rings = number[][][];

/** Corners of a circle: its polygon differs from the circle by less than 2 % of the radius. */
const CORNERS = 16;

/** The polygons that a round brush passes over on its way. `radius`: in the unit of the coordinates. */
export function brushed(path: readonly XY[], radius: number): Rings[] {
  const way = thinned(path, radius / 4);
  const [first] = way;
  if (!first) return [];
  const capsules: Geom[] = way.length === 1 ? [[circle(first, radius)]] : way.slice(1).map((to, index) => [capsule(way[index]!, to, radius)]);
  const [head, ...rest] = capsules;
  return head ? closed(union(head, ...rest)) : [];
}

/** A loop drawn freely, made sound: a loop that crosses itself becomes the polygons that it encloses. Empty if it encloses nothing. */
export function looped(path: readonly XY[], tolerance: number): Rings[] {
  const way = thinned(path, tolerance);
  const [first] = way;
  if (!first || way.length < 3) return [];
  const ring = [...way.map(([x, y]): [number, number] => [x, y]), [first[0], first[1]] as [number, number]];
  return closed(union([ring]));
}

const closed = (polygons: readonly (readonly (readonly (readonly number[])[])[])[]): Rings[] =>
  polygons.map((rings) => rings.map((ring) => ring.map(([x = 0, y = 0]) => [x, y])));

/** The points of a path that are needed to follow it within the tolerance (Douglas–Peucker). */
export function thinned(path: readonly XY[], tolerance: number): XY[] {
  if (path.length <= 2) return [...path];
  const keep = new Uint8Array(path.length);
  keep[0] = keep[path.length - 1] = 1;
  const open: [number, number][] = [[0, path.length - 1]];
  while (open.length) {
    const [from, to] = open.pop()!;
    let [farthest, most] = [-1, tolerance];
    for (let at = from + 1; at < to; at++) {
      const away = distance(path[at]!, path[from]!, path[to]!);
      if (away > most) [farthest, most] = [at, away];
    }
    if (farthest < 0) continue;
    keep[farthest] = 1;
    open.push([from, farthest], [farthest, to]);
  }
  return path.filter((_, at) => keep[at]);
}

/** How far a point is from a segment. */
export function distance([x, y]: XY, [ax, ay]: XY, [bx, by]: XY): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const part = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / length));
  return Math.hypot(x - ax - part * dx, y - ay - part * dy);
}

function arc([x, y]: XY, radius: number, from: number, steps: number): [number, number][] {
  return Array.from({ length: steps + 1 }, (_, step) => {
    const angle = from + (2 * Math.PI * step) / CORNERS;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  });
}

const circle = (at: XY, radius: number) => {
  const ring = arc(at, radius, 0, CORNERS - 1);
  return [...ring, ring[0]!];
};

/** The hull of two circles. */
function capsule(from: XY, to: XY, radius: number): [number, number][] {
  const along = Math.atan2(to[1] - from[1], to[0] - from[0]);
  const half = CORNERS / 2;
  const ring = [...arc(to, radius, along - Math.PI / 2, half), ...arc(from, radius, along + Math.PI / 2, half)];
  return [...ring, ring[0]!];
}

/** Whether a point lies in polygons of rings, by the number of crossings. */
export function covers(polygons: readonly Rings[], [x, y]: XY): boolean {
  let inside = false;
  for (const ring of polygons.flat()) {
    for (let at = 1; at < ring.length; at++) {
      const [ax = 0, ay = 0] = ring[at - 1]!;
      const [bx = 0, by = 0] = ring[at]!;
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
    }
  }
  return inside;
}
