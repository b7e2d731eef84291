/** A backtest as text: what it rests on, how often it would have said what, the deploys that were, the share of false alarms. */
import { dateTime, formatDuration } from "../model/time.ts";
import type { Verdict } from "../model/verdict.ts";
import { columns, lines } from "../reporters/columns.ts";
import { count, counted, VERDICT_WORD } from "../reporters/words.ts";
import type { Past } from "../steps/past.ts";
import { HORIZONS, type Tried } from "../steps/replay.ts";
import type { Backtest } from "./backtest.ts";

const WORDS: readonly Verdict[] = ["fail", "warn", "pass", "inconclusive"];
const MOST_DEPLOYS = 40;

export function backtestText(result: Backtest): string {
  const { runbook, label, everyMs, pasts, placebo, runs, deploys, leftOut } = result;
  return lines([
    `${runbook}: check-errors (${label}) replayed against ${baselineText(result)}, placebo deploys every ${formatDuration(everyMs)}`,
    "",
    "It rests on",
    ...columns(pasts.map(restsOn)).map((row) => `  ${row}`),
    "",
    "Placebo deploys, when nothing was deployed: how often it would have said what",
    ...table([...pasts.map(({ service }) => service), ...(runs.length > 0 ? ["the run"] : [])], [...placebo, ...runs]),
    "",
    deploys.length === 0 ? "Real deploys: none that can be replayed" : "Real deploys",
    ...columns(
      deploys
        .slice(-MOST_DEPLOYS)
        .map(({ service, at, said, known }) => [
          `  ${dateTime(at)}`,
          service,
          ...HORIZONS.map(([name]) => `T+${name} ${VERDICT_WORD[said[name]]}`),
          known,
        ]),
    ),
    ...(deploys.length > MOST_DEPLOYS ? [`  and ${deploys.length - MOST_DEPLOYS} before these`] : []),
    ...(leftOut === 0 ? [] : [`  ${leftOut} left out: no whole baseline before them, or no whole hour after`]),
    "",
    falseAlarms(runs.length > 0 ? runs : placebo),
    "Not replayed: latency, logs, pods, probes, and which version answered: everything after a moment counts.",
    "Nothing was changed.",
  ]);
}

function baselineText({ baseline }: Backtest): string {
  if (baseline.baselineMode === "same-hour-yesterday") return "the same hour yesterday";
  if (baseline.baselineMode === "last-week") return "the same day last week";
  return `the ${formatDuration(baseline.baselineMs)} before`;
}

function restsOn({ service, from, until, errors, requests, unread }: Past): readonly string[] {
  const failed = [...errors.values()].flat().reduce((sum, [, number]) => sum + number, 0);
  const total =
    requests === "unknown" ? "requests unknown" : `${count(requests.reduce((sum, each) => sum + each, 0))} requests`;
  return [
    service,
    `${dateTime(from).replace(" UTC", "")} to ${dateTime(until)}`,
    `${total}, ${count(failed)} errors in ${errors.size} groups`,
    unread.length === 0
      ? ""
      : `NOT READ: ${unread.map((gap) => `${dateTime(gap.from)} to ${dateTime(gap.until)}`).join(", ")}`,
  ];
}

function table(services: readonly string[], tried: readonly Tried[]): readonly string[] {
  const head = ["", "", "n", ...WORDS.map((word) => VERDICT_WORD[word])];
  const rows = services.flatMap((service) => {
    const own = tried.filter((each) => each.service === service);
    return HORIZONS.map(([name], index) => [
      `  ${index === 0 ? service : ""}`,
      `T+${name}`,
      count(own.length),
      ...WORDS.map((word) => shareOf(own.filter(({ said }) => said[name] === word).length, own.length)),
    ]);
  });
  return columns([head, ...rows]);
}

function shareOf(number: number, total: number): string {
  return total === 0 ? "–" : `${((100 * number) / total).toFixed(1)} %`;
}

/** FAIL is sticky, so that of T+1h holds those before; a WARN may pass. */
function falseAlarms(tried: readonly Tried[]): string {
  const { length } = tried;
  if (length === 0)
    return "False alarms: unknown, because no moment has a whole baseline before it and an hour after it.";
  const failed = tried.filter(({ said }) => HORIZONS.some(([name]) => said[name] === "fail")).length;
  const warned = tried.filter(({ said }) =>
    HORIZONS.some(([name]) => said[name] === "fail" || said[name] === "warn"),
  ).length;
  const days = new Set(tried.map(({ at }) => at.slice(0, 10))).size;
  const share = `FAIL at ${count(failed)} of ${count(length)} placebo deploys within an hour (${shareOf(failed, length)})`;
  return `False alarms: ${share}, WARN or worse at ${shareOf(warned, length)}; over ${counted(days, "day")}, neighbouring ones share their data.`;
}
