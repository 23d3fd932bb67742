import MVT from "ol/format/MVT";
import VectorTileSource from "ol/source/VectorTile";
import { createXYZ } from "ol/tilegrid";
import type { LayerName } from "../state/filter";

const grid = createXYZ({ tileSize: 512, maxZoom: 17 });

/** Layers that have tiles. Customers are always counted together: their features have a `count` and nothing else. */
export type TileLayer = LayerName | "customers";

/** A territory plan whose territories are shown instead of those in force. */
export interface PlanTiles {
  id: number;
  /** Published, and so never changed: its tiles are kept for good. */
  published: boolean;
}

/**
 * The address of a layer's tiles. `version`: the layer's word from `/tiles/extent`, for a plan from `/tiles/extent?plan=`. It makes the map
 * ask anew when the content has changed, and stands behind the `#`, which the server does not see: so the browser asks with the tag of
 * the tile that it has, and a tile that the change has not touched is not sent again.
 */
export function tileUrl(layer: TileLayer, version: string, on: string | null, plan: PlanTiles | null = null): string {
  const query = new URLSearchParams();
  const shown = layer === "territories" ? plan : null;
  if (shown) query.set("plan", String(shown.id));
  else if (layer === "territories" && on) query.set("on", on);
  // With the word in it the address of a published plan's tile may be kept for good.
  if (shown?.published && version) query.set("v", version);
  const asked = query.toString();
  return `/tiles/${layer}/{z}/{x}/{y}.mvt${asked && `?${asked}`}${version && `#${version}`}`;
}

export function tileSource(layer: TileLayer): VectorTileSource {
  return new VectorTileSource({ format: new MVT(), tileGrid: grid, url: tileUrl(layer, "", null), wrapX: false });
}

/** Makes a source show a plan's territories at a version of it; nothing is asked for where it does already. True if it does now. */
export function showPlan(source: VectorTileSource, plan: PlanTiles, version: string): boolean {
  const url = tileUrl("territories", version, null, plan);
  if (source.getUrls()?.[0] === url) return false;
  source.setUrl(url);
  return true;
}
