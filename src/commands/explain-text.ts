/** An explanation as text of at most a hundred columns: every number of a verdict beside its formula and its threshold. */
import type { Json } from "../model/json.ts";
import { dateTime, formatDuration, type Instant, MINUTE, plusMs } from "../model/time.ts";
import { lines } from "../reporters/columns.ts";
import { plainLine } from "../reporters/escape.ts";
import { wrapped } from "../reporters/display-width.ts";
import { count, VERDICT_WORD, withTimesSign } from "../reporters/words.ts";
import type { JudgeEvidence, Judgement, MinuteWindow, StreamJudgement } from "../verdict/evidence.ts";
import { isExcluded, pillarsOf } from "../verdict/explain.ts";
import { catastropheAt } from "../verdict/guard.ts";
import type { RequiredVerdict } from "../verdict/required.ts";
import { cleanMinutes, sum } from "../verdict/windows.ts";
import { type ExplainedCheck, type Explanation, nameOf } from "./explanation.ts";

export interface ExplanationLayout {
  readonly all: boolean;
  readonly width: number;
}

/** Groups that say nothing are shown up to this number, the ones with most evidence first. */
const MOST_QUIET = 5;

export function explanationText(explanation: Explanation, layout: ExplanationLayout): string {
  const text = [
    ...headOf(explanation),
    ...explanation.checks.flatMap((check) => ["", ...checkLines(check, layout)]),
    "",
    ...(explanation.checks.some(({ rejudged }) => rejudged?.errors !== undefined) ? [...LEGEND, ""] : []),
    ...notJudgedAgain(explanation),
    closing(explanation),
  ];
  return lines(text.flatMap((line) => folded(line, layout.width)));
}

function headOf({ runbook, run, title, at, verdict, results }: Explanation): readonly string[] {
  const tally = (["fail", "inconclusive", "warn", "pass"] as const)
    .map((word) => [word, results.filter((result) => result.verdict === word).length] as const)
    .filter(([, number]) => number > 0)
    .map(([word, number]) => `${number} ${VERDICT_WORD[word]}`);
  return [
    `${runbook}  run ${run}  ${title}, judged ${dateTime(at)}`,
    `${VERDICT_WORD[verdict]}: the worst of ${results.length} (${tally.join(", ")}), in the order FAIL, INCONCLUSIVE, WARN, PASS`,
  ];
}

/** Honest about what a recomputation cannot hold: what was only seen. */
function notJudgedAgain({ checks }: Explanation): readonly string[] {
  const seen = checks.filter(({ finding }) => finding === "observed").map(({ result }) => nameOf(result));
  return seen.length === 0 ? [] : [`Taken as stored, intact and not judged again: ${seen.join(", ")}.`];
}

function closing({ agrees, recomputed, verdict, checks }: Explanation): string {
  if (agrees) return `Recomputed from the stored evidence alone: ${VERDICT_WORD[recomputed]}. It agrees bit for bit.`;
  const bad = checks.filter(({ finding }) => finding === "disagrees").map(({ result }) => nameOf(result));
  return `IT DOES NOT AGREE: published was ${VERDICT_WORD[verdict]}, the stored evidence gives ${VERDICT_WORD[recomputed]}${bad.length === 0 ? "" : `; look at ${bad.join(", ")}`}. Do not rely on this verdict.`;
}

function checkLines({ result, finding, why, stored, rejudged }: ExplainedCheck, layout: ExplanationLayout): string[] {
  const mark = finding === "disagrees" ? "DISAGREES: " : "";
  const head = [
    `${VERDICT_WORD[result.verdict]}  ${nameOf(result)}: ${withTimesSign(result.because)}`,
    `  evidence   ${result.evidence?.slice(0, 12) ?? "none"}: ${mark}${why}`,
  ];
  const errors = rejudged?.errors;
  if (errors !== undefined) {
    return [
      ...head,
      ...windowLines(errors.evidence, errors.judgement),
      ...errors.required.map(requiredLine),
      ...streamLines(errors.evidence, errors.judgement, layout),
    ];
  }
  if (stored === undefined) return head;
  return [
    ...head,
    `  measured   ${result.value}; before: ${result.baseline}; ${result.sample}`,
    ...storedLines(stored),
  ];
}

