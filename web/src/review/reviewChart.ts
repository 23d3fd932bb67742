import Feature from "ol/Feature";
import OlMap from "ol/Map";
import View from "ol/View";
import ScaleLine from "ol/control/ScaleLine";
import { boundingExtent, createEmpty, extend, isEmpty } from "ol/extent";
import Point from "ol/geom/Point";
import { circular } from "ol/geom/Polygon";
import { defaults as interactions } from "ol/interaction";
import Translate from "ol/interaction/Translate";
import VectorLayer from "ol/layer/Vector";
import VectorTileLayer from "ol/layer/VectorTile";
import { fromLonLat, toLonLat, transformExtent } from "ol/proj";
import VectorSource from "ol/source/Vector";
import CircleStyle from "ol/style/Circle";
import Fill from "ol/style/Fill";
import Icon from "ol/style/Icon";
import RegularShape from "ol/style/RegularShape";
import Stroke from "ol/style/Stroke";
import Style from "ol/style/Style";
import Text from "ol/style/Text";
import { branchGround, branchLine, branchNames, communityLine, territoryGround, territoryNames } from "../map/areaStyles";
import { INK, PAPER, SEAL } from "../map/palette";
import { tileSource, tileUrl } from "../map/tiles";

type Lonlat = readonly [number, number];

/** A numbered candidate. */
export interface Numbered {
  rank: number;
  id: string;
  at: Lonlat;
  radiusM: number | null;
}

export interface Scene {
  numbered: Numbered[];
  /** Other addresses of the same policyholder. */
  beside: Lonlat[];
  /** What to look at besides: west, south, east, north. */
  around: readonly [number, number, number, number] | null;
}

/** A disc wider than this says only that nothing is known. */
const WIDEST_M = 20_000;
const NAMES = ["branches", "communities", "territories"] as const;
const FONT = '600 13px "PingFang SC", "Noto Sans CJK SC", Arial, sans-serif';
const PIN = `<svg xmlns="http://www.w3.org/2000/svg" width="34" height="44" viewBox="0 0 34 44"><path d="M17 43C17 43 32 27 32 16.500A15 15 0 0 0 2 16.500C2 27 17 43 17 43Z" fill="${SEAL}" stroke="#fff" stroke-width="2.500"/><circle cx="17" cy="16.500" r="5.500" fill="#fff"/></svg>`;

const pinStyle = new Style({
  image: new Icon({ src: `data:image/svg+xml;base64,${btoa(PIN)}`, anchor: [0.5, 0.98] }),
  zIndex: 100,
});
const discStyle = new Style({
  stroke: new Stroke({ color: SEAL, width: 1.4, lineDash: [5, 4] }),
  fill: new Fill({ color: "rgba(165, 52, 42, 0.07)" }),
});
const besideStyle = new Style({
  image: new RegularShape({
    points: 4,
    radius: 9,
    angle: Math.PI / 4,
    fill: new Fill({ color: "#fff" }),
    stroke: new Stroke({ color: INK, width: 2 }),
  }),
  zIndex: 20,
});

function numberStyle(rank: number, chosen: boolean): Style {
  return new Style({
    image: new CircleStyle({
      radius: chosen ? 14 : 12,
      fill: new Fill({ color: chosen ? SEAL : "#fff" }),
      stroke: new Stroke({ color: chosen ? "#fff" : SEAL, width: 2.5 }),
    }),
    text: new Text({ text: String(rank), font: FONT, fill: new Fill({ color: chosen ? "#fff" : SEAL }), offsetY: 1 }),
    zIndex: chosen ? 60 : 50 - rank,
  });
}

/** The map of one address: candidates with their numbers, how unsure the chosen one is, and a pin that can be dragged. */
export class ReviewChart {
  readonly map: OlMap;
  private readonly sources = Object.fromEntries(NAMES.map((name) => [name, tileSource(name)])) as Record<
    (typeof NAMES)[number],
    ReturnType<typeof tileSource>
  >;
  private readonly marks = new VectorSource();
  private readonly discs = new VectorSource();
  private readonly pins = new VectorSource();
  private scene: Scene = { numbered: [], beside: [], around: null };

