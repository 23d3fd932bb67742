import Feature, { type FeatureLike } from "ol/Feature";
import OlMap from "ol/Map";
import View from "ol/View";
import ScaleLine from "ol/control/ScaleLine";
import { buffer, containsXY, createEmpty, extend, getHeight, getWidth, isEmpty, type Extent } from "ol/extent";
import GeoJSON from "ol/format/GeoJSON";
import type Geometry from "ol/geom/Geometry";
import type MultiPolygon from "ol/geom/MultiPolygon";
import Point from "ol/geom/Point";
import { fromExtent } from "ol/geom/Polygon";
import { defaults as interactions } from "ol/interaction";
import VectorLayer from "ol/layer/Vector";
import VectorImageLayer from "ol/layer/VectorImage";
import VectorTileLayer from "ol/layer/VectorTile";
import { fromLonLat, transformExtent } from "ol/proj";
import type RenderFeature from "ol/render/Feature";
import { toGeometry as toWhole } from "ol/render/Feature";
import VectorSource from "ol/source/Vector";
import type Style from "ol/style/Style";
import type { StyleFunction } from "ol/style/Style";
import { branchGround, branchLine, branchNames, communityNames, selectedTerritory, territoryGround, territoryNames } from "../../map/areaStyles";
import { orphanStyle } from "../../map/orphanStyles";
import { PAPER } from "../../map/palette";
import { showPlan, tileSource, tileUrl } from "../../map/tiles";
import { colourOf, learnColour } from "../state/colours";
import type { Seen } from "../state/communities";
import { covers } from "../tools/stroke";
import type { AnyShape, AreaShape, Bbox, LonLat, MultiPolygonShape, Severity } from "../types";
import { toDegrees, toGeometry, toMap } from "./project";
import { chosenStyle, customerStyle, defectStyle, draftNames, draftStyle, goneStyle, handleStyle, nodeStyle, pickedCommunity, pieceStyle, presenceStyle, previewStyle, restingCommunity, versionStyle } from "./styles";

const TILES = ["branches", "communities", "territories", "orphans", "customers"] as const;
type TileName = (typeof TILES)[number];
export type LayerSwitch = "orphans" | "customers" | "communities" | "others" | "names" | "defects" | "people";

/** Tiles of areas hold a second layer, of their names. */
const isLabel = (feature: FeatureLike) => String(feature.get("layer")).endsWith("_labels");

const format = new GeoJSON({ dataProjection: "EPSG:4326", featureProjection: "EPSG:3857" });

/** Coarser than this, in metres a pixel, a neighbourhood is too large to be loaded for editing: the draft is drawn from its tiles. */
export const COARSEST = 160;

/** More vertices than this in sight, and the hand reaches for none of them: it could not tell them apart, and indexing them takes too long. */
const MOST_VERTICES = 40_000;

/** What the map asks of the page's state while it draws. */
export interface Sight {
  nameOf: (team: string) => string;
  branchOf: (team: string) => string | null;
  /** The branch whose draft is at work: its territories in force are not drawn under the draft. */
  branch: () => string | null;
  selected: () => string | null;
  vertices: () => boolean;
  /** Two versions are compared: what changed hands stands out, the rest steps back. */
  comparing: () => boolean;
  picking: () => boolean;
  picked: () => ReadonlySet<string>;
  defect: () => number | null;
  /** How much of the map's foot, in pixels, something lies over. */
  covered: () => number;
}

export interface Placed {
  id: number;
  severity: Severity;
  geometry: AnyShape;
}

/** The studio's map: the draft at full resolution over tiles of all else. */
export class StudioChart {
  readonly map: OlMap;
  readonly draft = new VectorSource<Feature<MultiPolygon>>();
  /** The territories whose borders the hand meets: those in sight, or where they are too many the selected one. */
  readonly near = new VectorSource<Feature<MultiPolygon>>();
  private readonly chosen = new VectorSource<Feature<MultiPolygon>>();
  private readonly drawn = new Map<string, number>();
  private readonly planTiles = tileSource("territories");
  private readonly planLayers: VectorTileLayer[];
  private readonly chosenLayer: VectorLayer;
  private readonly nodeLayer: VectorLayer;
  private readonly tiles = Object.fromEntries(TILES.map((name) => [name, tileSource(name)])) as Record<TileName, ReturnType<typeof tileSource>>;
  private readonly preview = new VectorSource();
  private readonly defects = new VectorSource();
  private readonly versions = new VectorSource();
  private readonly people = new VectorSource();
  private readonly pieces = new VectorSource();
  private readonly handle = new VectorSource();
  private readonly layers: Record<LayerSwitch, { setVisible: (visible: boolean) => void; changed: () => void }[]>;
  private readonly branches: VectorTileLayer;
  private readonly communities: VectorTileLayer;
  private readonly pickedLayer: VectorTileLayer;
  private readonly draftLayer: VectorImageLayer;
  private readonly defectLayer: VectorLayer;
  private readonly pieceLayer: VectorLayer;
  private readonly shown = new Map<string, MultiPolygonShape>();

