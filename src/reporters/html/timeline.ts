/** A run's time line as a drawing, wide and narrow: steps and what they waited for, switches, verdicts, restorations. */
import type { RunEvent } from "../../model/event.ts";
import type { Progress } from "../../model/progress.ts";
import { MINUTE, clockTime, formatDuration, msOf, plusMs } from "../../model/time.ts";
import type { Report } from "../report-model.ts";
import { PLOT_SYMBOL } from "./marks.ts";
import { type Plot, visible } from "./plot.ts";
import { type Html, markup, nothing, trusted } from "./template.ts";
import { type Bar, type Rows, rowsOf } from "./timeline-rows.ts";

export function timeline(plot: Plot, events: readonly RunEvent[], progress: Progress, report: Report): Html {
  const rows = rowsOf(events, progress, report);
  if (rows.names.length === 0) return nothing;
  const scale = scaleOf(rows);
  const compressed = scale.knee < scale.end ? key(COMPRESSED, "from here on time is compressed") : nothing;
  return markup`<figure class="wide"><div class="only-wide">${drawing(plot, rows, scale, report, 1060)}</div><div class="narrow">${drawing(plot, rows, scale, report, 380)}</div>
    <p class="legend">${key(WORKING, "working")}${key(WAITING, "waiting")}${key(SWITCHED, "switch (T0)")}${key(RESTORED, "restored and verified")}${compressed}</p></figure>`;
}

const WORKING = '<rect width="20" height="12" rx="2" fill="var(--bar)"/>';
const WAITING = '<rect y="3.5" width="20" height="5" rx="2" fill="var(--bar)" fill-opacity="0.6"/>';
const SWITCHED = '<path d="M10 0 16 6 10 12 4 6Z" fill="var(--accent)"/>';
const RESTORED = '<path d="M5 1h10v10H5Z" fill="none" stroke="var(--accent)" stroke-width="2"/>';
const COMPRESSED = '<rect width="20" height="12" fill="var(--panel)" stroke="var(--line)"/>';

function key(sample: string, word: string): Html {
  return markup`<span>${trusted(`<svg viewBox="0 0 20 12" aria-hidden="true">${sample}</svg>`)}${word}</span>`;
}

/** Minutes from the start. Beyond `knee` the hours are compressed. */
interface Scale {
  readonly knee: number;
  readonly end: number;
}

function scaleOf({ bars, points }: Rows): Scale {
  const busy = [
    ...bars.map(({ until }) => until),
    ...points.filter(({ kind }) => kind === "switch" || kind === "restored").map(({ at }) => at),
  ];
  const end = Math.max(1, ...busy, ...points.map(({ at }) => at));
  const early = Math.max(1, ...busy) + 45;
  const knee = Math.max(1, ...busy, ...points.map(({ at }) => at).filter((at) => at <= early)) * 1.03;
  return end > 2 * knee ? { knee, end: end * 1.01 } : { knee: end * 1.02, end: end * 1.02 };
}

const ROW = 22;

