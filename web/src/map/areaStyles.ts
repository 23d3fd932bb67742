import type { FeatureLike } from "ol/Feature";
import Fill from "ol/style/Fill";
import Stroke from "ol/style/Stroke";
import Style, { type StyleFunction } from "ol/style/Style";
import Text from "ol/style/Text";
import {
  BRANCH_LINE,
  COMMUNITY_LINE,
  hatch,
  INK,
  LABEL,
  LABEL_QUIET,
  LAND,
  SELECTED,
  territoryColours,
} from "./palette";

const FONT = '"PingFang SC", "Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei", sans-serif';

/** Tiles hold a layer of areas and one of their names. */
const isLabel = (feature: FeatureLike) => String(feature.get("layer")).endsWith("_labels");

/** The land of the branches: hatched where territories are shown, because what they leave free has no owner. */
export function branchGround(hatched: () => boolean): StyleFunction {
  const free = new Style({ fill: new Fill({ color: hatch() }) });
  const plain = new Style({ fill: new Fill({ color: LAND }) });
  return (feature) => (isLabel(feature) ? undefined : hatched() ? free : plain);
}

export function branchLine(): StyleFunction {
  const under = new Style({ stroke: new Stroke({ color: "rgba(255, 255, 255, 0.75)", width: 4 }) });
  const line = new Style({ stroke: new Stroke({ color: BRANCH_LINE, width: 1.4 }) });
  return (feature) => (isLabel(feature) ? undefined : [under, line]);
}

export function communityLine(): StyleFunction {
  const line = new Style({ stroke: new Stroke({ color: COMMUNITY_LINE, width: 1, lineDash: [2, 3] }) });
  return (feature) => (isLabel(feature) ? undefined : line);
}

export function territoryGround(selected: () => string | null): StyleFunction {
  const made = new Map<string, Style>();
  const ended = new Style({ fill: new Fill({ color: "#e9e7e1" }), stroke: new Stroke({ color: "#9c9c94", lineDash: [4, 4] }) });
  return (feature) => {
    if (isLabel(feature)) return undefined;
    if (feature.get("ended")) return ended;
    const number = Number(feature.get("colour"));
    const pale = selected() !== null && selected() !== feature.get("team_code");
    const key = `${number}${pale}`;
    let style = made.get(key);
    if (!style) {
      const [fill, line] = territoryColours(number);
      style = new Style({
        fill: new Fill({ color: pale ? faded(fill) : fill }),
        stroke: new Stroke({ color: pale ? faded(line) : line, width: 1 }),
      });
      made.set(key, style);
    }
    return style;
  };
}

/** A colour half way to the land, opaque still: a transparent one would let the hatching through. */
export function faded(colour: string): string {
  const part = (at: number) => {
    const own = Number.parseInt(colour.slice(at, at + 2), 16);
    const land = Number.parseInt(LAND.slice(at, at + 2), 16);
    return Math.round(own * 0.4 + land * 0.6)
      .toString(16)
      .padStart(2, "0");
  };
  return `#${part(1)}${part(3)}${part(5)}`;
}

export function selectedTerritory(selected: () => string | null): StyleFunction {
  const under = new Style({ stroke: new Stroke({ color: "rgba(255, 255, 255, 0.9)", width: 6 }) });
  const line = new Style({ stroke: new Stroke({ color: SELECTED, width: 2.5 }) });
  return (feature) => (!isLabel(feature) && feature.get("team_code") === selected() ? [under, line] : undefined);
}

interface Naming {
  /** Written only while a pixel is at most so many metres, and at least so many. */
  from: number;
  to: number;
  size: number;
  weight: number;
  colour: string;
}

/** Names of areas, each only where its area has room for it: `room` is the distance to the border in metres. */
export function names({ from, to, size, weight, colour }: Naming): StyleFunction {
  const made = new Map<string, Style>();
  return (feature, resolution) => {
    if (!isLabel(feature) || resolution > from || resolution < to) return undefined;
    const name = String(feature.get("name") ?? "");
    const wide = name.length * size;
    if ((2.4 * Number(feature.get("room"))) / resolution < wide) return undefined;
    let style = made.get(name);
    if (!style) {
      style = new Style({
        text: new Text({
          text: name,
          font: `${weight} ${size}px ${FONT}`,
          fill: new Fill({ color: colour }),
          stroke: new Stroke({ color: "rgba(255, 255, 255, 0.85)", width: 3 }),
          overflow: true,
        }),
      });
      made.set(name, style);
    }
    return style;
  };
}

export const branchNames = () => names({ from: Infinity, to: 18, size: 14, weight: 700, colour: INK });
export const territoryNames = () => names({ from: 90, to: 0, size: 12, weight: 500, colour: LABEL });
export const communityNames = () => names({ from: 9, to: 0, size: 11, weight: 400, colour: LABEL_QUIET });
