import Icon from "ol/style/Icon";
import { rungOf } from "../words/rungs";
import type { Share } from "./orphans";

const RING = 5;

/** A ring whose parts show how many policies went which way, with their number inside. `radius` in pixels. */
export function donut(shares: readonly Share[], policies: number, radius: number, faded: boolean): Icon {
  const ratio = Math.max(1, Math.min(3, window.devicePixelRatio || 1));
  const side = Math.ceil((radius + 1.5) * 2);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side * ratio;
  const context = canvas.getContext("2d");
  if (context) {
    context.scale(ratio, ratio);
    context.globalAlpha = faded ? 0.35 : 1;
    draw(context, shares, policies, side / 2, radius);
  }
  return new Icon({ img: canvas, width: side, height: side, declutterMode: "none" });
}

function draw(context: CanvasRenderingContext2D, shares: readonly Share[], policies: number, middle: number, radius: number): void {
  const circle = (size: number, colour: string) => {
    context.beginPath();
    context.arc(middle, middle, size, 0, 2 * Math.PI);
    context.fillStyle = colour;
    context.fill();
  };
  circle(radius + 1.5, "rgba(255, 255, 255, 0.9)");
  let from = -Math.PI / 2;
  for (const { kind, policies: part } of shares) {
    const to = from + (2 * Math.PI * part) / policies;
    context.beginPath();
    context.moveTo(middle, middle);
    context.arc(middle, middle, radius, from, to);
    context.closePath();
    context.fillStyle = rungOf(kind).colour;
    context.fill();
    from = to;
  }
  if (radius < 10) return;
  circle(radius - RING, "#fff");
  context.fillStyle = "#1c2733";
  context.font = `600 ${policies > 9999 ? 9 : 10.5}px sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(short(policies), middle, middle + 0.5);
}

/** A count in at most four characters: 950, 1.2k, 15k. */
export function short(policies: number): string {
  if (policies < 1000) return String(policies);
  const thousands = policies / 1000;
  return `${thousands < 9.95 ? thousands.toFixed(1).replace(/\.0$/, "") : Math.round(thousands)}k`;
}