  constructor(
    target: HTMLElement,
    private readonly sight: Sight,
  ) {
    const tile = (of: TileName, zIndex: number, style: StyleFunction, more = {}) => new VectorTileLayer({ source: this.tiles[of], style, zIndex, ...more });
    const vector = (source: VectorSource, zIndex: number, style: StyleFunction | Style | Style[], more = {}) =>
      new VectorLayer({ source, style, zIndex, updateWhileInteracting: true, ...more });
    // Beside a draft the neighbours step back.
    const ground = territoryGround(() => (sight.branch() === null ? null : ""));
    const names = territoryNames();
    this.branches = tile("branches", 0, branchGround(() => true), { background: PAPER });
    this.communities = tile("communities", 45, (feature) => (isLabel(feature) ? undefined : restingCommunity), { maxResolution: 60 });
    this.pickedLayer = tile("communities", 46, (feature) => (!isLabel(feature) && sight.picking() && sight.picked().has(String(feature.get("code"))) ? pickedCommunity : undefined), { maxResolution: 60 });
    // Thousands of territories are drawn again when the map has come to rest, not in every frame of its way.
    const calm = { updateWhileInteracting: false, maxResolution: COARSEST };
    // Kept as a picture: what is drawn over it does not draw it again.
    this.draftLayer = new VectorImageLayer({ source: this.draft as unknown as VectorSource, style: draftStyle({ colour: colourOf, pale: sight.comparing }), zIndex: 20, imageRatio: 1.4, maxResolution: COARSEST });
    this.chosenLayer = vector(this.chosen as unknown as VectorSource, 21, chosenStyle({ colour: colourOf, vertices: sight.vertices }), { maxResolution: COARSEST });
    this.nodeLayer = vector(this.near as unknown as VectorSource, 22, nodeStyle, { ...calm, visible: false });
    const far = { minResolution: COARSEST, visible: false };
    this.planLayers = [
      new VectorTileLayer({ source: this.planTiles, style: territoryGround(() => null), zIndex: 20, ...far }),
      new VectorTileLayer({ source: this.planTiles, style: selectedTerritory(sight.selected), zIndex: 21, ...far }),
    ];
    // From afar marks of defects would hide the draft, and take every click.
    this.defectLayer = vector(this.defects, 58, defectStyle(sight.defect), { maxResolution: COARSEST });
    this.pieceLayer = vector(this.pieces, 30, pieceStyle({ colour: colourOf, active: sight.selected }));
    const others = [
      tile("territories", 10, (feature, resolution) => this.elsewhere(feature, () => ground(feature, resolution))),
      tile("territories", 63, (feature, resolution) => this.elsewhere(feature, () => names(feature, resolution)), { declutter: "names" }),
    ];
    const orphans = tile("orphans", 50, orphanStyle({ hidden: () => new Set(), team: () => null }), { opacity: 0.85 });
    const customers = tile("customers", 48, customerStyle(), { opacity: 0.85 });
    const draftTitles = vector(this.draft as unknown as VectorSource, 64, draftNames(sight.nameOf), { ...calm, declutter: "names" });
    const communityTitles = tile("communities", 62, communityNames(), { declutter: "names", maxResolution: 9 });
    const people = vector(this.people, 59, presenceStyle);
    this.layers = {
      orphans: [orphans],
      customers: [customers],
      communities: [this.communities, this.pickedLayer, communityTitles],
      others,
      names: [draftTitles],
      defects: [this.defectLayer],
      people: [people],
    };
    this.map = new OlMap({
      target,
      layers: [
        this.branches,
        ...others,
        this.draftLayer,
        this.chosenLayer,
        this.nodeLayer,
        ...this.planLayers,
        this.pieceLayer,
        tile("branches", 40, branchLine()),
        this.communities,
        this.pickedLayer,
        customers,
        orphans,
        vector(this.preview, 55, previewStyle({ colour: colourOf })),
        vector(this.versions, 57, versionStyle),
        this.defectLayer,
        people,
        communityTitles,
        draftTitles,
        tile("branches", 65, branchNames(), { declutter: "names" }),
        vector(this.handle, 90, handleStyle),
      ],
      controls: [new ScaleLine({ units: "metric", minWidth: 72 })],
      view: new View({ center: fromLonLat([108, 34]), zoom: 4, minZoom: 3, maxZoom: 21, smoothResolutionConstraint: true }),
      interactions: interactions({ onFocusOnly: false, altShiftDragRotate: false, pinchRotate: false, doubleClickZoom: false }),
      keyboardEventTarget: target,
    });
  }

