/** The one table of exit codes (README, "Exit codes"), and how a run's state maps onto it. */
import { type Progress } from "../model/progress.ts";
import type { Verdict } from "../model/verdict.ts";
import { failOf } from "../engine/rollback.ts";

export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  inconclusive: 3,
  unauthorised: 4,
  failing: 5,
  locked: 6,
  superseded: 7,
  interrupted: 130,
  terminated: 143,
} as const;

export interface ExitPolicy {
  /** What an inconclusive verdict exits with (`--inconclusive-exit`). */
  readonly inconclusive: number;
  /** The checkpoint whose verdict ends the foreground; absent: the last one judged. */
  readonly foreground?: string;
  /** `--detach`: returning after the switch is success, judged or not. */
  readonly isDetached?: boolean;
}

export function exitCodeOf(progress: Progress, policy: ExitPolicy): number {
  if (progress.finished !== undefined) return finishedCode(progress, progress.finished, policy);
  if (progress.paused !== undefined) return pausedCode(progress);
  if (failOf(progress) !== undefined) return EXIT.failing;
  if (policy.isDetached === true) return EXIT.ok;
  const judged =
    policy.foreground === undefined
      ? Object.values(progress.checkpoints).at(-1)
      : progress.checkpoints[policy.foreground];
  return verdictCode(judged?.verdict, policy, EXIT.failing);
}

function finishedCode(progress: Progress, finished: NonNullable<Progress["finished"]>, policy: ExitPolicy): number {
  switch (finished.outcome) {
    case "completed":
      return verdictCode(finished.verdict, policy, EXIT.failing);
    case "rolled-back":
      return EXIT.failed;
    case "failing":
      // A scheduled check deployed nothing: its FAIL is that of `check`.
      return progress.plan.scheduled === undefined ? EXIT.failing : EXIT.failed;
    case "superseded":
      return EXIT.superseded;
    case "stopped":
    case "aborted":
      if (finished.halfDone.length > 0) return EXIT.failing;
      if (finished.outcome === "stopped" && finished.verdict === "inconclusive") return policy.inconclusive;
      return EXIT.failed;
  }
}

function pausedCode(progress: Progress): number {
  const failure = Object.values(progress.items).find(({ state }) => state === "failed")?.failure;
  if (failure === undefined) return EXIT.interrupted;
  const hasBegun = Object.values(progress.effects).some(
    ({ item, state }) => item.startsWith("step:") && state !== "rejected",
  );
  if (hasBegun) return EXIT.failing;
  return failure.kind === "unauthorised" ? EXIT.unauthorised : EXIT.failed;
}

/** Nothing judged is inconclusive. */
export function verdictCode(
  verdict: Verdict | undefined,
  policy: Pick<ExitPolicy, "inconclusive">,
  onFail: number,
): number {
  switch (verdict) {
    case "pass":
    case "warn":
      return EXIT.ok;
    case "fail":
      return onFail;
    case "inconclusive":
    case undefined:
      return policy.inconclusive;
  }
}

/** From the gravest: what one exit code says of several runs. */
const GRAVITY: readonly number[] = [EXIT.failing, EXIT.unauthorised, EXIT.failed, EXIT.inconclusive, EXIT.superseded];

export function gravestCode(codes: readonly number[]): number {
  return GRAVITY.find((code) => codes.includes(code)) ?? codes.find((code) => code !== EXIT.ok) ?? EXIT.ok;
}
