import type { FeatureLike } from "ol/Feature";
import MultiPoint from "ol/geom/MultiPoint";
import MultiPolygon from "ol/geom/MultiPolygon";
import type Point from "ol/geom/Point";
import CircleStyle from "ol/style/Circle";
import Fill from "ol/style/Fill";
import RegularShape from "ol/style/RegularShape";
import Stroke from "ol/style/Stroke";
import Style, { type StyleFunction } from "ol/style/Style";
import Text from "ol/style/Text";
import { faded } from "../../map/areaStyles";
import { short } from "../../map/donut";
import { INK, SEAL, SELECTED, territoryColours } from "../../map/palette";
import type { Severity } from "../types";

const FONT = '500 12px "PingFang SC", "Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei", sans-serif';
const HALO = new Stroke({ color: "rgba(255, 255, 255, 0.9)", width: 3 });

export const SEVERITY: Record<Severity, string> = { ERROR: SEAL, WARNING: "#b8790b", NOTE: "#4b5765" };
const PRESENT = ["#6b4fa0", "#1b66c9", "#8a5a00", "#0d7d5c", "#a8327b"];

/** A colour of a person's own, the same wherever the name is written. */
export function personColour(name: string): string {
  const sum = [...name].reduce((all, letter) => (all * 31 + letter.codePointAt(0)!) % 9973, 7);
  return PRESENT[sum % PRESENT.length] ?? INK;
}

const nodes = new Style({
  image: new RegularShape({ points: 4, radius: 4.5, angle: Math.PI / 4, fill: new Fill({ color: "#fff" }), stroke: new Stroke({ color: SELECTED, width: 1.5 }) }),
  geometry: (feature) => {
    const geometry = feature.getGeometry();
    return geometry instanceof MultiPolygon ? new MultiPoint(geometry.getCoordinates().flat(2)) : undefined;
  },
  zIndex: 30,
});

/** Closer together than this, in pixels, vertices only hide the border. */
const NODES_APART_PX = 5;

/** The vertices of territories at work, where they can be told apart. */
export const nodeStyle: StyleFunction = (feature, resolution) => {
  const geometry = feature.getGeometry();
  if (!(geometry instanceof MultiPolygon)) return undefined;
  const [west = 0, south = 0, east = 0, north = 0] = geometry.getExtent();
  const apart = (2 * (east - west + north - south)) / (geometry.getFlatCoordinates().length / 2);
  return apart / resolution >= NODES_APART_PX ? nodes : undefined;
};

/** The draft's territories, in their teams' colours. */
export function draftStyle(view: { colour: (team: string) => number; pale: () => boolean }): StyleFunction {
  const made = new Map<string, Style>();
  return (feature) => {
    const number = view.colour(String(feature.get("team")));
    const pale = view.pale();
    const key = `${number}${pale}`;
    let style = made.get(key);
    if (!style) {
      const [fill, line] = territoryColours(number);
      style = new Style({ fill: new Fill({ color: pale ? faded(fill) : fill }), stroke: new Stroke({ color: line, width: 1.5 }) });
      made.set(key, style);
    }
    return style;
  };
}

/** The selected territory, with its vertices where they are at work. */
export function chosenStyle(view: { colour: (team: string) => number; vertices: () => boolean }): StyleFunction {
  const halo = new Stroke({ color: "rgba(255, 255, 255, 0.95)", width: 6 });
  const line = new Style({ stroke: new Stroke({ color: SELECTED, width: 2.5 }), zIndex: 21 });
  return (feature) => {
    const [fill] = territoryColours(view.colour(String(feature.get("team"))));
    return [new Style({ fill: new Fill({ color: fill }), stroke: halo, zIndex: 20 }), line, ...(view.vertices() ? [nodes] : [])];
  };
}

/** Names of the draft's territories, where there is room. */
export function draftNames(nameOf: (team: string) => string): StyleFunction {
  const made = new Map<string, Style>();
  // A geometry that is dragged changes its revision.
  const places = new WeakMap<MultiPolygon, { revision: number; place: Point | undefined }>();
  const placeIn = (area: MultiPolygon): Point | undefined => {
    const known = places.get(area);
    if (known?.revision === area.getRevision()) return known.place;
    const polygons = area.getPolygons();
    const place = polygons.reduce<(typeof polygons)[number] | undefined>((best, each) => (!best || each.getArea() > best.getArea() ? each : best), undefined)?.getInteriorPoint();
    places.set(area, { revision: area.getRevision(), place });
    return place;
  };
  return (feature, resolution) => {
    const geometry = feature.getGeometry();
    if (!(geometry instanceof MultiPolygon) || resolution > 90) return undefined;
    const name = nameOf(String(feature.get("team")));
    const [west = 0, , east = 0] = geometry.getExtent();
    if ((east - west) / resolution < name.length * 13) return undefined;
    let style = made.get(name);
    if (!style) {
      style = new Style({
        text: new Text({ text: name, font: FONT, fill: new Fill({ color: INK }), stroke: HALO, overflow: true }),
        geometry: (of) => {
          const area = of.getGeometry();
          return area instanceof MultiPolygon ? placeIn(area) : undefined;
        },
      });
      made.set(name, style);
    }
    return style;
  };
}

/** What an edit that is not made yet would leave: dashed over what is. */
export function previewStyle(view: { colour: (team: string) => number }): StyleFunction {
  const under = new Style({ stroke: new Stroke({ color: "rgba(255, 255, 255, 0.95)", width: 5 }) });
  return (feature) => {
    const [fill] = territoryColours(view.colour(String(feature.get("team"))));
    return [under, new Style({ fill: new Fill({ color: `${fill}b0` }), stroke: new Stroke({ color: SELECTED, width: 2, lineDash: [7, 5] }) })];
  };
}

