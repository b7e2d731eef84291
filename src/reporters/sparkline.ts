/** Errors per minute in a few columns of text: some minutes before the switch, a bar, the minutes since. Draws what a check stored. */
import { type Instant, MINUTE, floorToMinute, msBetween } from "../model/time.ts";
import type { CheckResult, Series, Verdict } from "../model/verdict.ts";
import { count } from "./words.ts";

export interface Spark {
  readonly subject: string;
  /** "▁▁▁│▁▇▂" */
  readonly drawn: string;
  /** "most 38/min; before: 20.1/h over 24h" */
  readonly told: string;
}

const HEIGHTS = "▁▂▃▄▅▆▇█";
const MOST_BEFORE = 10;
const MOST_SINCE = 20;
const SEVERITY: Readonly<Record<Verdict, number>> = { fail: 0, warn: 1, inconclusive: 2, pass: 3 };

/** Of the checks that counted any error, the worst first; at most `most`. */
export function sparks(results: readonly CheckResult[], most: number): readonly Spark[] {
  const drawn = new Map<string, { readonly result: CheckResult; readonly spark: Spark }>();
  for (const result of results.toSorted((a, b) => SEVERITY[a.verdict] - SEVERITY[b.verdict])) {
    const { series, service } = result;
    if (series === undefined || service === undefined || drawn.has(service)) continue;
    if (!series.errors.some((errors) => errors > 0)) continue;
    const [before, since] = aroundSwitch(series);
    const told = `most ${count(Math.max(0, ...since))}/min; before: ${result.baseline}`;
    drawn.set(service, { result, spark: { subject: service, drawn: drawing(before, since), told } });
  }
  return [...drawn.values()].map(({ spark }) => spark).slice(0, most);
}

/** The minute of the switch is the first one since. */
function aroundSwitch({ errors, from, switchedAt }: Series): readonly [readonly number[], readonly number[]] {
  const known = errors.map((each) => (Number.isFinite(each) && each > 0 ? each : 0));
  const at = switchedAt === undefined ? 0 : minutesTo(from, switchedAt);
  return [known.slice(0, at), known.slice(at)];
}

function minutesTo(from: Instant, switchedAt: Instant): number {
  return Math.max(0, Math.round(msBetween(from, floorToMinute(switchedAt)) / MINUTE));
}

/** Many minutes share a column, which is as high as the worst of them. */
function drawing(before: readonly number[], since: readonly number[]): string {
  const width = Math.max(1, Math.ceil(since.length / MOST_SINCE));
  const columns = Array.from({ length: Math.ceil(since.length / width) }, (_, index) =>
    Math.max(...since.slice(index * width, (index + 1) * width)),
  );
  const shown = before.slice(-MOST_BEFORE);
  const most = Math.max(1, ...shown, ...columns);
  const line = (minutes: readonly number[]): string => minutes.map((errors) => heightOf(errors, most)).join("");
  return `${line(shown)}│${line(columns)}`;
}

/** Only a minute without any error lies on the ground. */
function heightOf(errors: number, most: number): string {
  const height = errors === 0 ? 0 : Math.max(1, Math.round((errors / most) * (HEIGHTS.length - 1)));
  return HEIGHTS[height] ?? "";
}
