import type OlMap from "ol/Map";
import type MapBrowserEvent from "ol/MapBrowserEvent";
import { altKeyOnly, primaryAction, singleClick } from "ol/events/condition";
import LineString from "ol/geom/LineString";
import MultiPolygon from "ol/geom/MultiPolygon";
import Polygon from "ol/geom/Polygon";
import Draw from "ol/interaction/Draw";
import type Interaction from "ol/interaction/Interaction";
import Modify from "ol/interaction/Modify";
import PointerInteraction from "ol/interaction/Pointer";
import Snap from "ol/interaction/Snap";
import VectorLayer from "ol/layer/Vector";
import VectorSource from "ol/source/Vector";
import Feature from "ol/Feature";
import { brushed, looped } from "../tools/stroke";
import type { AreaShape, LineShape, LonLat, MultiPolygonShape } from "../types";
import { areaOf, fromGeometry, ringToDegrees, toDegrees } from "./project";
import { brushStyle, sketchStyle } from "./styles";

/** A territory as a drag has left it. */
export interface Bent {
  team: string;
  shape: MultiPolygonShape;
}

/** What a gesture tells while it goes on (`done` is false) and when it ends. */
export interface Heard {
  area: (area: AreaShape, done: boolean) => void;
  line: (line: LineShape, done: boolean) => void;
  /** The territories whose borders are being dragged: one while it goes on, all that took part when it ends. */
  border: (bent: readonly Bent[], done: boolean) => void;
  click: (at: LonLat, pixel: number[]) => void;
}

export interface Gesture {
  /** Takes the last point back; false if there is none. */
  back: () => boolean;
  /** Drops what has been begun; false if nothing has. */
  abort: () => boolean;
  /** Ends what has been begun; false if nothing has. */
  finish: () => boolean;
  /** Follows borders, or not, from now on. */
  trace: (on: boolean) => void;
  stop: () => void;
}

/** Pixels within which a pointer meets a border or vertex. */
const REACH_PX = 10;
const LOOP_TOLERANCE_PX = 1.5;

type Source = VectorSource<Feature<MultiPolygon>>;

function held(map: OlMap, interactions: Interaction[], more: Partial<Gesture> = {}): Gesture {
  for (const each of interactions) map.addInteraction(each);
  const nothing = () => false;
  return {
    back: more.back ?? nothing,
    abort: more.abort ?? nothing,
    finish: more.finish ?? nothing,
    trace: more.trace ?? (() => {}),
    stop: () => {
      more.stop?.();
      for (const each of interactions) map.removeInteraction(each);
    },
  };
}

/** Draws the pointer to borders and vertices. It must be the last of the map's interactions. */
export const snapping = (source: Source): Interaction => new Snap({ source, pixelTolerance: REACH_PX });

/** Corner by corner: an area or a line. With `trace` a click on a border begins to follow it, and another click leaves it. */
export function drawing(map: OlMap, source: Source, of: "polygon" | "line", tracing: boolean, heard: Pick<Heard, "area" | "line">): Gesture {
  const draw = new Draw({
    type: of === "polygon" ? "Polygon" : "LineString",
    stopClick: true,
    style: sketchStyle,
    trace: tracing,
    traceSource: source,
  });
  let begun = 0;
  const tell = (geometry: unknown, done: boolean) => {
    if (geometry instanceof Polygon) {
      const [ring] = geometry.getCoordinates();
      // While it is drawn, the pointer is the last corner but one.
      const area = ring && new Set(ring.map(String)).size >= 3 ? areaOf([[ring]]) : null;
      if (area) heard.area(area, done);
    } else if (geometry instanceof LineString) {
      const points = ringToDegrees(geometry.getCoordinates());
      if (new Set(points.map(String)).size >= 2) heard.line({ type: "LineString", coordinates: points }, done);
    }
  };
  draw.on("drawstart", ({ feature }) => {
    begun = 1;
    const geometry = feature.getGeometry();
    geometry?.on("change", () => tell(geometry, false));
  });
  draw.on("drawend", ({ feature }) => {
    begun = 0;
    tell(feature.getGeometry(), true);
  });
  draw.on("drawabort", () => (begun = 0));
  return held(map, [draw], {
    trace: (on) => draw.setTrace(on),
    back: () => {
      if (begun) draw.removeLastPoint();
      return begun > 0;
    },
    abort: () => {
      const was = begun > 0;
      draw.abortDrawing();
      return was;
    },
    finish: () => {
      const was = begun > 0;
      if (was) draw.finishDrawing();
      return was;
    },
  });
}

