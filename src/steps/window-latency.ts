/** The latency of the window that is judged: asked for now and then while the window fills, and once more when it is full. */
import { z } from "zod";
import { PortFailure } from "../model/error.ts";
import type { CloudRunTarget } from "../model/service.ts";
import { instantSchema, MINUTE, msBetween } from "../model/time.ts";
import type { Span } from "./errors-evidence.ts";
import type { LookContext } from "./step.ts";

/** A percentile of all the time since the switch moves slowly, and a look is made every minute. */
const ASK_EVERY_MS = 5 * MINUTE;

const storedSchema = z.strictObject({ from: instantSchema, until: instantSchema, p95: z.number() });

export interface LatencyQuestion {
  readonly service: string;
  readonly target: CloudRunTarget;
  readonly span: Span;
  /** Nothing of the window is still to come. */
  readonly isFull: boolean;
  readonly revision: string;
}

/**
 * The 95th percentile in milliseconds, of the whole span where the window is full, else at most five minutes old. A symptom
 * only: without it the errors are judged all the same.
 */
export async function windowLatency(
  context: LookContext<unknown>,
  { service, target, span, isFull, revision }: LatencyQuestion,
): Promise<number | "unknown"> {
  if (span.until <= span.from) return "unknown";
  const key = `${service}/latency/${revision}`;
  const known = storedSchema.safeParse(await context.loadSample(key));
  if (known.success && stands(known.data, span, isFull)) return known.data.p95;
  const { from, until } = span;
  try {
    const p95 = await context.ports.metrics.latencyP95(target, from, until, revision, context.signal);
    if (p95 !== "unknown") await context.saveSample(key, { from, until, p95 });
    return p95;
  } catch (error) {
    if (!(error instanceof PortFailure) || error.kind === "aborted") throw error;
    return "unknown";
  }
}

function stands(known: Span, { from, until }: Span, isFull: boolean): boolean {
  if (known.from !== from || known.until > until) return false;
  return known.until === until || (!isFull && msBetween(known.until, until) < ASK_EVERY_MS);
}
