import MVT from "ol/format/MVT";
import VectorTileSource from "ol/source/VectorTile";
import { createXYZ } from "ol/tilegrid";
import type { LayerName } from "../state/filter";

const grid = createXYZ({ tileSize: 512, maxZoom: 17 });

/** The address of a layer's tiles. `version` only makes the browser and the map ask anew when the content has changed. */
export function tileUrl(layer: LayerName, version: string, on: string | null): string {
  const query = new URLSearchParams({ v: version });
  if (layer === "territories" && on) query.set("on", on);
  return `/tiles/${layer}/{z}/{x}/{y}.mvt?${query.toString()}`;
}

export function tileSource(layer: LayerName): VectorTileSource {
  return new VectorTileSource({ format: new MVT(), tileGrid: grid, url: tileUrl(layer, "", null), wrapX: false });
}