  /** Territories of other branches, and where no draft is at work all of them. Reading them tells the teams' colours as well. */
  private elsewhere(feature: FeatureLike, style: () => Style | Style[] | void): Style | Style[] | void {
    const team = String(feature.get("team_code"));
    if (learnColour(team, Number(feature.get("colour"))) && this.shown.has(team)) queueMicrotask(() => this.draftLayer.changed());
    const branch = this.sight.branch();
    return branch !== null && this.sight.branchOf(team) === branch ? undefined : style();
  }

  follow(versions: Record<string, string>, on: string | null): void {
    for (const name of TILES) {
      const url = tileUrl(name, versions[name] ?? "", on);
      if (this.tiles[name].getUrls()?.[0] !== url) this.tiles[name].setUrl(url);
    }
  }

  show(switched: Record<LayerSwitch, boolean>): void {
    for (const [name, layers] of Object.entries(this.layers)) for (const layer of layers) layer.setVisible(switched[name as LayerSwitch]);
  }

  /** Draws all again: another plan is on the table, or two versions are compared. */
  restyle(): void {
    this.draftLayer.changed();
    this.showDefect();
    this.showPicked();
    this.showChosen();
    for (const layer of this.layers.others) layer.changed();
  }

  showDefect(): void {
    this.defectLayer.changed();
  }

  showPicked(): void {
    this.pickedLayer.changed();
  }

  /** Draws the selected territory over the others, which are left as they are. */
  showChosen(): void {
    const team = this.sight.selected();
    const feature = team === null ? null : (this.draft.getFeatureById(team) as Feature<MultiPolygon> | null);
    if (this.chosen.getFeatures()[0] !== feature) {
      this.chosen.clear(true);
      if (feature) this.chosen.addFeature(feature);
    }
    this.chosenLayer.changed();
    this.pieceLayer.changed();
    for (const layer of this.planLayers) layer.changed();
  }

  /** Shows a plan also where the map is too coarse for its shapes; null: none. */
  showPlan(plan: { id: number; version: number } | null): void {
    for (const layer of this.planLayers) layer.setVisible(plan !== null);
    if (plan) showPlan(this.planTiles, { id: plan.id, published: false }, String(plan.version));
  }

  /** Takes the territories in sight into reach of the hand, or none where it has no use for them. False if they are too many. */
  reach(wanted: boolean): boolean {
    const found = new Set<Feature<MultiPolygon>>();
    let vertices = 0;
    if (wanted) {
      for (const feature of this.draft.getFeaturesInExtent(this.map.getView().calculateExtent(this.map.getSize()))) {
        vertices += (feature.getGeometry()?.getFlatCoordinates().length ?? 0) / 2;
        found.add(feature);
      }
    }
    if (vertices > MOST_VERTICES) {
      found.clear();
      for (const feature of this.chosen.getFeatures()) found.add(feature);
    }
    for (const feature of this.near.getFeatures()) if (!found.delete(feature)) this.near.removeFeature(feature);
    this.near.addFeatures([...found]);
    this.nodeLayer.setVisible(this.sight.vertices());
    return vertices <= MOST_VERTICES;
  }

  /** Draws the draft's territories; those that have not changed are left as they are. */
  draw(shapes: ReadonlyMap<string, MultiPolygonShape>): void {
    for (const team of [...this.shown.keys()]) {
      if (shapes.has(team)) continue;
      const gone = this.draft.getFeatureById(team);
      if (gone) {
        this.draft.removeFeature(gone as Feature<MultiPolygon>);
        if (this.near.hasFeature(gone as Feature<MultiPolygon>)) this.near.removeFeature(gone as Feature<MultiPolygon>);
      }
      this.shown.delete(team);
      this.drawn.delete(team);
    }
    const added: Feature<MultiPolygon>[] = [];
    for (const [team, shape] of shapes) {
      if (this.shown.get(team) === shape) continue;
      const feature = this.redraw(team, shape);
      if (feature) added.push(feature);
    }
    this.draft.addFeatures(added);
    this.showChosen();
  }

