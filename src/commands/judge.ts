/** `runbook judge`: the judge alone, on exported log entries. Asks no cloud, keeps nothing, streams in constant memory. */
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Readable, Writable } from "node:stream";
import { parse } from "yaml";
import { z } from "zod";
import { durationSchema } from "../model/duration.ts";
import { RunbookError, messageOf } from "../model/error.ts";
import { jsonLine } from "../model/json.ts";
import { type Instant, MINUTE, formatDuration, instant } from "../model/time.ts";
import { printFailure } from "./io.ts";
import { plainLines } from "../reporters/escape.ts";
import { CRITICAL_SIGNATURES } from "../steps/check-logs.ts";
import { EntryReader } from "../verdict/json-entries.ts";
import type { FileTally } from "../verdict/file-tally.ts";
import { type FileRules, baselineTally, candidateTally } from "../verdict/file-rules.ts";
import { type ServiceJudgement, judgeFiles, worstOf } from "../verdict/judge-files.ts";
import { EntryDecoder } from "../verdict/log-entry.ts";
import { EXIT, verdictCode } from "./exit-code.ts";
import { inflated } from "./inflated.ts";
import { type JudgeReport, judgeReport } from "./judge-report.ts";

export interface JudgeArgs {
  /** Files of LogEntry as JSON array or NDJSON, gzipped or not; one of them may be "-" for standard input. */
  readonly baseline: string;
  readonly candidate: string;
  readonly switch?: string;
  readonly now?: string;
  readonly config?: string;
  readonly json?: boolean;
  /** What an inconclusive verdict exits with; 3 where absent. */
  readonly inconclusiveExit?: number;
}