/** Evidence without statistics: its fields, one a line; of a list each entry. */
function storedLines(stored: Json): string[] {
  if (typeof stored !== "object" || stored === null || Array.isArray(stored)) return [];
  return Object.entries(stored as Readonly<Record<string, Json>>)
    .filter(([key]) => key !== "uses" && key !== "v")
    .flatMap(([key, value]) => {
      const values = isList(value) ? value.slice(0, MOST_ENTRIES).map(flat) : [flat(value)];
      const rest = isList(value) && value.length > MOST_ENTRIES ? [`and ${value.length - MOST_ENTRIES} more`] : [];
      return [...values, ...rest].map(
        (text, index) => `  ${(index === 0 ? key : "").padEnd(10)} ${plainLine(text, 400)}`,
      );
    });
}

const MOST_ENTRIES = 40;

/** "name=listen restarts=0" */
function flat(value: Json): string {
  if (isList(value)) return value.map(flat).join("; ");
  if (typeof value !== "object" || value === null) return String(value);
  return Object.entries(value)
    .map(([key, inner]) => (typeof inner === "object" && inner !== null ? flat(inner) : `${key}=${flat(inner)}`))
    .join(" ");
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function windowLines(evidence: JudgeEvidence, judgement: Judgement): string[] {
  const { settings, totalsKnown, candidateEntries, judgedServices, horizonMs, settling, latencyP95, gaps } = evidence;
  const [pillar] = pillarsOf(judgement);
  const named = evidence.streams.find(({ kind }) => kind === pillar?.kind);
  const before = evidence.windows[named?.baseline.window ?? "before"];
  const after = evidence.windows[named?.candidate.window ?? "after"];
  const { ratio, absolute } = judgement.tolerance;
  const expected = judgement.expectedRequests;
  const alive = judgement.alive ? "yes" : "NO";
  return [
    ...(before === undefined ? [] : [`  baseline   ${windowText(before, totalsKnown)}`]),
    ...(after === undefined ? [] : [`  judged     ${windowText(after, totalsKnown)}; T+${formatDuration(horizonMs)}`]),
    typeof expected === "number"
      ? `  alive      ${alive}: requests >= max(${settings.minRequests}, ${settings.aliveShare} × ${six(expected)} expected) = ${six(Math.max(settings.minRequests, settings.aliveShare * expected))}`
      : `  alive      ${alive}: ${candidateEntries} log entries of the new version, needed ${settings.minEntries}; totals unknown`,
    `  tolerance  at this distance a PASS must exclude a rise of ×${six(ratio)}, or ${six(absolute)} errors a minute`,
    `  budget     alpha FAIL ${settings.alphaFail}, WARN ${settings.alphaWarn}, beta ${settings.beta}; shared by ${judgedServices} judged services`,
    ...(latencyP95 === undefined
      ? []
      : [
          `  p95        ${milliseconds(latencyP95.candidateMs)} against ${milliseconds(latencyP95.baselineMs)}; a symptom above ×${settings.latencyRatio} and ${settings.latencyFloorMs} ms more`,
        ]),
    ...(settling === undefined ? [] : [`  guard      ${guardText(settling)}`]),
    ...(evidence.concurrent === true ? besideLines(evidence, judgement) : []),
    ...judgement.symptoms.map((symptom) => `  symptom    ${symptom}`),
    ...gaps.map((gap) => `  gap        ${gap}`),
    ...(judgement.suspects.length === 0 ? [] : [`  suspects   ${judgement.suspects.join("; ")} (e-BH, level 0.1)`]),
  ];
}

/** Two versions over the same minutes, and whether the one beside it has risen over the service's own past. */
function besideLines({ past, windows, settings }: JudgeEvidence, { shared }: Judgement): string[] {
  const own = past === undefined ? undefined : windows[past.window];
  const compared =
    "  compared   with the version beside it over the same minutes, minute by minute: what hits both cancels";
  if (own === undefined) return [compared, "  past       unknown: an outage of both would not show"];
  const risen =
    shared === undefined
      ? "the version beside it has not risen over it"
      : `RISEN beside it: ln E+ ${six(shared.lnEWarn)} >= ${six(shared.lnEWarnNeeded)}, rhat ${six(shared.ratio)} (>= ${settings.minRatioWarn}): an outage of both`;
  return [compared, `  past       ${windowText(own, true)}; ${risen}`];
}

function windowText(window: MinuteWindow, totalsKnown: boolean): string {
  const cut = window.exposure.length - cleanMinutes(window);
  const until = plusMs(window.from, window.exposure.length * MINUTE);
  const exposure = totalsKnown ? `, ${count(sum(window.exposure))} requests` : ", totals unknown";
  return `${span(window.from, until)}: ${count(cleanMinutes(window))} minutes${exposure}${cut === 0 ? "" : `, ${cut} minutes cut out`}`;
}

function span(from: Instant, until: Instant): string {
  return `${dateTime(from).slice(0, 16)} to ${dateTime(until)}`;
}

function guardText(settling: NonNullable<JudgeEvidence["settling"]>): string {
  const at = catastropheAt(settling);
  const failed = `${sum(settling.errors)} of ${sum(settling.requests)} requests failed in ${settling.errors.length} minutes around the switch`;
  return `${failed}; ${at === undefined ? "no three minutes in a row with half of 20 or more failing" : "CATASTROPHE: three minutes in a row with half of 20 or more failing"}`;
}

function requiredLine({ route, seen, needed, minutes, expected, verdict }: RequiredVerdict): string {
  const awaited = expected === "unknown" ? "" : `, expected by the past ${six(expected)}`;
  return `  required   ${route}: ${seen} successes in ${minutes} minutes, needed ${needed}${awaited}: ${VERDICT_WORD[verdict]}`;
}

function streamLines(evidence: JudgeEvidence, judgement: Judgement, layout: ExplanationLayout): string[] {
  const pillars = pillarsOf(judgement);
  const others = judgement.streams.filter((stream) => !pillars.includes(stream));
  const telling = others.filter(({ says }) => says !== "nothing");
  const quiet = others
    .filter(({ says }) => says === "nothing")
    .toSorted((a, b) => b.lnEFail - a.lnEFail || (a.group < b.group ? -1 : 1));
  const shown = layout.all ? quiet : quiet.filter(({ candidate }) => candidate.errors > 0).slice(0, MOST_QUIET);
  const rest = quiet.length - shown.length;
  const least = quiet.filter((stream) => !shown.includes(stream))[0];
  return [
    ...[...pillars, ...telling, ...shown].flatMap((stream) => oneStream(evidence, judgement, stream)),
    ...(least === undefined
      ? []
      : [`  and ${rest} more groups that say nothing, ln E+ at most ${six(least.lnEFail)} (--all shows them)`]),
  ];
}

function oneStream({ settings }: JudgeEvidence, judgement: Judgement, stream: StreamJudgement): string[] {
  const { kind, group, says, baseline, candidate, phi, weight, winsorised } = stream;
  const isCritical = kind === "critical";
  const isPillar = kind === "overall" || isCritical;
  const least = isCritical
    ? "x1 >= 2 in 2 minutes"
    : `rhat ${six(stream.ratioWinsorised)} (>= ${settings.minRatioFail}), x1 >= ${settings.minErrorsFail}`;
  const failed = stream.failedAt === undefined ? "" : `; FAIL since ${dateTime(stream.failedAt)}`;
  return [
    `  ${kind.padEnd(9)}  ${group}  says ${says}${failed}`,
    `    counts     x0 ${six(baseline.errors)} in n0 ${six(baseline.exposure)} (${baseline.minutes} min); x1 ${six(candidate.errors)} in n1 ${six(candidate.exposure)} (${candidate.minutes} min); phi ${six(phi)}; w ${six(weight)}`,
    `    FAIL when  ln E+(xw ${six(winsorised)}; rho ${settings.rhoFail}) = ${six(stream.lnEFail)} ${sign(stream.lnEFail, stream.lnEFailNeeded)} ${six(stream.lnEFailNeeded)}; ${least}`,
    `    WARN when  ln E+(x1 ${six(candidate.errors)}; rho ${settings.rhoWarn}) = ${six(stream.lnEWarn)} ${sign(stream.lnEWarn, stream.lnEWarnNeeded)} ${six(stream.lnEWarnNeeded)}; ${isCritical ? "or any where there was none before" : `rhat ${six(stream.ratio)} (>= ${settings.minRatioWarn}), x1 >= ${settings.minErrorsWarn}`}`,
    ...(isPillar
      ? [
          `    PASS when  U ${bounded(stream.ratioBound, judgement.tolerance.ratio)} or Lam ${bounded(stream.absoluteBound, judgement.tolerance.absolute)} a minute: ${isExcluded(stream, judgement) ? "excluded" : "not excluded"}`,
        ]
      : []),
  ];
}

function sign(value: number, needed: number): string {
  return value >= needed ? ">=" : "<";
}

/** "2.3 <= 5" or "unbounded > 5". */
function bounded(value: number | "unbounded", tolerance: number): string {
  const shown = value === "unbounded" ? value : six(value);
  return `${shown} ${value !== "unbounded" && value <= tolerance ? "<=" : ">"} ${six(tolerance)}`;
}

function milliseconds(value: number | "unknown"): string {
  return value === "unknown" ? "unknown" : `${six(value)} ms`;
}

/** Six decimals, without the zeros that say nothing. */
function six(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(6).replace(/\.?0+$/, "");
}

const LEGEND: readonly string[] = [
  "x0, n0: errors and exposure (requests; minutes where totals are unknown) before; x1, n1: after the",
  "switch has settled. phi: variance over mean of the baseline's blocks of 1, 5, 15, 60 minutes, >= 1.",
  "xw: x1 with its two largest minutes replaced by the third. w: the stream's share of the budget.",
  "k1 = x/phi, k0 = x0/phi + 1, b = rho n1; R = {2, 3, 5, 10, 20, 50, 100}; D = {.5, .25, .1, .02}:",
  "  E+(x; rho) = mean over r in R of exp(k1 ln r - (k0 + k1) ln((n0 + r b) / (n0 + b)))",
  "  FAIL needs ln(1 / (alpha_FAIL w)), WARN ln(1 / (alpha_WARN w)); rhat = (x/n1) / ((x0 + phi)/n0)",
  "  E-(rho) = mean over d in D of exp(k1 ln d + (x0/phi + k1) ln((n0 + b) / (n0 + d b)))",
  "  U: the least rho with E-(rho) >= 1/beta. Lam: the least rate a minute with",
  "  mean over d in D of exp(x1/phi ln d + (1 - d) Lam minutes/phi) >= 1/beta",
];

/** Long lines go on below, under their text. */
function folded(line: string, width: number): readonly string[] {
  if (line.length <= width) return [line];
  const indent = /^ *\S+ +/.exec(line)?.[0].length ?? 0;
  const hang = " ".repeat(line.startsWith(" ") ? Math.min(indent, 15) : 2);
  const [first = "", ...rest] = wrapped(line, width);
  const tail = rest.join(" ");
  return [first, ...wrapped(tail, width - hang.length).map((part) => hang + part)];
}
