import type { FeatureLike } from "ol/Feature";
import CircleStyle from "ol/style/Circle";
import Fill from "ol/style/Fill";
import Stroke from "ol/style/Stroke";
import Style, { type StyleFunction } from "ol/style/Style";
import type { Glimpse } from "../state/stack";
import { rungOf } from "../words/rungs";
import { donut } from "./donut";
import { counted, kindOf } from "./orphans";

const WHITE = "rgba(255, 255, 255, 0.95)";

export interface OrphanView {
  hidden: () => ReadonlySet<string>;
  team: () => string | null;
}

/** Radius in pixels of a ring that stands for so many policies. */
export function radiusFor(policies: number): number {
  return Math.min(17, 3 + 1.9 * Math.log2(policies + 1));
}

/** Radius in pixels of one orphan at a resolution in metres a pixel: a grain of sand seen from afar, a button to press near by. */
export function dotRadius(resolution: number): number {
  if (resolution > 100) return 2.2;
  if (resolution > 50) return 2.6;
  if (resolution > 20) return 3.4;
  return resolution > 8 ? 4.4 : 5.6;
}

/** How orphans are drawn: dots in the colour of their rung, sized by their number, faded if they belong to another team. */
export function orphanStyle(view: OrphanView): StyleFunction {
  const made = new Map<string, Style>();
  const cached = (key: string, make: () => Style) => {
    let style = made.get(key);
    if (!style) made.set(key, (style = make()));
    return style;
  };
  return (feature, resolution) => {
    const team = view.team();
    const faded = team !== null && feature.get("team_code") !== team;
    if (feature.get("count") !== undefined) {
      const bin = counted(feature.getProperties(), view.hidden());
      if (!bin) return undefined;
      const key = bin.shares.map((share) => `${share.kind}${share.policies}`).join();
      return cached(`${key} ${faded}`, () => new Style({ image: donut(bin.shares, bin.policies, radiusFor(bin.policies), faded) }));
    }
    const kind = kindOf(feature.get("rung"), feature.get("state"));
    if (view.hidden().has(kind)) return undefined;
    const policies = Number(feature.get("policies"));
    const size = dotRadius(resolution) * (policies > 1 ? 1.2 : 1);
    return cached(`${kind} ${size} ${faded}`, () => dot(kind, size, faded));
  };
}

function dot(kind: string, radius: number, faded: boolean): Style {
  const { colour, hollow } = rungOf(kind);
  const shade = faded ? `${colour}38` : colour;
  return new Style({
    image: new CircleStyle({
      radius,
      declutterMode: "none", // OpenLayers 10.11 finds no other image under the pointer
      fill: new Fill({ color: hollow ? (faded ? "#ffffff60" : WHITE) : shade }),
      stroke: new Stroke({
        color: hollow ? shade : faded ? "#ffffff50" : WHITE,
        width: hollow ? Math.min(2, radius / 2) : radius < 3 ? 0.6 : 1.2,
      }),
    }),
    zIndex: faded ? 0 : hollow ? 2 : 1,
  });
}

/** What a dot says of its orphan; null for orphans counted together. */
export function glimpseOf(feature: FeatureLike): Glimpse | null {
  const no: unknown = feature.get("policy_no");
  if (typeof no !== "string") return null;
  const team: unknown = feature.get("team_code");
  return {
    policyNo: no,
    policies: Number(feature.get("policies")),
    kind: kindOf(feature.get("rung"), feature.get("state")),
    teamCode: typeof team === "string" ? team : null,
  };
}
