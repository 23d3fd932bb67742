import { language } from "./language";

const locale = () => (language.value === "zh" ? "zh-CN" : "en-GB");

/** A count with separators: 12345 → 12,345. */
export function count(value: number): string {
  return value.toLocaleString(locale(), { maximumFractionDigits: 0 });
}

/** A ratio as a percentage, one decimal below ten per cent and above ninety: 0.987 → 98.7%. */
export function percent(ratio: number): string {
  const digits = ratio < 0.1 || ratio > 0.9 ? 1 : 0;
  return ratio.toLocaleString(locale(), { style: "percent", maximumFractionDigits: digits });
}

/** A time in seconds with two to three significant digits. */
export function seconds(value: number): string {
  return value.toLocaleString(locale(), { maximumFractionDigits: value < 1 ? 2 : value < 10 ? 1 : 0 });
}

/** An amount of money in yuan. */
export function yuan(value: number): string {
  return value.toLocaleString(locale(), { style: "currency", currency: "CNY", currencyDisplay: "narrowSymbol", maximumFractionDigits: 0 });
}

/** Longitude and latitude, longitude first, five decimals (about a metre). */
export function degrees(lon: number, lat: number): string {
  return `${lon.toFixed(5)}, ${lat.toFixed(5)}`;
}
