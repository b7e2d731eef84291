/** One chart of counts per minute: bars or a line, what was usual, the switch, the verdicts, and what was not read. */
import { MINUTE, type Instant, clockTime, formatDuration } from "../../model/time.ts";
import type { Verdict } from "../../model/verdict.ts";
import { VERDICT_WORD, count, timeOn } from "../words.ts";
import { PLOT_SYMBOL } from "./marks.ts";
import { type Bucket, type Usual, type View, type WatchedMinutes, offsetOf, usualOf } from "./minutes.ts";
import { type Plot, visible } from "./plot.ts";
import type { Html } from "./template.ts";

/** A verdict at its true time, to be marked on the charts. */
export interface Mark {
  readonly name: string;
  readonly at: Instant;
  readonly verdict: Verdict;
}

export interface Drawing {
  readonly watched: WatchedMinutes;
  readonly view: View;
  readonly buckets: readonly Bucket[];
  readonly marks: readonly Mark[];
  readonly verdict: Verdict;
  readonly what: "errors" | "requests";
  readonly title: string;
  readonly height: number;
}

/** Drawn for 460 pixels: legible on a phone, and not too large in two columns. */
const WIDTH = 460;

const SETTLING_MINUTES = 2;

export function minutesDrawing(
  { marks: draw, draw: finish }: Plot,
  { watched, view, buckets, marks, verdict, what, title, height }: Drawing,
): Html {
  const usual = usualOf(watched, what, view.bucketMinutes);
  const within = buckets.map((each) => ({
    ...each,
    start: Math.max(view.from, each.start),
    end: Math.min(view.until, each.end),
  }));
  const known = within.flatMap((each) => {
    const value = each[what];
    return value === undefined || each.end <= each.start ? [] : [{ ...each, value }];
  });
  const top = Math.max(1, ...known.map(({ value }) => value), usual?.high ?? 0) * 1.08;
  const shown = marksIn(marks, watched, view);
  const since = verdict === "fail" || verdict === "warn" ? `var(--${verdict})` : "var(--since)";
  const edges = { x1: view.from, x2: view.until };
  const rolloutStart = Math.max(view.from, offsetOf(watched, watched.rolloutStartedAt));
  const unread = gapsOf(buckets, what, view);
  return finish(
    { label: labelOf(watched, view, title, known, usual), fontSize: 11.5 },
    {
      width: WIDTH,
      height,
      marginLeft: 34,
      marginRight: 8,
      marginTop: what === "errors" ? 26 : 10,
      marginBottom: 24,
      x: { domain: [view.from, view.until], label: null, ticks: ticksOf(view), tickFormat: tickText, tickSize: 3 },
      y: { domain: [0, top], label: null, ticks: 3, tickSize: 0, nice: false },
      marks: [
        draw.rect([{ x1: rolloutStart, x2: Math.max(rolloutStart, Math.min(view.until, SETTLING_MINUTES)) }], {
          x1: "x1",
          x2: "x2",
          y1: 0,
          y2: top,
          fill: "var(--accent)",
          fillOpacity: 0.16,
        }),
        draw.rect(unread, { x1: "x1", x2: "x2", y1: 0, y2: top, fill: "var(--line)", fillOpacity: 0.45 }),
        ...(usual === undefined
          ? []
          : [
              draw.rect([edges], {
                x1: "x1",
                x2: "x2",
                y1: usual.low,
                y2: Math.max(usual.high, usual.low + top / 200),
                fill: "var(--band)",
              }),
              draw.ruleY([usual.mean], {
                ...edges,
                stroke: "var(--accent)",
                strokeDasharray: "4,3",
                strokeOpacity: 0.9,
              }),
            ]),
        what === "errors"
          ? draw.rect(
              known.filter(({ value }) => value > 0),
              {
                x1: "start",
                x2: "end",
                y1: 0,
                y2: "value",
                insetLeft: 0.3,
                insetRight: 0.3,
                fill: (each: Bucket) => (each.start + 0.001 < 0 ? "var(--bar)" : since),
                title: (each: Bucket & { value: number }) =>
                  `${timeOn(each.from, watched.switchedAt)} UTC: ${numberText(each.value)}`,
              },
            )
          : draw.line(
              within.map((each) => ({ x: (each.start + each.end) / 2, y: each.requests ?? Number.NaN })),
              { x: "x", y: "y", stroke: "currentColor", strokeWidth: 1.3 },
            ),
        draw.ruleX([0], { stroke: "var(--accent)", strokeWidth: 1.8 }),
        draw.ruleX(shown, { x: "x", stroke: "currentColor", strokeDasharray: "1,3", strokeOpacity: 0.7 }),
        ...(what === "errors" ? labels(draw, shown, view) : []),
        draw.ruleY([0], { stroke: "currentColor", strokeOpacity: 0.5 }),
      ],
    },
  );
}