  constructor(
    target: HTMLElement,
    private readonly on: { pin: (lon: number, lat: number) => void; candidate: (id: string) => void },
  ) {
    const tiles = (of: (typeof NAMES)[number], zIndex: number, style: ReturnType<typeof branchLine>, more = {}) =>
      new VectorTileLayer({ source: this.sources[of], style, zIndex, ...more });
    const pins = new VectorLayer({ source: this.pins, style: pinStyle, zIndex: 90, updateWhileInteracting: true });
    this.map = new OlMap({
      target,
      layers: [
        tiles("branches", 0, branchGround(() => true), { background: PAPER }),
        tiles("territories", 10, territoryGround(() => null)),
        tiles("communities", 20, communityLine(), { maxResolution: 40 }),
        tiles("branches", 30, branchLine()),
        tiles("territories", 62, territoryNames(), { declutter: "names" }),
        tiles("branches", 63, branchNames(), { declutter: "names" }),
        new VectorLayer({ source: this.discs, style: discStyle, zIndex: 70 }),
        new VectorLayer({ source: this.marks, zIndex: 80 }),
        pins,
      ],
      controls: [new ScaleLine({ units: "metric", minWidth: 72 })],
      view: new View({ center: fromLonLat([108, 34]), zoom: 4, minZoom: 3, maxZoom: 19, smoothResolutionConstraint: true }),
      interactions: interactions({ onFocusOnly: false, altShiftDragRotate: false, pinchRotate: false }),
      keyboardEventTarget: target,
    });
    const drag = new Translate({ layers: [pins], hitTolerance: 8 });
    drag.on("translateend", (event) => this.told(event.coordinate));
    this.map.addInteraction(drag);
    this.map.on("singleclick", (event) => {
      const hit = this.map.forEachFeatureAtPixel(event.pixel, (feature) => feature.get("candidate") as string | undefined, {
        hitTolerance: 4,
      });
      if (hit) this.on.candidate(hit);
      else this.told(event.coordinate);
    });
  }

  private told(coordinate: number[]): void {
    const [lon = 0, lat = 0] = toLonLat(coordinate);
    this.on.pin(lon, lat);
  }

  follow(versions: Record<string, string>): void {
    for (const name of NAMES) this.sources[name].setUrl(tileUrl(name, versions[name] ?? "", null));
  }

  /** Draws the places of an item and brings them into sight. */
  show(scene: Scene): void {
    this.scene = scene;
    this.fit(0);
  }

  /** Draws the choice: the chosen candidate filled and with its disc, or the pin. */
  choose(candidate: string | null, pin: Lonlat | null): void {
    this.marks.clear();
    this.discs.clear();
    this.pins.clear();
    for (const at of this.scene.beside) {
      const feature = new Feature(new Point(fromLonLat([...at])));
      feature.setStyle(besideStyle);
      this.marks.addFeature(feature);
    }
    for (const each of this.scene.numbered) {
      const chosen = each.id === candidate;
      const feature = new Feature({ geometry: new Point(fromLonLat([...each.at])), candidate: each.id });
      feature.setStyle(numberStyle(each.rank, chosen));
      this.marks.addFeature(feature);
      if (chosen && each.radiusM !== null && each.radiusM > 1 && each.radiusM <= WIDEST_M) {
        this.discs.addFeature(new Feature(circular([...each.at], each.radiusM, 96).transform("EPSG:4326", "EPSG:3857")));
      }
    }
    if (pin) this.pins.addFeature(new Feature(new Point(fromLonLat([...pin]))));
  }

  /** Brings all places of the item into sight. */
  fit(duration = 300): void {
    const points = [...this.scene.numbered.map((each) => each.at), ...this.scene.beside].map((at) => fromLonLat([...at]));
    const extent = points.length ? boundingExtent(points) : createEmpty();
    if (this.scene.around) extend(extent, transformExtent([...this.scene.around], "EPSG:4326", "EPSG:3857"));
    if (!points.length && isEmpty(extent)) return;
    this.map.getView().fit(extent, { padding: [64, 64, 64, 64], duration, maxZoom: 15.5 });
  }

  /** Puts the place at the middle of the map if it is not in sight. */
  reveal(at: Lonlat): void {
    const view = this.map.getView();
    const [x = 0, y = 0] = fromLonLat([...at]);
    const pixel = this.map.getPixelFromCoordinate([x, y]);
    const [wide = 0, high = 0] = this.map.getSize() ?? [];
    if (pixel?.[0] !== undefined && pixel[1] !== undefined) {
      if (pixel[0] > 40 && pixel[0] < wide - 40 && pixel[1] > 40 && pixel[1] < high - 40) return;
    }
    view.animate({ center: [x, y], duration: 250 });
  }

  centre(): Lonlat {
    const [lon = 0, lat = 0] = toLonLat(this.map.getView().getCenter() ?? [0, 0]);
    return [lon, lat];
  }

  /** A place moved by pixels of the map. */
  nudged(at: Lonlat, right: number, down: number): Lonlat {
    const resolution = this.map.getView().getResolution() ?? 1;
    const [x = 0, y = 0] = fromLonLat([...at]);
    const [lon = 0, lat = 0] = toLonLat([x + right * resolution, y - down * resolution]);
    return [lon, lat];
  }

  /** Where on the screen a place is, for those who test. */
  pixelOf(at: Lonlat): number[] | null {
    return this.map.getPixelFromCoordinate(fromLonLat([...at])) ?? null;
  }

  zoomBy(steps: number): void {
    const view = this.map.getView();
    view.animate({ zoom: (view.getZoom() ?? 4) + steps, duration: 200 });
  }

  dispose(): void {
    this.map.setTarget(undefined);
    this.map.dispose();
  }
}
