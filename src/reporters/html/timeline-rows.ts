/** What a run's time line shows, row by row, in minutes from the run's start. Draws nothing. */
import type { RunEvent } from "../../model/event.ts";
import type { Progress } from "../../model/progress.ts";
import { type Instant, MINUTE, clockTime, earliest, latest, msBetween } from "../../model/time.ts";
import type { Verdict } from "../../model/verdict.ts";
import type { Report } from "../report-model.ts";
import { VERDICT_WORD, timeOn } from "../words.ts";
import { visible } from "./plot.ts";

export interface Bar {
  readonly row: number;
  readonly from: number;
  readonly until: number;
  readonly kind: "work" | "wait" | "bad";
  readonly title: string;
}

export interface Point {
  readonly row: number;
  readonly at: number;
  readonly kind: "switch" | "restored" | "pass" | "warn" | "fail" | "inconclusive";
  readonly title: string;
}

export interface Rows {
  readonly names: readonly string[];
  readonly bars: readonly Bar[];
  readonly points: readonly Point[];
}

const MOST_ROWS = 60;

export function rowsOf(events: readonly RunEvent[], progress: Progress, report: Report): Rows {
  const since = (at: Instant): number => msBetween(report.startedAt, at) / MINUTE;
  const { rollback, finished } = progress;
  // From then on nobody waits for a step any more.
  const stepsEnd =
    earliest([
      report.asOf,
      ...(rollback === undefined ? [] : [rollback.at]),
      ...(finished === undefined ? [] : [finished.at]),
    ]) ?? report.asOf;
  const items = [
    ...report.steps.filter(({ startedAt }) => startedAt !== undefined).map(({ id }) => [`step:${id}`, id] as const),
    ...report.services
      .filter(({ name }) => `restore:${name}` in progress.items)
      .map(({ name }) => [`restore:${name}`, `restore ${name}`] as const),
  ].slice(0, MOST_ROWS);
  const services = report.services.filter(({ switchedAt }) => switchedAt !== undefined).slice(0, MOST_ROWS);
  const judged = judgementsOf(events);
  const names = [
    ...items.filter(([item]) => item.startsWith("step:")).map(([, name]) => name),
    ...services.map(({ name }) => `${name} switched`),
    ...(judged.length === 0 ? [] : ["verdicts"]),
    ...items.filter(([item]) => item.startsWith("restore:")).map(([, name]) => name),
  ].map((name) => visible(name, 28));
  const rowOf = (name: string): number => names.indexOf(visible(name, 28));
  return {
    names,
    bars: items.flatMap(([item, name]) =>
      segments(events, item, item.startsWith("step:") ? stepsEnd : report.asOf).map((each) => ({
        ...each,
        row: rowOf(name),
        from: since(each.since),
        until: since(each.end),
      })),
    ),
    points: [
      ...services.flatMap(({ name, switchedAt, after = "" }): Point[] =>
        switchedAt === undefined
          ? []
          : [
              {
                row: rowOf(`${name} switched`),
                at: since(switchedAt),
                kind: "switch",
                title: `${name} serves ${after} since ${timeOn(switchedAt, report.startedAt)} UTC`,
              },
            ],
      ),
      ...report.services.flatMap(({ name, restored }): Point[] =>
        restored === undefined
          ? []
          : [
              {
                row: rowOf(`restore ${name}`),
                at: since(restored.at),
                kind: "restored",
                title: `${name} restored and verified at ${clockTime(restored.at)}`,
              },
            ],
      ),
      ...judged.map(({ at, verdict, name }): Point => ({
        row: rowOf("verdicts"),
        at: since(at),
        kind: verdict,
        title: `${name}: ${VERDICT_WORD[verdict]} at ${clockTime(at)}`,
      })),
    ].filter(({ row }) => row >= 0),
  };
}

function judgementsOf(
  events: readonly RunEvent[],
): readonly { readonly at: Instant; readonly verdict: Verdict; readonly name: string }[] {
  return events.flatMap((event) => {
    if (event.type === "checkpoint-judged")
      return [{ at: event.at, verdict: event.verdict, name: `T+${event.checkpoint}` }];
    return event.type === "production-judged" && event.verdict === "fail"
      ? [{ at: event.at, verdict: event.verdict, name: "look" }]
      : [];
  });
}

interface Segment extends Pick<Bar, "kind" | "title"> {
  readonly since: Instant;
  readonly end: Instant;
}

/** One segment per thing that the item waited for; what is under way lasts until the moment that the page tells of. */
function segments(events: readonly RunEvent[], item: string, asOf: Instant): readonly Segment[] {
  const restored = item.replace(/^restore:/, "");
  const own = events.filter((event) =>
    "item" in event
      ? event.item === item && !event.type.startsWith("effect")
      : event.type === "service-restored" && event.service === restored,
  );
  return own.flatMap((event, index): Segment[] => {
    const end = own[index + 1]?.at ?? latest([asOf, event.at]) ?? asOf;
    const span = { since: event.at, end };
    if (event.type === "item-started") return [{ ...span, kind: "work", title: "begun" }];
    if (event.type === "item-waiting") return [{ ...span, kind: "wait", title: `waits for ${event.for}` }];
    if (event.type === "item-retrying") return [{ ...span, kind: "bad", title: `tries again: ${event.failure.what}` }];
    const isOpen = event.type === "item-failed" && index + 1 < own.length;
    return isOpen ? [{ ...span, kind: "bad", title: `failed: ${event.failure.what}` }] : [];
  });
}