function drawing({ marks: draw, draw: finish }: Plot, rows: Rows, scale: Scale, report: Report, width: number): Html {
  const isNarrow = width < 600;
  const [left, right] = [isNarrow ? 8 : 210, 14];
  // Where there is no room beside a bar, its name stands above it.
  const rowHeight = isNarrow ? 32 : ROW;
  const isBroken = scale.knee < scale.end;
  const turn = left + (width - left - right) * (isBroken ? 0.76 : 1);
  const x = isBroken
    ? { domain: [0, scale.knee, scale.end], range: [left, turn, width - right] }
    : { domain: [0, scale.end], range: [left, width - right] };
  const middle = (row: number): number => row + (isNarrow ? 0.68 : 0.5);
  const ticks = ticksOf(report, scale, isNarrow);
  return finish(
    { label: labelOf(rows, report), fontSize: isNarrow ? 12 : 13 },
    {
      width,
      height: rows.names.length * rowHeight + 34,
      marginLeft: left,
      marginRight: right,
      marginTop: 4,
      marginBottom: 30,
      x: { type: "linear", ...x, axis: null },
      y: { type: "linear", domain: [0, rows.names.length], range: [4, rows.names.length * rowHeight + 4], axis: null },
      marks: [
        ...(isBroken
          ? [draw.rect([0], { x1: scale.knee, x2: scale.end, y1: 0, y2: rows.names.length, fill: "var(--panel)" })]
          : []),
        draw.ruleX(ticks, { x: "at", y1: 0, y2: rows.names.length, stroke: "var(--line)" }),
        draw.text(ticks, { x: "at", text: "text", frameAnchor: "bottom", dy: 14, fill: "var(--soft)" }),
        draw.text(rows.names, {
          x: 0,
          y: (_name: string, row: number) => (isNarrow ? row + 0.26 : middle(row)),
          text: (name: string) => name,
          textAnchor: isNarrow ? "start" : "end",
          dx: isNarrow ? 0 : -10,
          fill: "currentColor",
        }),
        draw.rect(rows.bars, {
          x1: "from",
          // What took no time is still seen.
          x2: (bar: Bar) => Math.max(bar.until, bar.from + scale.knee / 300),
          y1: (bar: Bar) => middle(bar.row) - (bar.kind === "wait" ? 0.13 : 0.22),
          y2: (bar: Bar) => middle(bar.row) + (bar.kind === "wait" ? 0.13 : 0.22),
          fill: (bar: Bar) => (bar.kind === "bad" ? "var(--fail)" : "var(--bar)"),
          fillOpacity: (bar: Bar) => (bar.kind === "wait" ? 0.6 : 1),
          insetRight: 0.8,
          rx: 1.5,
          title: (bar: Bar) => visible(bar.title),
        }),
        ...rows.points.map((point) =>
          draw.dot([point], {
            x: "at",
            y: middle(point.row),
            r: 5,
            symbol:
              point.kind === "switch" ? "diamond" : point.kind === "restored" ? "square" : PLOT_SYMBOL[point.kind],
            fill:
              point.kind === "restored"
                ? "var(--paper)"
                : point.kind === "switch"
                  ? "var(--accent)"
                  : `var(--${point.kind})`,
            stroke:
              point.kind === "restored"
                ? "var(--accent)"
                : point.kind === "inconclusive"
                  ? "var(--inconclusive)"
                  : "var(--paper)",
            strokeWidth: point.kind === "restored" || point.kind === "inconclusive" ? 2 : 1,
            title: () => visible(point.title),
          }),
        ),
      ],
    },
  );
}

function ticksOf(
  { startedAt }: Report,
  { knee, end }: Scale,
  isNarrow: boolean,
): readonly { readonly at: number; readonly text: string }[] {
  const step = [1, 2, 5, 10, 15, 20, 30, 60, 120, 240, 480].find((size) => knee / size <= (isNarrow ? 4 : 9)) ?? 1_440;
  const first = Math.ceil(msOf(startedAt) / MINUTE / step) * step - msOf(startedAt) / MINUTE;
  const regular = Array.from(
    { length: Math.max(0, Math.floor((knee - first) / step) + 1) },
    (_, index) => first + index * step,
  );
  const text = (at: number): string => plusMs(startedAt, at * MINUTE).slice(11, 16);
  const ticks = regular.map((at) => ({ at, text: text(at) }));
  return knee < end
    ? [...ticks, { at: end / 1.01, text: `+${formatDuration(Math.round(end / 1.01 / 60) * 60 * MINUTE)}` }]
    : ticks;
}

function labelOf({ points }: Rows, report: Report): string {
  const switches = points.filter(({ kind }) => kind === "switch").length;
  return `Time line of run ${report.run}: ${report.steps.length} steps from ${clockTime(report.startedAt)}, ${switches} services switched. The steps are in the table that follows, the checkpoints in the list above.`;
}
