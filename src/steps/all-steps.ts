/** Every step kind there is: the explicit list. Nothing registers itself, and nothing here imports a cloud's client. */
import { approve } from "./approve.ts";
import { checkErrors } from "./check-errors.ts";
import { checkLogs } from "./check-logs.ts";
import { checkPods } from "./check-pods.ts";
import { httpCheck } from "./http-check.ts";
import { queryMetric } from "./query-metric.ts";
import { rollback } from "./rollback.ts";
import { rolloutStatus } from "./rollout-status.ts";
import { runCommand } from "./run-command.ts";
import { shiftTraffic } from "./shift-traffic.ts";
import type { StepKind } from "./step.ts";
import { triggerWorkflow } from "./trigger-workflow.ts";
import { waitForExecution } from "./wait-for-execution.ts";
import { wait } from "./wait.ts";
import { waitForRevision } from "./wait-for-revision.ts";

/** In the order in which they are listed to people. A kind reads only arguments that its own schema has let through. */
export const allSteps = [
  triggerWorkflow,
  waitForRevision,
  shiftTraffic,
  rolloutStatus,
  waitForExecution,
  checkErrors,
  checkLogs,
  checkPods,
  httpCheck,
  queryMetric,
  approve,
  wait,
  runCommand,
  rollback,
] as unknown as readonly StepKind<never>[];
