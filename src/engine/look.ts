/** Looking at production through the check kinds: what a look is given, and what an outage of a look means. */
import { PortFailure } from "../model/error.ts";
import type { Json } from "../model/json.ts";
import type { Progress } from "../model/progress.ts";
import { STANDARD } from "../model/redact.ts";
import type { CheckSpec } from "../model/runbook.ts";
import { type Instant, latest, MINUTE, msBetween } from "../model/time.ts";
import type { CheckResult } from "../model/verdict.ts";
import { type CheckKind, isCheckKind, type LookContext, type Looked } from "../steps/step.ts";
import type { EngineDeps } from "./deps.ts";
import { excludedWindows } from "./excluded.ts";
import { failureOf } from "./failure.ts";
import { identityOfRun, isLeftOut, serviceOf } from "./services.ts";

export interface Look {
  readonly results: readonly Looked[];
  /** Some check could not be measured for a reason that may pass. */
  readonly outage?: Outage;
}

export interface Outage {
  readonly what: string;
  readonly retryAfterMs?: number;
  /** Only our own limit was reached: it waits its turn. */
  readonly isQueued: boolean;
}

/** Everything a look needs besides its arguments and services; the same for checks of the monitor and for steps that gate. */
export async function lookBase(
  deps: EngineDeps,
  progress: Progress,
  check: string,
  horizonMs: number,
  samples = check,
): Promise<Omit<LookContext<never>, "args" | "services" | "now" | "ports" | "signal" | "run">> {
  const monitor = progress.plan.runbook.monitor;
  const { evidence } = deps.state;
  return {
    check,
    horizonMs,
    baselineMs: monitor?.baselineMs ?? 24 * 3_600_000,
    ...(monitor?.baselineMode === undefined ? {} : { baselineMode: monitor.baselineMode }),
    excluded: await excludedWindows(deps.state.journal, progress),
    redaction: progress.plan.runbook.report.redact ?? STANDARD,
    judgedServices: Math.max(1, new Set(monitor?.checks.flatMap(({ services }) => services)).size),
    loadSample: (key) => evidence.loadSample(progress.run, `${samples}/${key}`),
    saveSample: (key, sample) => evidence.saveSample(progress.run, `${samples}/${key}`, sample),
  };
}

/**
 * Looks through every check of the monitor over the whole time since each service's own switch until `until`. Each service
 * has a window of its own, and an outage of one says nothing about another; they are looked at side by side, so that what
 * they read of one log is one read. One check after the other: some share their samples.
 */
export async function lookAtProduction(
  deps: EngineDeps,
  progress: Progress,
  until: Instant,
  now: Instant,
): Promise<Look> {
  const looks: Look[] = [];
  for (const spec of progress.plan.runbook.monitor?.checks ?? []) {
    if (spec.services.length === 0) looks.push(await lookThrough(deps, progress, spec, undefined, until, now));
    const services = spec.services.filter((name) => isJudged(progress, name));
    looks.push(...(await Promise.all(services.map((name) => lookThrough(deps, progress, spec, name, until, now)))));
  }
  const outages = looks.flatMap(({ outage }) => outage ?? []);
  const outage = outages.find(({ isQueued }) => !isQueued) ?? outages[0];
  return { results: looks.flatMap(({ results }) => results), ...(outage === undefined ? {} : { outage }) };
}

/** What is to be recorded: the evidence is in the store by then. */
export async function withStoredEvidence(deps: EngineDeps, results: readonly Looked[]): Promise<CheckResult[]> {
  const store = deps.state.evidence;
  return Promise.all(
    results.map(async ({ evidence, ...result }) =>
      evidence === undefined ? result : { ...result, evidence: await store.put(evidence as Json) },
    ),
  );
}

/** The same of an outcome, which may have none. */
export async function resultsToRecord(
  deps: EngineDeps,
  { results }: { readonly results?: readonly Looked[] },
): Promise<{ results?: CheckResult[] }> {
  return results === undefined ? {} : { results: await withStoredEvidence(deps, results) };
}

function isJudged(progress: Progress, service: string): boolean {
  return progress.superseded[service] === undefined && !isLeftOut(progress, service);
}

async function lookThrough(
  deps: EngineDeps,
  progress: Progress,
  spec: CheckSpec,
  service: string | undefined,
  until: Instant,
  now: Instant,
): Promise<Look> {
  const since = service === undefined ? lastSwitch(progress) : progress.switched[service]?.at;
  const horizonMs = Math.max(MINUTE, msBetween(since ?? until, until));
  try {
    const kind = checkKindOf(deps, spec.uses);
    const args = deps.resolveArgs(spec, progress).args as never;
    const results = await kind.look({
      ...(await lookBase(deps, progress, spec.id, horizonMs, kind.samples?.(args))),
      run: identityOfRun(progress),
      args,
      services: service === undefined ? [] : [serviceOf(progress, service)],
      now,
      ports: deps.ports,
      signal: deps.signal,
    });
    return { results };
  } catch (error) {
    if (deps.signal.aborted) throw error;
    const result = unmeasured(spec, service, failureOf(error).what);
    if (!(error instanceof PortFailure) || !error.isTransient) return { results: [result] };
    const { retryAfterMs, isQueued } = error;
    const outage = { what: result.because, isQueued, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    return { results: [result], outage };
  }
}

/** A check that could not be measured is inconclusive: never a pass, never a fail. */
function unmeasured(spec: CheckSpec, service: string | undefined, why: string): Looked {
  return {
    check: spec.id,
    uses: spec.uses,
    verdict: "inconclusive",
    value: "unknown",
    baseline: "unknown",
    sample: "none",
    because: `could not be measured: ${why}`,
    ...(service === undefined ? {} : { service }),
  };
}

export function checkKindOf(deps: EngineDeps, uses: string): CheckKind<never> {
  const kind = deps.kindOf(uses);
  if (kind === undefined || !isCheckKind(kind)) throw new RangeError(`${uses} is not a check`);
  return kind;
}

/** How long after a moment the data of every check of the run is complete. */
export function settleMs(deps: EngineDeps, progress: Progress): number {
  const checks = progress.plan.runbook.monitor?.checks ?? [];
  return Math.max(0, ...checks.map(({ uses }) => checkKindOf(deps, uses).settleMs));
}

/** The switch from which the run's own T+N counts: the last of its services'. */
export function lastSwitch(progress: Progress): Instant | undefined {
  return latest(Object.values(progress.switched).map(({ at }) => at));
}