export const goneStyle = new Style({ fill: new Fill({ color: "rgba(165, 52, 42, 0.18)" }), stroke: new Stroke({ color: SEAL, width: 2, lineDash: [3, 4] }) });

export function defectStyle(active: () => number | null): StyleFunction {
  return (feature: FeatureLike) => {
    const chosen = feature.get("defect") === active();
    const colour = SEVERITY[feature.get("severity") as Severity] ?? INK;
    return [
      ...(chosen ? [new Style({ stroke: new Stroke({ color: "#fff", width: 8 }), zIndex: 40 })] : []),
      new Style({
        // A note is only to be known of: it must not look as grave as what has to be mended.
        fill: new Fill({ color: `${colour}${chosen ? "30" : feature.get("severity") === "NOTE" ? "0c" : "2e"}` }),
        stroke: new Stroke({ color: colour, width: chosen ? 3 : feature.get("severity") === "NOTE" ? 1 : 1.8 }),
        image: new CircleStyle({ radius: chosen ? 9 : 5.5, fill: new Fill({ color: `${colour}${chosen ? "aa" : "66"}` }), stroke: new Stroke({ color: colour, width: 2 }) }),
        zIndex: chosen ? 41 : 20,
      }),
    ];
  };
}

/** The two versions of a conflict: mine is drawn through, theirs dashed; the card beside the map says which is which. */
export const versionStyle: StyleFunction = (feature) => {
  const mine = feature.get("version") === "MINE";
  return [
    new Style({ stroke: new Stroke({ color: "#fff", width: 6 }), zIndex: 50 }),
    new Style({
      ...(mine ? { fill: new Fill({ color: "rgba(27, 102, 201, 0.10)" }) } : {}),
      stroke: new Stroke({ color: mine ? "#1b66c9" : SEAL, width: 3, ...(mine ? {} : { lineDash: [9, 6] }) }),
      zIndex: mine ? 51 : 52,
    }),
  ];
};

/** Customers counted together: the more, the larger the disc, up to a thousand. */
export function customerStyle(): StyleFunction {
  const made = new Map<number, Style>();
  return (feature) => {
    const count = Number(feature.get("count"));
    const radius = Math.round(3 + 3 * Math.log2(1 + Math.min(count, 1000)));
    let style = made.get(count);
    if (!style) {
      style = new Style({
        image: new CircleStyle({ radius, fill: new Fill({ color: "rgba(75, 87, 101, 0.55)" }), stroke: new Stroke({ color: "#fff", width: 1 }), declutterMode: "none" }),
        ...(radius >= 10 ? { text: new Text({ text: short(count), font: FONT, fill: new Fill({ color: "#fff" }) }) } : {}),
      });
      made.set(count, style);
    }
    return style;
  };
}

export const presenceStyle: StyleFunction = (feature) => {
  const name = String(feature.get("person"));
  const colour = personColour(name);
  return new Style({
    stroke: new Stroke({ color: colour, width: 2, lineDash: [2, 4] }),
    text: new Text({ text: name, font: FONT, fill: new Fill({ color: "#fff" }), backgroundFill: new Fill({ color: colour }), padding: [2, 5, 1, 5], placement: "point", overflow: true }),
  });
};

export const pickedCommunity = new Style({ fill: new Fill({ color: "rgba(13, 92, 99, 0.34)" }), stroke: new Stroke({ color: SELECTED, width: 1.5 }) });
export const restingCommunity = new Style({ fill: new Fill({ color: "rgba(255, 255, 255, 0.01)" }), stroke: new Stroke({ color: "rgba(60, 54, 40, 0.5)", width: 1, lineDash: [2, 3] }) });

const white = new Fill({ color: "#fff" });
export const sketchStyle = [
  new Style({ stroke: new Stroke({ color: "rgba(255, 255, 255, 0.95)", width: 5 }) }),
  new Style({
    fill: new Fill({ color: "rgba(13, 92, 99, 0.16)" }),
    stroke: new Stroke({ color: SELECTED, width: 2.2 }),
    image: new CircleStyle({ radius: 5, fill: white, stroke: new Stroke({ color: SELECTED, width: 2 }) }),
  }),
];

export const brushStyle = new Style({ fill: new Fill({ color: "rgba(13, 92, 99, 0.28)" }), stroke: new Stroke({ color: SELECTED, width: 1 }) });

export const handleStyle = new Style({ image: new CircleStyle({ radius: 7, fill: new Fill({ color: "#ffd34d" }), stroke: new Stroke({ color: INK, width: 2 }) }), zIndex: 90 });

/** What a comparison shows: land that changed hands, in the colour of who has it now. */
export function pieceStyle(view: { colour: (team: string) => number; active: () => string | null }): StyleFunction {
  return (feature) => {
    const to = feature.get("to") as string | null;
    const chosen = view.active() !== null && (view.active() === to || view.active() === feature.get("from"));
    const [fill] = to ? territoryColours(view.colour(to)) : ["#e9e7e1"];
    return [
      new Style({ stroke: new Stroke({ color: "#fff", width: chosen ? 8 : 6 }), zIndex: chosen ? 3 : 1 }),
      new Style({ fill: new Fill({ color: fill }), stroke: new Stroke({ color: SEAL, width: chosen ? 4 : 2.5 }), zIndex: chosen ? 4 : 2 }),
    ];
  };
}
