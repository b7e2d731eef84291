/** Whether this machine's clock is fit to judge by: windows and checkpoints are cut by it out of data that the clouds have timed. */
import { formatDuration, type Instant, MINUTE, msBetween, SECOND } from "../model/time.ts";
import type { Finding } from "./step.ts";

/** Less is within what preflight itself takes, and within the margin by which data is waited for. */
const TOLERATED_MS = MINUTE;
const REMARKED_MS = 20 * SECOND;

/** `theirs`: a cloud's own time while ours was `ours`. */
export function clockFindings(ours: Instant, theirs: Instant): readonly Finding[] {
  const aheadMs = msBetween(theirs, ours);
  if (Math.abs(aheadMs) < REMARKED_MS) return [];
  const wrong = `this machine's clock is ${formatDuration(Math.abs(aheadMs))} ${aheadMs > 0 ? "ahead of" : "behind"} GitHub's`;
  if (Math.abs(aheadMs) <= TOLERATED_MS) return [{ severity: "remark", what: wrong }];
  return [
    {
      severity: "error",
      what: `${wrong}: checkpoints would be judged on the wrong minutes`,
      next: "Set it (`timedatectl set-ntp true`), and deploy again.",
    },
  ];
}
