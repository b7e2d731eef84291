/** The small chart of a check: errors per minute with the switch marked, as mermaid, with the same numbers in a table. */
import { MINUTE, formatDuration, floorToMinute, msBetween, plusMs } from "../model/time.ts";
import type { CheckResult, Series } from "../model/verdict.ts";
import { table } from "./markdown.ts";
import { codeSpan } from "./escape.ts";
import { count, time } from "./words.ts";

const MOST_BARS = 60;
const MOST_ROWS = 30;

/** Charts of the results that hold a series with any error in it; at most `most`. */
export function charts(results: readonly CheckResult[], most = 5): string {
  return results
    .filter(({ series }) => series?.errors.some((errors) => errors > 0))
    .slice(0, most)
    .map((result) => (result.series === undefined ? "" : chart(result, result.series)))
    .join("\n\n");
}

function chart(result: CheckResult, series: Series): string {
  const width = Math.max(1, Math.ceil(series.errors.length / MOST_BARS));
  const bars = bucketed(series.errors, width);
  const most = Math.max(1, ...bars);
  const minutes = series.errors.length;
  const offset =
    series.switchedAt === undefined ? 0 : Math.round(msBetween(series.from, floorToMinute(series.switchedAt)) / MINUTE);
  const hasPast = offset >= width && offset < minutes;
  const subject = result.service ?? result.check;
  const axis = series.switchedAt === undefined ? "minutes" : "minutes from the switch";
  const zero = Math.floor(offset / width);
  const unit = width === 1 ? "errors per minute" : `errors per ${formatDuration(width * MINUTE)}`;
  const before = perBar(baselinePerMinute(result), width);
  return [
    `${codeSpan(subject)}, ${unit}${series.switchedAt === undefined ? "" : `; the switch was at ${time(series.switchedAt)} UTC${hasPast ? ": grey bars before it, orange ones since" : ""}`}:`,
    [
      "```mermaid",
      LOOKS,
      "xychart-beta",
      `  title "${mermaidWord(subject)}: ${unit}"`,
      `  x-axis "${axis}" [${labels(bars.length, zero, width, series.switchedAt !== undefined)}]`,
      `  y-axis "errors" 0 --> ${most}`,
      ...barLines(bars, hasPast ? zero : 0),
      ...(before === undefined ? [] : [`  line [${bars.map(() => before).join(", ")}]`]),
      "```",
    ].join("\n"),
    ...(before === undefined
      ? []
      : [`The line is the baseline: ${before} per ${width === 1 ? "minute" : formatDuration(width * MINUTE)}.`]),
    numbers(series, width, bars),
  ].join("\n\n");
}

/** Colours that are seen on GitHub's light and dark pages, in the order of the series. */
const LOOKS =
  '%%{init: {"xyChart": {"xAxis": {"showTick": false}}, "themeVariables": {"xyChart": {"plotColorPalette": "#d1570a, #8c959f, #2f81f7"}}}}%%';
const STEPS = [1, 2, 5, 10, 15, 20, 30, 60, 120, 240, 480, 720, 1_440];
const MOST_LABELS = 8;

/**
 * One label for each bar: on an axis of numbers mermaid makes bars as wide as the distance of its ticks, so that they cover each
 * other. Labels must differ: those that are not to be seen are their number in zero-width digits.
 */
function labels(bars: number, zero: number, width: number, hasSwitch: boolean): string {
  const step = STEPS.find((each) => each % width === 0 && (bars * width) / each <= MOST_LABELS) ?? bars * width;
  return Array.from({ length: bars }, (_, index) => {
    const minute = (index - zero) * width;
    if (hasSwitch && minute === 0) return '"switch"';
    if (minute % step === 0) return `"${minute}"`;
    return `"${index.toString(2).replaceAll("0", "\u200B").replaceAll("1", "\u200C")}"`;
  }).join(", ");
}

/** Since the switch, then before it: what is drawn later covers the empty bars of what is drawn first. */
function barLines(bars: readonly number[], switched: number): readonly string[] {
  if (switched === 0) return [`  bar [${bars.join(", ")}]`];
  const since = bars.map((errors, index) => (index < switched ? 0 : errors));
  return [`  bar [${since.join(", ")}]`, `  bar [${bars.slice(0, switched).join(", ")}]`];
}

/** The busiest bars, in time order: a quiet minute is not worth a row. */
function numbers(series: Series, width: number, bars: readonly number[]): string {
  const busy = bars.map((errors, index) => ({ errors, index })).filter(({ errors }) => errors > 0);
  const shown = [...busy].sort((a, b) => b.errors - a.errors).slice(0, MOST_ROWS);
  const rows = shown
    .sort((a, b) => a.index - b.index)
    .map(({ errors, index }) => {
      const from = plusMs(series.from, index * width * MINUTE);
      const isSwitch =
        series.switchedAt !== undefined &&
        msBetween(from, floorToMinute(series.switchedAt)) >= 0 &&
        msBetween(from, series.switchedAt) < width * MINUTE;
      return [`${time(from).slice(0, 5)}${isSwitch ? " (switch)" : ""}`, count(errors)];
    });
  const rest = bars.length - shown.length;
  const least =
    busy.length > shown.length ? `at most ${shown.reduce((low, { errors }) => Math.min(low, errors), Infinity)}` : "0";
  const others = rest === 0 ? "" : `\n\nThe other ${count(rest)} of ${count(bars.length)}: ${least}.`;
  return table(["From (UTC)", "Errors"], rows) + others;
}

function bucketed(errors: readonly number[], width: number): readonly number[] {
  const bars: number[] = [];
  for (const [index, each] of errors.entries()) {
    const bar = Math.floor(index / width);
    bars[bar] = (bars[bar] ?? 0) + finite(each);
  }
  return bars;
}

function baselinePerMinute(result: CheckResult): number | undefined {
  const tallies = (result.groups ?? []).filter(({ kind }) => kind !== "switch-window").map(({ baseline }) => baseline);
  const minutes = Math.max(0, ...tallies.map(({ minutes: each }) => each));
  if (minutes === 0) return undefined;
  return tallies.reduce((sum, { errors }) => sum + errors, 0) / minutes;
}

function perBar(perMinute: number | undefined, width: number): number | undefined {
  return perMinute === undefined ? undefined : Number(finite(perMinute * width).toFixed(2));
}

function finite(value: number): number {
  return Number.isFinite(value) && value >= 0 ? value : 0;
}

/** Nothing but letters, digits and dashes goes into a diagram's source. */
function mermaidWord(text: string): string {
  return text
    .replace(/[^A-Za-z0-9-]+/g, " ")
    .slice(0, 60)
    .trim();
}