/** A free loop, or a brush: pressed, drawn, let go. `radius` of the brush in pixels. */
export function sweeping(map: OlMap, of: "lasso" | "brush", radius: () => number, heard: Pick<Heard, "area">): Gesture {
  const trail = new VectorSource();
  const layer = new VectorLayer({ source: trail, style: of === "brush" ? brushStyle : sketchStyle, zIndex: 88, updateWhileInteracting: true });
  layer.setMap(map);
  let path: [number, number][] = [];
  const resolution = () => map.getView().getResolution() ?? 1;
  const polygons = () => (of === "brush" ? brushed(path, radius() * resolution()) : looped(path, LOOP_TOLERANCE_PX * resolution()));
  const show = (done: boolean) => {
    const made = polygons();
    trail.clear();
    if (made.length && !done) trail.addFeature(new Feature(new MultiPolygon(made)));
    const area = areaOf(made);
    if (area) heard.area(area, done);
  };
  const add = (event: MapBrowserEvent) => path.push([event.coordinate[0] ?? 0, event.coordinate[1] ?? 0]);
  let frame = 0;
  const pointer = new PointerInteraction({
    handleDownEvent: (event) => {
      if (!primaryAction(event)) return false;
      path = [];
      add(event);
      if (of === "brush") show(false);
      return true;
    },
    handleDragEvent: (event) => {
      add(event);
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => path.length && show(false));
    },
    handleUpEvent: () => {
      cancelAnimationFrame(frame);
      show(true);
      path = [];
      return false;
    },
  });
  pointer.stopDown = (handled) => handled;
  const abort = () => {
    const was = path.length > 0;
    path = [];
    trail.clear();
    return was;
  };
  return held(map, [pointer], { abort, stop: () => layer.setMap(null) });
}

/** Dragging vertices and edges: a vertex that neighbours share moves in all of them. Alt and a click delete one. */
export function bending(map: OlMap, source: Source, heard: Pick<Heard, "border">): Gesture {
  const modify = new Modify({
    source,
    pixelTolerance: REACH_PX,
    style: sketchStyle,
    deleteCondition: (event) => altKeyOnly(event) && singleClick(event),
  });
  let unlisten = () => {};
  const teamOf = (feature: Feature) => String(feature.get("team"));
  modify.on("modifystart", ({ features }) => {
    const listening = features.getArray().flatMap((feature) => {
      const geometry = feature.getGeometry();
      if (!(geometry instanceof MultiPolygon)) return [];
      const changed = () => heard.border([{ team: teamOf(feature as Feature), shape: fromGeometry(geometry) }], false);
      geometry.on("change", changed);
      return [() => geometry.un("change", changed)];
    });
    unlisten = () => listening.forEach((each) => each());
  });
  modify.on("modifyend", ({ features }) => {
    unlisten();
    const bent = features.getArray().flatMap((feature) => {
      const geometry = feature.getGeometry();
      return geometry instanceof MultiPolygon ? [{ team: teamOf(feature as Feature), shape: fromGeometry(geometry) }] : [];
    });
    heard.border(bent, true);
  });
  return held(map, [modify], { stop: () => unlisten() });
}

/** A click: the place, and the pixel to look up what is drawn there. */
export function clicking(map: OlMap, heard: Pick<Heard, "click">): Gesture {
  const clicked = (event: MapBrowserEvent) => heard.click(toDegrees(event.coordinate), event.pixel);
  map.on("singleclick", clicked);
  return held(map, [], { stop: () => map.un("singleclick", clicked) });
}