  /** Gives a territory its shape; a feature that is new is returned, to be added. */
  private redraw(team: string, shape: MultiPolygonShape): Feature<MultiPolygon> | null {
    const geometry = toGeometry(shape);
    this.shown.set(team, shape);
    this.drawn.set(team, geometry.getRevision());
    const there = this.draft.getFeatureById(team) as Feature<MultiPolygon> | null;
    if (there) {
      there.setGeometry(geometry);
      return null;
    }
    const feature = new Feature({ geometry, team });
    feature.setId(team);
    return feature;
  }

  /** Draws the territories again as they are known: a drag that came to nothing leaves no trace. */
  restore(): void {
    for (const [team, shape] of this.shown) {
      const feature = this.draft.getFeatureById(team) as Feature<MultiPolygon> | null;
      if (feature?.getGeometry()?.getRevision() !== this.drawn.get(team)) this.redraw(team, shape);
    }
  }

  showPreview(changed: readonly { team_code: string; geometry: AreaShape | null }[]): void {
    this.preview.clear();
    for (const { team_code: team, geometry } of changed) {
      if (geometry) this.preview.addFeature(new Feature({ geometry: toGeometry(geometry), team }));
      else {
        const now = this.shown.get(team);
        if (!now) continue;
        const feature = new Feature({ geometry: toGeometry(now), team });
        feature.setStyle(goneStyle);
        this.preview.addFeature(feature);
      }
    }
  }

  showDefects(placed: readonly Placed[]): void {
    this.defects.clear();
    for (const { id, severity, geometry } of placed) {
      const feature = new Feature<Geometry>({ geometry: format.readGeometry(geometry) as Geometry, defect: id, severity });
      this.defects.addFeature(feature);
    }
  }

  /** Both versions of each territory of a conflict. */
  showVersions(sides: readonly { mine: AreaShape | null; theirs: AreaShape | null }[]): void {
    this.versions.clear();
    for (const { mine, theirs } of sides) {
      // A neighbour that both leave as it is shows nothing of the conflict.
      if (JSON.stringify(mine) === JSON.stringify(theirs)) continue;
      for (const [version, shape] of [["THEIRS", theirs], ["MINE", mine]] as const) {
        if (shape) this.versions.addFeature(new Feature({ geometry: toGeometry(shape), version }));
      }
    }
  }

  fitVersions(): void {
    const extent = this.versions.getExtent();
    if (extent && !isEmpty(extent)) this.fitExtent(extent, 300, 17);
  }

  showPeople(present: readonly { person: string; bbox: Bbox }[]): void {
    this.people.clear();
    for (const { person, bbox } of present) {
      this.people.addFeature(new Feature({ geometry: fromExtent(transformExtent([...bbox], "EPSG:4326", "EPSG:3857")), person }));
    }
  }

  showPieces(pieces: readonly { from: string | null; to: string | null; geometry: AnyShape }[]): void {
    this.pieces.clear();
    for (const { from, to, geometry } of pieces) this.pieces.addFeature(new Feature({ geometry: format.readGeometry(geometry) as Geometry, from, to }));
  }

  showHandle(at: LonLat | null): void {
    this.handle.clear();
    if (at) this.handle.addFeature(new Feature(new Point(toMap(at))));
  }

  /** The draft's territory under a pixel. */
  teamAt(pixel: number[]): string | null {
    const far = this.resolution() >= COARSEST;
    const [land, name] = far ? [this.planLayers[0], "team_code"] : [this.draftLayer, "team"];
    return this.map.forEachFeatureAtPixel(pixel, (feature) => (feature.get(name) as string | undefined) ?? null, { layerFilter: (layer) => layer === land }) ?? null;
  }

  /** The defect under a pixel. A note on a whole area is none: it would keep the territories below it from being selected. */
  defectAt(pixel: number[]): number | null {
    const stands = (feature: FeatureLike) => feature.get("severity") !== "NOTE" || !/Polygon$/.test(feature.getGeometry()?.getType() ?? "");
    return this.map.forEachFeatureAtPixel(pixel, (feature) => (stands(feature) ? (feature.get("defect") as number) : undefined), { layerFilter: (layer) => layer === this.defectLayer, hitTolerance: 3 }) ?? null;
  }

  /** The part of a territory under a place: a MultiPolygon's polygon, holes and all. */
  partAt(at: LonLat): AreaShape | null {
    for (const shape of this.shown.values()) {
      const part = shape.coordinates.find((polygon) => covers([polygon], at));
      if (part) return { type: "Polygon", coordinates: part };
    }
    return null;
  }

  /** Codes of the communities drawn at a pixel, or whose middle lies in an area of the map's tiles. */
  communityAt(pixel: number[]): string | null {
    return (
      this.map.forEachFeatureAtPixel(pixel, (feature) => (isLabel(feature) ? undefined : String(feature.get("code"))), {
        layerFilter: (layer) => layer === this.communities,
      }) ?? null
    );
  }

