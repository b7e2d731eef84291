/** Watching after the switch: a look every minute while attached, and the checkpoints that publish. */
import type { Progress } from "../model/progress.ts";
import { ceilToMinute, formatDuration, HOUR, type Instant, MINUTE, msBetween, plusMs } from "../model/time.ts";
import { worstVerdict } from "../model/verdict.ts";
import type { Looked } from "../steps/step.ts";
import { lastSwitch, lookAtProduction, settleMs, withStoredEvidence } from "./look.ts";
import { sharedReads } from "./shared-reads.ts";
import { asIfSwitched } from "./scheduled.ts";
import { isWatched } from "./services.ts";
import { currentStep } from "./steps.ts";
import { noticeSupersession } from "./survey.ts";
import type { ItemResult, Turn } from "./turn.ts";

/** An outage postpones a checkpoint for so long; then it is judged on what there is, which is inconclusive. */
const MOST_POSTPONED_MS = 10 * MINUTE;
/** Waiting for its turn within our own quota is no outage: then it comes late, and is judged all the same. */
const MOST_QUEUED_MS = 2 * HOUR;
const LAST_LOOK = "monitor/last-look";

/** The look of every minute, from the first switch until the foreground's checkpoint is out. */
export async function lookEveryMinute(turn: Turn): Promise<ItemResult> {
  const { progress, deps } = turn;
  const monitor = progress.plan.runbook.monitor;
  const since = lastSwitch(progress);
  if (monitor === undefined || since === undefined) return "idle";
  if (turn.now > plusMs(since, monitor.foregroundUntilMs + settleMs(deps, progress))) return "idle";
  const last = (await deps.state.evidence.loadSample(progress.run, LAST_LOOK)) as Instant | undefined;
  const dueAt = last === undefined ? turn.now : plusMs(last, MINUTE);
  if (turn.now < dueAt)
    return { item: "monitor", for: "the next look at production", since: last ?? turn.now, lookAt: dueAt };
  const ports = sharedReads(deps.ports);
  await noticeSupersession(turn, ports);
  const { results } = await lookAtProduction({ ...deps, ports }, watchedOnly(turn.progress), turn.now, turn.now);
  await deps.state.evidence.saveSample(progress.run, LAST_LOOK, turn.now);
  const verdict = worstVerdict(results.map((result) => result.verdict));
  if (isNews(turn.progress.production, verdict, results)) {
    await turn.record({ type: "production-judged", verdict, results: await withStoredEvidence(deps, results) });
  }
  return "changed";
}

/** While steps go on, only what has switched is looked at: the others are not this run's yet. */
function watchedOnly(progress: Progress): Progress {
  const monitor = progress.plan.runbook.monitor;
  if (monitor === undefined) return progress;
  const checks = monitor.checks
    .map((check) => ({ ...check, services: check.services.filter((service) => isWatched(progress, service)) }))
    .filter((check, index) => check.services.length > 0 || monitor.checks[index]?.services.length === 0);
  return {
    ...progress,
    plan: { ...progress.plan, runbook: { ...progress.plan.runbook, monitor: { ...monitor, checks } } },
  };
}

function isNews(before: Progress["production"], verdict: string, results: readonly Looked[]): boolean {
  const verdicts = (list: readonly Pick<Looked, "check" | "service" | "verdict">[]): string =>
    list.map((one) => `${one.check}/${one.service ?? ""}=${one.verdict}`).join(" ");
  return before?.verdict !== verdict || verdicts(before.results) !== verdicts(results);
}

export interface NextCheckpoint {
  readonly name: string;
  /** T0 of the last service + N, to the end of that minute: when the judged window ends, for every service. */
  readonly at: Instant;
  /** When its data is complete. */
  readonly judgeAt: Instant;
}

/** The next checkpoint that has not been judged. Undefined before the last step has passed, and after the last one. */
export function nextCheckpoint(turn: Turn): NextCheckpoint | undefined {
  return pendingCheckpoints(turn)[0];
}

function pendingCheckpoints(turn: Turn): readonly NextCheckpoint[] {
  const { progress, deps } = turn;
  const settle = settleMs(deps, progress);
  const { scheduled } = progress.plan;
  if (scheduled !== undefined) {
    const name = formatDuration(scheduled.windowMs);
    const isJudged = progress.checkpoints[name] !== undefined;
    return isJudged ? [] : [{ name, at: scheduled.at, judgeAt: plusMs(scheduled.at, settle) }];
  }
  const since = lastSwitch(progress);
  if (since === undefined) return [];
  return (progress.plan.runbook.monitor?.checkpointsMs ?? [])
    .map((distanceMs) => {
      const at = ceilToMinute(plusMs(since, distanceMs));
      return { name: formatDuration(distanceMs), at, judgeAt: plusMs(at, settle) };
    })
    .filter(({ name }) => progress.checkpoints[name] === undefined);
}

export async function judgeCheckpoint(turn: Turn, isHalted: boolean): Promise<ItemResult> {
  if (currentStep(turn.progress) !== undefined && !isHalted) return "idle";
  const [checkpoint, following] = pendingCheckpoints(turn);
  if (checkpoint === undefined) return "idle";
  const item = `checkpoint:${checkpoint.name}`;
  const postponed = turn.progress.items[item];
  const judgeAt = postponed?.retryAt ?? checkpoint.judgeAt;
  if (turn.now < judgeAt) {
    return {
      item,
      for: `${turn.progress.plan.scheduled === undefined ? `checkpoint T+${checkpoint.name}` : "the scheduled check"} (its data is complete then)`,
      since: lastSwitch(turn.progress) ?? turn.progress.startedAt,
      lookAt: judgeAt,
    };
  }
  const ports = sharedReads(turn.deps.ports);
  await noticeSupersession(turn, ports);
  const { results, outage } = await lookAtProduction(
    { ...turn.deps, ports },
    asIfSwitched(turn.deps, turn.progress),
    checkpoint.at,
    turn.now,
  );
  const lateMs = Math.max(0, msBetween(checkpoint.judgeAt, turn.now));
  // Counted from its first try: a checkpoint that comes late has the same patience as one that comes in time.
  const patienceMs = outage?.isQueued === true ? MOST_QUEUED_MS : MOST_POSTPONED_MS;
  if (outage !== undefined && msBetween(postponed?.startedAt ?? turn.now, turn.now) < patienceMs) {
    await turn.record({
      type: "item-retrying",
      item,
      attempt: (postponed?.attempts ?? 0) + 1,
      failure: { what: outage.what },
      retryAt: plusMs(turn.now, outage.isQueued ? (outage.retryAfterMs ?? MINUTE) : MINUTE),
    });
    return "changed";
  }
  await turn.record({
    type: "checkpoint-judged",
    checkpoint: checkpoint.name,
    verdict: worstVerdict(results.map(({ verdict }) => verdict)),
    results: await withStoredEvidence(turn.deps, results),
    dueAt: checkpoint.judgeAt,
    lateMs,
    ...(following === undefined ? {} : { nextAt: following.judgeAt }),
  });
  return "changed";
}