function labels(
  draw: Plot["marks"],
  shown: readonly Placed[],
  view: View,
): NonNullable<Parameters<Plot["draw"]>[1]["marks"]> {
  const room = ((view.until - view.from) / (WIDTH - 42)) * 34;
  const named: Placed[] = [];
  for (const each of shown) {
    if (each.x - (named.at(-1)?.x ?? -room / 2) > room) named.push(each);
  }
  const isAtTheEdge = (each: Placed): boolean => view.until - each.x < room / 2;
  const name = { x: "x", text: "name", frameAnchor: "top", dy: -22, fill: "currentColor" } as const;
  return [
    draw.text([{ x: 0 }], {
      x: "x",
      text: () => "switch",
      frameAnchor: "top",
      textAnchor: "end",
      dx: -4,
      dy: -11,
      fill: "var(--accent)",
    }),
    draw.text(
      named.filter((each) => !isAtTheEdge(each)),
      name,
    ),
    draw.text(named.filter(isAtTheEdge), { ...name, textAnchor: "end", dx: 6 }),
    draw.dot(shown, {
      x: "x",
      frameAnchor: "top",
      dy: -6,
      r: 4,
      symbol: (each: Placed) => PLOT_SYMBOL[each.verdict],
      fill: (each: Placed) => (each.verdict === "inconclusive" ? "var(--paper)" : `var(--${each.verdict})`),
      stroke: (each: Placed) => `var(--${each.verdict})`,
      strokeWidth: 1.6,
      title: (each: Placed) => `${each.name}: ${VERDICT_WORD[each.verdict]}`,
    }),
  ];
}

interface Placed extends Mark {
  readonly x: number;
}

function marksIn(marks: readonly Mark[], watched: WatchedMinutes, view: View): readonly Placed[] {
  return marks
    .map((mark) => ({ ...mark, name: visible(mark.name, 12), x: offsetOf(watched, mark.at) }))
    .filter(({ x }) => x > 0 && x <= view.until * 1.001)
    .toSorted((a, b) => a.x - b.x);
}

/** Where nothing was read: drawn as such, never as a quiet time. */
function gapsOf(
  buckets: readonly Bucket[],
  what: "errors" | "requests",
  view: View,
): readonly { x1: number; x2: number }[] {
  const gaps: { x1: number; x2: number }[] = [];
  for (const { start, end, [what]: value } of buckets) {
    const [x1, x2] = [Math.max(view.from, start), Math.min(view.until, end)];
    const last = gaps.at(-1);
    if (value !== undefined || x2 <= x1) continue;
    if (last !== undefined && Math.abs(last.x2 - x1) < 0.001) last.x2 = x2;
    else gaps.push({ x1, x2 });
  }
  return gaps;
}

function labelOf(
  watched: WatchedMinutes,
  view: View,
  title: string,
  known: readonly { value: number }[],
  usual: Usual | undefined,
): string {
  const most = Math.max(0, ...known.map(({ value }) => value));
  const past = usual === undefined ? "the baseline is unknown" : `the baseline's mean is ${numberText(usual.mean)}`;
  return `${watched.service}: ${title} per minute, ${view.title.toLowerCase()}, from ${span(view.from)} to ${span(view.until)} relative to the switch at ${clockTime(watched.switchedAt)}; at most ${numberText(most)}; ${past}. The numbers are in the table that follows.`;
}

function ticksOf({ from, until }: View): readonly number[] {
  const span = until - from;
  const step = [5, 10, 15, 30, 60, 120, 240, 360, 720, 1_440].find((size) => span / size <= 6.5) ?? 2_880;
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.floor(until / step) - first + 1 }, (_, index) => (first + index) * step);
}

function tickText(minutes: number): string {
  return minutes === 0 ? "T0" : span(minutes);
}

/** "+20m", "−12h" */
function span(minutes: number): string {
  const text = formatDuration(Math.abs(Math.round(minutes)) * MINUTE);
  return `${minutes < 0 ? "−" : "+"}${text}`;
}

export function numberText(value: number): string {
  return value >= 10 || Number.isInteger(value) ? count(Math.round(value)) : `${Number(value.toPrecision(2))}`;
}
