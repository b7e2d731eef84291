/**
 * `http-check`: asks one address over and over and judges the last few probes together. One probe alone never fails, and
 * silence is held against production only when the address answered before.
 */
import { z } from "zod";
import { durationSchema } from "../model/duration.ts";
import { PortFailure } from "../model/error.ts";
import { type Instant, instantSchema, MINUTE, msBetween, SECOND } from "../model/time.ts";
import type { Verdict } from "../model/verdict.ts";
import type { Http, ProbeResponse } from "../ports/http.ts";
import { gateTurn } from "./gate.ts";
import type { CheckKind, Finding, LookContext, Looked } from "./step.ts";

const statusSchema = z.number().int().min(100).max(599);

const argsSchema = z
  .strictObject({
    url: z.url({ protocol: /^https?$/ }).describe("The address to ask. Redirects are not followed."),
    method: z.enum(["GET", "HEAD"]).prefault("GET").describe("GET (default) or HEAD."),
    expect: z
      .strictObject({
        status: z.union([statusSchema, z.array(statusSchema).min(1)]).describe("The status, or those that are good."),
        "body-contains": z.string().min(1).exactOptional().describe("Text within the first 64 KiB of the body."),
      })
      .describe("What a good answer is."),
    timeout: durationSchema.prefault("10s").describe("Longer than this is no answer (default 10s)."),
    attempts: z.number().int().min(1).max(20).prefault(3).describe("How many probes are judged together (default 3)."),
    required: z.number().int().min(1).max(20).prefault(2).describe("How many of them must be good (default 2)."),
    for: durationSchema
      .prefault("1m")
      .describe("As a step: how long to judge, after two minutes of settling (default 1m)."),
  })
  .refine(({ attempts, required }) => required <= attempts, {
    error: "required must not be more than attempts",
    path: ["required"],
  });
type Args = z.infer<typeof argsSchema>;

const probeSchema = z.strictObject({ at: instantSchema, good: z.boolean(), answered: z.boolean(), value: z.string() });
type Probe = z.infer<typeof probeSchema>;

const sampleSchema = z.strictObject({
  /** The last `attempts`, newest last. */
  probes: z.array(probeSchema),
  /** The first good one of this run: the proof that the address can be reached from here. */
  firstGood: probeSchema.exactOptional(),
  /** Looks in a row that found too few good probes and the newest one bad. */
  shortLooks: z.number(),
});
type Sample = z.infer<typeof sampleSchema>;

/** What a verdict rests on: the probes and the rule. */
const probesEvidenceSchema = sampleSchema.extend({
  uses: z.literal("http-check"),
  /** Host and path. */
  address: z.string(),
  attempts: z.number(),
  required: z.number(),
  expect: z.unknown(),
});
type ProbesEvidence = z.infer<typeof probesEvidenceSchema>;

/** Looks closer together than this share a probe: a checkpoint and the look of the same minute. */
const SAME_LOOK_MS = 5 * SECOND;
const SAMPLE = "probes";

export const httpCheck: CheckKind<Args> = {
  uses: "http-check",
  summary: "Asks an address and expects a status: good when enough of the last probes are.",
  args: argsSchema,
  platforms: [],
  needsServices: false,
  needs: [],
  defaultTimeoutMs: 30 * MINUTE,
  settleMs: 0,

  async preflight({ args, ports, now, signal }): Promise<readonly Finding[]> {
    if (args === undefined) return [];
    const first = await probe(ports.http, args, now, signal);
    if (first.good) return [];
    return [{ severity: "remark", what: `${shown(args.url)} is not well before the deploy: ${first.value}` }];
  },

  turn: (context) => gateTurn(httpCheck, context, context.args.for),

  async look(context) {
    const sample = await grown(context);
    const { url, attempts, required, expect } = context.args;
    const judged = { uses: "http-check" as const, address: shown(url), attempts, required, expect, ...sample };
    const newest = sample.probes.at(-1);
    const result: Looked = {
      check: context.check,
      uses: "http-check",
      ...judge(judged),
      value: newest?.value ?? "unknown",
      baseline: sample.firstGood === undefined ? "none" : `${sample.firstGood.value} at first`,
      sample: sample.probes.length === 1 ? "1 probe" : `${sample.probes.length} probes`,
      evidence: judged,
    };
    return [result];
  },
};

async function grown(context: LookContext<Args>): Promise<Sample> {
  const { args, now } = context;
  const stored = await context.loadSample(SAMPLE);
  const before: Sample = stored === undefined ? { probes: [], shortLooks: 0 } : sampleSchema.parse(stored);
  const last = before.probes.at(-1);
  if (last !== undefined && Math.abs(msBetween(last.at, now)) < SAME_LOOK_MS) return before;
  const newest = await probe(context.ports.http, args, now, context.signal);
  const probes = [...before.probes, newest].slice(-args.attempts);
  const isShort = probes.length === args.attempts && goodOf(probes) < args.required && !newest.good;
  const firstGood = before.firstGood ?? (newest.good ? newest : undefined);
  const sample: Sample = {
    probes,
    shortLooks: isShort ? before.shortLooks + 1 : 0,
    ...(firstGood === undefined ? {} : { firstGood }),
  };
  await context.saveSample(SAMPLE, sample);
  return sample;
}

async function probe(http: Http, args: Args, at: Instant, signal: AbortSignal): Promise<Probe> {
  try {
    const response = await http.probe({ method: args.method, url: args.url, timeoutMs: args.timeout }, signal);
    return { at, answered: true, ...assessed(response, args.expect) };
  } catch (error) {
    if (!(error instanceof PortFailure)) throw error;
    if (error.kind === "timeout") return { at, answered: false, good: false, value: "no answer in time" };
    if (error.kind === "unavailable") return { at, answered: false, good: false, value: "no connection" };
    throw error;
  }
}

function assessed(response: ProbeResponse, expected: Args["expect"]): { good: boolean; value: string } {
  const value = `${response.status} in ${response.latencyMs} ms`;
  if (![expected.status].flat().includes(response.status)) return { good: false, value };
  const text = expected["body-contains"];
  if (text === undefined || response.body.includes(text)) return { good: true, value };
  return { good: false, value: `${value}, without the expected text` };
}

/** The verdict of the probes from the stored evidence alone. */
export function judgeProbes(stored: unknown): { verdict: Verdict; because: string } {
  return judge(probesEvidenceSchema.parse(stored));
}

function judge({ probes, firstGood, shortLooks, address, attempts, required }: ProbesEvidence): {
  verdict: Verdict;
  because: string;
} {
  const good = goodOf(probes);
  const counted = `${good} of the last ${probes.length} probes of ${address} were good, ${required} must be`;
  if (good >= required) return { verdict: "pass", because: counted };
  if (probes.length < attempts) {
    return { verdict: "inconclusive", because: `${counted}; ${attempts} are needed to judge` };
  }
  if (shortLooks === 0) return { verdict: "warn", because: `${counted}; the newest one is` };
  if (shortLooks === 1) return { verdict: "inconclusive", because: `${counted}; the next probe decides` };
  if (firstGood === undefined && probes.every(({ answered }) => !answered)) {
    const because = `${address} has not answered since this run began: it may be unreachable from here`;
    return { verdict: "inconclusive", because };
  }
  return { verdict: "fail", because: `${counted}, twice in a row` };
}

function goodOf(probes: readonly Probe[]): number {
  return probes.filter(({ good }) => good).length;
}

/** Without the query, which may hold a token. */
function shown(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}
