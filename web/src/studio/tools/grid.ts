import type { LonLat } from "../types";

/** The grid of 1e-8 degrees (about a millimetre) on which borders lie. */
const STEPS = 1e8;

export function snapped([lon, lat]: LonLat): LonLat {
  return [Math.round(lon * STEPS) / STEPS, Math.round(lat * STEPS) / STEPS];
}