  communitiesIn(area: AreaShape): string[] {
    const geometry = toGeometry(area);
    const found = new Set<string>();
    const polygons = geometry.getCoordinates();
    for (const feature of this.communities.getFeaturesInExtent(geometry.getExtent()) as unknown as RenderFeature[]) {
      if (!isLabel(feature)) continue;
      const [x = 0, y = 0] = feature.getFlatCoordinates();
      if (covers(polygons, [x, y])) found.add(String(feature.get("code")));
    }
    return [...found];
  }

  /** Communities of the branch whose middle is in sight, by name, and the teams that have it. */
  communitiesInSight(): Seen[] {
    const extent = this.map.getView().calculateExtent(this.map.getSize());
    const elsewhere = (this.branches.getFeaturesInExtent(extent) as unknown as RenderFeature[])
      .filter((feature) => !isLabel(feature) && feature.get("branch_code") !== this.sight.branch())
      .map((feature) => toWhole(feature));
    const found = new Map<string, Seen>();
    for (const feature of this.communities.getFeaturesInExtent(extent) as unknown as RenderFeature[]) {
      if (!isLabel(feature)) continue;
      const [x = 0, y = 0] = feature.getFlatCoordinates();
      if (!containsXY(extent, x, y) || elsewhere.some((branch) => branch.intersectsCoordinate([x, y]))) continue;
      const owners = this.draft.getFeaturesAtCoordinate([x, y]).map((territory) => String(territory.getId()));
      const code = String(feature.get("code"));
      found.set(code, { code, name: String(feature.get("name")), owners });
    }
    return [...found.values()].sort((a, b) => a.name.localeCompare(b.name, "zh-CN") || a.code.localeCompare(b.code));
  }

  /** What is in sight, in degrees. */
  bbox(): Bbox {
    return transformExtent(this.map.getView().calculateExtent(this.map.getSize()), "EPSG:3857", "EPSG:4326") as Bbox;
  }

  resolution(): number {
    return this.map.getView().getResolution() ?? 1;
  }

  fit(bbox: Bbox, duration = 300, maxZoom = 17): void {
    this.fitExtent(transformExtent([...bbox], "EPSG:4326", "EPSG:3857"), duration, maxZoom);
  }

  /** A place with as much again around it: what is wrong is seen by what lies beside. */
  fitShape(shape: AnyShape, duration = 300): void {
    const extent = (format.readGeometry(shape) as Geometry).getExtent();
    this.fitExtent(buffer(extent, Math.max(getWidth(extent), getHeight(extent)) / 2), duration, 18);
  }

  fitTeams(teams: readonly string[], duration = 300): void {
    const extent = createEmpty();
    for (const team of teams) {
      const geometry = this.draft.getFeatureById(team) as Feature<MultiPolygon> | null;
      if (geometry?.getGeometry()) extend(extent, geometry.getGeometry()!.getExtent());
    }
    if (!isEmpty(extent)) this.fitExtent(extent, duration, 17);
  }

  /** Fits between the edges of the map and what lies over it: the tool's options at its head, on a phone a sheet over its foot. */
  private fitExtent(extent: Extent, duration: number, maxZoom: number): void {
    const [wide = 0, high = 0] = this.map.getSize() ?? [];
    const free = high - this.sight.covered();
    const [side, foot] = [Math.min(60, wide / 16), Math.min(60, free / 10)];
    const padding = [Math.min(90, free / 6), side, foot + high - free, side];
    this.map.getView().fit(extent, { padding, duration, maxZoom });
  }

  nudged(at: LonLat, right: number, down: number): LonLat {
    const [x = 0, y = 0] = toMap(at);
    return toDegrees([x + right * this.resolution(), y - down * this.resolution()]);
  }

  reveal(at: LonLat): void {
    const pixel = this.map.getPixelFromCoordinate(toMap(at));
    const [wide = 0, high = 0] = this.map.getSize() ?? [];
    if (pixel && pixel[0]! > 40 && pixel[0]! < wide - 40 && pixel[1]! > 60 && pixel[1]! < high - 40) return;
    this.map.getView().animate({ center: toMap(at), duration: 200 });
  }

  zoomBy(steps: number): void {
    const view = this.map.getView();
    view.animate({ zoom: (view.getZoom() ?? 4) + steps, duration: 200 });
  }

  pixelOf(at: LonLat): number[] | null {
    return this.map.getPixelFromCoordinate(toMap(at)) ?? null;
  }

  dispose(): void {
    this.map.setTarget(undefined);
    this.map.dispose();
  }
}
