import type { FeatureLike } from "ol/Feature";
import OlMap from "ol/Map";
import View from "ol/View";
import { defaults as interactions } from "ol/interaction";
import ScaleLine from "ol/control/ScaleLine";
import VectorTileLayer from "ol/layer/VectorTile";
import { fromLonLat, toLonLat, transformExtent } from "ol/proj";
import type { StyleFunction } from "ol/style/Style";
import type VectorTileSource from "ol/source/VectorTile";
import type { LayerName } from "../state/filter";
import {
  branchGround,
  branchLine,
  branchNames,
  communityLine,
  communityNames,
  selectedTerritory,
  territoryGround,
  territoryNames,
} from "./areaStyles";
import { orphanStyle, type OrphanView } from "./orphanStyles";
import { PAPER } from "./palette";
import { PlaceLayer, type Place } from "./place";
import { tileSource, tileUrl } from "./tiles";

const NAMES: LayerName[] = ["branches", "communities", "territories", "orphans"];

export type Bbox = readonly [number, number, number, number];
export type Padding = [top: number, right: number, bottom: number, left: number];

/** What is under the pointer. */
export interface Under {
  lon: number;
  lat: number;
  orphans: FeatureLike[];
  territories: FeatureLike[];
}

/** The map: OpenLayers behind the few things that the page asks of it. */
export class Chart {
  readonly map: OlMap;
  private readonly sources: Record<LayerName, VectorTileSource>;
  private readonly layers: { of: LayerName; layer: VectorTileLayer }[] = [];
  private readonly orphans: VectorTileLayer;
  private readonly territories: VectorTileLayer;
  private readonly place = new PlaceLayer();
  private shown: Record<LayerName, boolean> = { branches: true, communities: true, territories: true, orphans: true };

  constructor(target: HTMLElement, view: OrphanView) {
    this.sources = Object.fromEntries(NAMES.map((name) => [name, tileSource(name)])) as Record<LayerName, VectorTileSource>;
    this.add("branches", 0, branchGround(() => this.shown.territories));
    this.territories = this.add("territories", 10, territoryGround(view.team));
    this.add("communities", 20, communityLine(), { maxResolution: 40 });
    this.add("branches", 30, branchLine());
    this.add("territories", 40, selectedTerritory(view.team));
    this.orphans = this.add("orphans", 50, orphanStyle(view));
    this.add("branches", 63, branchNames(), { declutter: "names" });
    this.add("territories", 62, territoryNames(), { declutter: "names" });
    this.add("communities", 61, communityNames(), { declutter: "names", maxResolution: 9 });
    this.map = new OlMap({
      target,
      layers: [...this.layers.map(({ layer }) => layer), this.place],
      controls: [new ScaleLine({ units: "metric", minWidth: 72 })],
      view: new View({ center: fromLonLat([108, 34]), zoom: 4, minZoom: 3, maxZoom: 19, smoothResolutionConstraint: true }),
      // The map has the page to itself: the wheel zooms it without a click first.
      interactions: interactions({ onFocusOnly: false, altShiftDragRotate: false, pinchRotate: false }),
      keyboardEventTarget: target,
    });
  }

  private add(of: LayerName, zIndex: number, style: StyleFunction, more: { declutter?: string; maxResolution?: number } = {}) {
    const layer = new VectorTileLayer({
      source: this.sources[of],
      style,
      zIndex,
      ...more,
      ...(zIndex === 0 ? { background: PAPER } : {}),
    });
    this.layers.push({ of, layer });
    return layer;
  }

  show(shown: Record<LayerName, boolean>): void {
    this.shown = { ...shown };
    for (const { of, layer } of this.layers) layer.setVisible(this.shown[of]);
    this.restyle();
  }

  /** Draws again after a filter or the selected team has changed. */
  restyle(): void {
    for (const { layer } of this.layers) layer.changed();
  }

  /** Asks for the tiles of the content and date that are meant; those at hand stay where nothing has changed. */
  follow(versions: Record<string, string>, on: string | null): void {
    for (const name of NAMES) {
      const url = tileUrl(name, versions[name] ?? "", on);
      if (this.sources[name].getUrls()?.[0] !== url) this.sources[name].setUrl(url);
    }
  }

  fit([west, south, east, north]: Bbox, padding: Padding, duration = 350): void {
    const extent = transformExtent([west, south, east, north], "EPSG:4326", "EPSG:3857");
    this.map.getView().fit(extent, { padding, duration, maxZoom: 16 });
  }

  /** Brings a place into sight, if it is not, between the paddings. */
  reveal(place: Place, padding: Padding): void {
    const view = this.map.getView();
    const centre = fromLonLat([place.lon, place.lat]);
    const pixel = this.map.getPixelFromCoordinate(centre);
    const [wide = 0, high = 0] = this.map.getSize() ?? [];
    const near = (view.getZoom() ?? 0) >= 11;
    const [top, right, bottom, left] = padding;
    if (near && pixel?.[0] !== undefined && pixel[1] !== undefined) {
      const [x, y] = [pixel[0], pixel[1]];
      if (x > left && x < wide - right && y > top && y < high - bottom) return;
    }
    const [x = 0, y = 0] = centre;
    view.fit([x, y, x, y], { padding, duration: 350, maxZoom: Math.max(view.getZoom() ?? 0, 14) });
  }

  mark(place: Place | null): void {
    this.place.show(place);
  }

  zoomBy(steps: number): void {
    const view = this.map.getView();
    view.animate({ zoom: (view.getZoom() ?? 4) + steps, duration: 200 });
  }

  zoomTo(lon: number, lat: number): void {
    const view = this.map.getView();
    view.animate({ center: fromLonLat([lon, lat]), zoom: (view.getZoom() ?? 4) + 2, duration: 300 });
  }

  /** What is drawn at a pixel of the map. */
  under(pixel: number[]): Under {
    const orphans: FeatureLike[] = [];
    const territories: FeatureLike[] = [];
    this.map.forEachFeatureAtPixel(pixel, (feature) => void orphans.push(feature), {
      layerFilter: (layer) => layer === this.orphans,
      hitTolerance: 3,
    });
    if (orphans.length === 0) {
      this.map.forEachFeatureAtPixel(pixel, (feature) => void territories.push(feature), {
        layerFilter: (layer) => layer === this.territories,
      });
    }
    const [lon = 0, lat = 0] = toLonLat(this.map.getCoordinateFromPixel(pixel));
    return { lon, lat, orphans, territories };
  }

  dispose(): void {
    this.map.setTarget(undefined);
    this.map.dispose();
  }
}