export interface JudgeIo {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Exit code: 0 PASS or WARN, 1 FAIL, 2 unusable input, 3 INCONCLUSIVE. */
export async function runJudge(args: JudgeArgs, io: JudgeIo): Promise<number> {
  try {
    const rules = await rulesOf(args);
    const report = await judgeStreams(args, rules, io.stdin);
    io.stdout.write(args.json === true ? `${jsonLine(report)}\n` : plainLines(textOf(report)));
    return verdictCode(report.verdict, { inconclusive: args.inconclusiveExit ?? EXIT.inconclusive }, EXIT.failed);
  } catch (error) {
    if (!(error instanceof RunbookError)) throw error;
    printFailure(io, [error.message, error.state, error.next].join("\n"));
    return EXIT.usage;
  }
}

async function judgeStreams(args: JudgeArgs, rules: FileRules, stdin: Readable): Promise<JudgeReport> {
  if (args.baseline === "-" && args.candidate === "-") throw usage("Standard input cannot be both files");
  const baseline = baselineTally(rules);
  const unreadable = await tallyFile(args.baseline, stdin, baseline);
  const candidate = candidateTally(rules, baseline);
  const skipped = unreadable + (await tallyFile(args.candidate, stdin, candidate));
  const judgements: readonly ServiceJudgement[] = judgeFiles(rules, baseline, candidate);
  return judgeReport(worstOf(judgements), judgements, {
    baseline: baseline.entries,
    candidate: candidate.entries,
    repeated: baseline.repeated + candidate.repeated,
    skipped,
  });
}

/** Returns how many objects were no log entries. */
async function tallyFile(file: string, stdin: Readable, tally: FileTally): Promise<number> {
  const decoder = new EntryDecoder();
  let skipped = 0;
  const reader = new EntryReader((entry) => {
    const record = decoder.decode(entry);
    if (record === undefined) skipped += 1;
    else tally.add(record);
  });
  try {
    for await (const chunk of inflated(file === "-" ? stdin : createReadStream(file, { highWaterMark: 1 << 16 }))) {
      reader.push(chunk);
    }
    reader.end();
    tally.finish();
  } catch (error) {
    const name = file === "-" ? "standard input" : file;
    throw usage(`${name} cannot be read as log entries: ${messageOf(error)}`, error);
  }
  return skipped;
}

const instantText = z.string().transform((text, context): Instant => {
  try {
    return instant(text);
  } catch {
    context.addIssue({ code: "custom", message: `expected a moment such as 2026-04-12T04:07:00Z, not "${text}"` });
    return z.NEVER;
  }
});
const spanSchema = z.strictObject({ from: instantText.exactOptional(), until: instantText.exactOptional() });

/** What `--config` may say; YAML or JSON. Every key is optional. */
export const judgeConfigSchema = z.strictObject({
  statuses: z
    .array(z.string().regex(/^[1-5](xx|\d\d)$/))
    .min(1)
    .prefault(["5xx"])
    .describe('Which statuses are errors: classes ("5xx") or single ones ("404").'),
  critical: z
    .array(z.string().min(3))
    .prefault([...CRITICAL_SIGNATURES])
    .describe("Texts that a deploy must never bring."),
  horizon: durationSchema.exactOptional().describe("N of T+N: on it depends how much a PASS must exclude."),
  services: z.number().int().positive().exactOptional().describe("How many services share the false-alarm budget."),
  concurrent: z.boolean().prefault(false).describe("The baseline is the stable version over the same minutes."),
  baseline: spanSchema.exactOptional().describe("What the baseline covers, if more than its first and last entry say."),
  candidate: spanSchema.exactOptional().describe("The same for the candidate."),
  excluded: z
    .array(z.strictObject({ from: instantText, until: instantText }))
    .prefault([])
    .describe("Windows of other deploys and of incidents, cut out of the baseline."),
});

async function rulesOf(args: JudgeArgs): Promise<FileRules> {
  const config = judgeConfigSchema.safeParse(args.config === undefined ? {} : await configFile(args.config));
  if (!config.success) throw usage(`The configuration is not valid: ${z.prettifyError(config.error)}`);
  const { statuses, horizon, services, ...rest } = config.data;
  return {
    ...rest,
    label: statuses.join(", "),
    isError: (status) => statuses.some((wanted) => isOf(status, wanted)),
    ...(horizon === undefined ? {} : { horizonMs: horizon }),
    ...(services === undefined ? {} : { judgedServices: services }),
    ...(args.switch === undefined ? {} : { switchedAt: momentOf("--switch", args.switch) }),
    ...(args.now === undefined ? {} : { now: momentOf("--now", args.now) }),
  };
}

function isOf(status: number, wanted: string): boolean {
  return wanted.endsWith("xx") ? Math.floor(status / 100) === Number(wanted[0]) : status === Number(wanted);
}

async function configFile(file: string): Promise<unknown> {
  try {
    return parse(await readFile(file, "utf8")) ?? {};
  } catch (error) {
    throw usage(`${file} cannot be read: ${messageOf(error)}`, error);
  }
}

function momentOf(option: string, text: string): Instant {
  const moment = instantText.safeParse(text);
  if (!moment.success) throw usage(`${option}: ${moment.error.issues[0]?.message ?? "not a moment"}`);
  return moment.data;
}

function usage(what: string, cause?: unknown): RunbookError {
  return new RunbookError({
    what: `${what}.`,
    state: "Nothing was judged; `judge` touches nothing.",
    next: "Export entries with: gcloud logging read FILTER --format=json > FILE; then see `runbook judge --help`.",
    cause,
  });
}

function textOf({ verdict, because, totals, checks, entries }: JudgeReport): string {
  const rows = checks.map(({ group, verdict: word, baseline, candidate, because: why }) => {
    const rate = ({ errors, minutes }: typeof baseline): string =>
      `${errors} in ${formatDuration(minutes * MINUTE)}${minutes === 0 ? "" : ` (${((60 * errors) / minutes).toFixed(1)}/h)`}`;
    return `  ${word.toUpperCase().padEnd(12)} ${group}: ${rate(candidate)}, before ${rate(baseline)}\n               ${why}`;
  });
  const left = entries.skipped === 0 ? "" : `, ${entries.skipped} that are no log entries left out`;
  return [
    `${verdict.toUpperCase()}: ${because}`,
    ...rows,
    `  ${entries.baseline} entries before, ${entries.candidate} after, ${entries.repeated} repeated${left}; totals ${totals}`,
    "",
  ].join("\n");
}
