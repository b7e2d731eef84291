/** What is judged of exported log entries, and the tallies that gather it. Judges nothing. */
import { MINUTE, type Instant, msOf } from "../model/time.ts";
import { FileTally, type TallyRules } from "./file-tally.ts";

export interface Span {
  readonly from?: Instant;
  readonly until?: Instant;
}

export interface FileRules {
  /** T0. The baseline ends here; two minutes from here on the switch settles. */
  readonly switchedAt?: Instant;
  /** The end of what is judged; without it, the end of the candidate's entries. */
  readonly now?: Instant;
  readonly isError: (status: number) => boolean;
  /** "5xx": what `isError` means, for people. */
  readonly label: string;
  readonly critical: readonly string[];
  /** T+N, for the tolerances; without it, how far the window reaches from the switch. */
  readonly horizonMs?: number;
  readonly judgedServices?: number;
  /** The baseline is another version over the same minutes (a canary). */
  readonly concurrent?: boolean;
  /** What the files cover, where that is more than their first and last entry say. */
  readonly baseline?: Span;
  readonly candidate?: Span;
  /** Windows of other deploys and incidents. */
  readonly excluded?: readonly { readonly from: Instant; readonly until: Instant }[];
}

export function baselineTally(rules: FileRules): FileTally {
  return new FileTally({
    ...tallyRules(rules),
    untilMs: Math.min(
      rules.switchedAt === undefined ? Number.POSITIVE_INFINITY : floor(msOf(rules.switchedAt)),
      rules.baseline?.until === undefined ? Number.POSITIVE_INFINITY : msOf(rules.baseline.until),
    ),
    sinceMs: rules.baseline?.from === undefined ? Number.NEGATIVE_INFINITY : msOf(rules.baseline.from),
  });
}

/** Versions that the baseline has are the old code's, if the candidate has others. */
export function candidateTally(rules: FileRules, baseline: FileTally): FileTally {
  const switchedMs = rules.switchedAt === undefined ? Number.NEGATIVE_INFINITY : msOf(rules.switchedAt);
  const ends = [rules.now, rules.candidate?.until].flatMap((end) => (end === undefined ? [] : [floor(msOf(end))]));
  return new FileTally({
    ...tallyRules(rules),
    sinceMs: Math.max(switchedMs, rules.candidate?.from === undefined ? switchedMs : msOf(rules.candidate.from)),
    untilMs: Math.min(Number.POSITIVE_INFINITY, ...ends),
    beganAfterMs: switchedMs,
    oldVersions: baseline.versions,
  });
}

function tallyRules(rules: FileRules): TallyRules {
  return {
    isError: rules.isError,
    critical: new RegExp(rules.critical.map(escaped).join("|") || "(?!)", "i"),
    sinceMs: Number.NEGATIVE_INFINITY,
    untilMs: Number.POSITIVE_INFINITY,
    beganAfterMs: Number.NEGATIVE_INFINITY,
    oldVersions: new Set(),
  };
}

/** As a pattern that matches just this text. */
function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}

function floor(ms: number): number {
  return Math.floor(ms / MINUTE) * MINUTE;
}
