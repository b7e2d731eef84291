/** `wait-for-revision`: waits until the revision that this run's deploy made has all the traffic. Changes traffic only where
 * an earlier rollback left a pin. */
import { z } from "zod";
import type { CloudRunSnapshot, CloudRunTarget } from "../model/service.ts";
import { type Instant, instantSchema, MINUTE, msBetween, plusMs, SECOND } from "../model/time.ts";
import { isPinned, sharesOf, showShares } from "../model/traffic.ts";
import type { CloudRunService } from "../ports/cloud-run.ts";
import { isPinnedBehind, shiftByName, unlessChanged, unpin } from "./pinned-traffic.ts";
import { unreadable } from "./cloud-run-findings.ts";
import { expectedRevision } from "./expected-revision.ts";
import { lastOutputOfFailed } from "./last-output.ts";
import { type Stage, stageOf } from "./revision-stage.ts";
import { refusedRevision } from "./revision-refusal.ts";
import type { Finding, PreflightContext, StepContext, StepKind, StepOutcome, StepService } from "./step.ts";
import { wantedVersionArgs } from "./wanted-version.ts";

const argsSchema = z.strictObject({
  ...wantedVersionArgs("new revision"),
  revision: z.string().min(1).exactOptional().describe("The new revision's name, where the deploy chooses it."),
  "traffic-moved-by": z
    .enum(["latest", "workflow"])
    .prefault("latest")
    .describe("latest (default): traffic follows the newest revision. workflow: the deploy moves traffic by name."),
});
type Args = z.infer<typeof argsSchema>;

/** Per service: which revision is waited for, and the switch once it was reported. */
const memoSchema = z.record(
  z.string(),
  z.strictObject({
    expected: z.string().exactOptional(),
    createdAt: instantSchema.exactOptional(),
    live: z.string().exactOptional(),
  }),
);
type Memo = z.infer<typeof memoSchema>;

export const waitForRevision: StepKind<Args> = {
  uses: "wait-for-revision",
  summary: "Waits until each Cloud Run service serves its new revision with all of its traffic.",
  args: argsSchema,
  platforms: ["cloud-run"],
  needsServices: true,
  needs: ["google:run.services.get", "google:run.revisions.get", "google:logging.logEntries.list"],
  defaultTimeoutMs: 10 * MINUTE,
  preflight,
  turn,
};

async function preflight(context: PreflightContext<Args>): Promise<readonly Finding[]> {
  const findings = await Promise.all(
    context.services.map(async ({ name, target }): Promise<readonly Finding[]> => {
      if (target.platform !== "cloud-run") return [];
      try {
        const service = await context.ports.cloudRun.service(target, context.signal);
        return context.args?.["traffic-moved-by"] === "workflow" ? [] : pinFindings(name, target, service);
      } catch (error) {
        return [unreadable(name, target, error)];
      }
    }),
  );
  return findings.flat();
}

function pinFindings(name: string, target: CloudRunTarget, service: CloudRunService): readonly Finding[] {
  if (!isPinned(service.traffic)) return [];
  const pinnedTo = sharesOf(service.traffic);
  const newest = service.latestReadyRevision;
  const command =
    `gcloud run services update-traffic ${target.service} --to-latest ` +
    `--region ${target.region} --project ${target.project}`;
  // As a rollback leaves it: the newest revision must not serve, so un-pinning first is no advice to give.
  if (newest !== undefined && !pinnedTo.has(newest) && pinnedTo.size === 1) {
    return [
      {
        severity: "remark",
        what:
          `${name} is pinned to ${showShares(pinnedTo)}, behind its newest revision ${newest}: the new revision is ` +
          `checked at 0 %, gets the traffic by name, and then the pin goes`,
      },
    ];
  }
  return [
    {
      severity: "error",
      what: `${name} is pinned to ${showShares(pinnedTo)}: a deploy would get 0 % of its traffic`,
      next: `un-pin it with \`${command}\``,
    },
  ];
}

async function turn(context: StepContext<Args>): Promise<StepOutcome> {
  const memo = memoSchema.parse(context.memo ?? {});
  const looks = await Promise.all(context.services.map((service) => look(context, service, memo[service.name] ?? {})));
  const switched = looks.flatMap(({ stage }) => (stage.kind === "live" ? [stage.change] : []));
  const next: Memo = Object.fromEntries(looks.map(({ service, memo: after }) => [service.name, after]));
  const refusal = looks.find(({ stage }) => stage.kind === "refused");
  const wait = {
    kind: "waiting",
    for: looks.map(({ service, stage }) => `${service.name}: ${stage.text}`).join("; "),
    memo: next,
    ...(switched.length > 0 ? { switched } : {}),
  } as const;
  if (refusal?.stage.kind === "refused") {
    // A refusal cannot carry switches: what switched in this very turn is reported first.
    if (switched.length > 0) return { ...wait, lookAt: plusMs(context.now, SECOND) };
    return refusedRevision(context.step, refusal.service.name, refusal.stage, {
      words: await lastOutputOfFailed(context, refusal.service.target, refusal.stage),
    });
  }
  const isOver = looks.every(({ stage }) => stage.kind === "live" || stage.kind === "reported");
  if (!isOver) return { ...wait, lookAt: nextLook(context) };
  return {
    kind: "done",
    summary: looks.map(({ service, stage }) => `${service.name}: ${stage.text}`).join("; "),
    output: outputOf(next),
    ...(switched.length > 0 ? { switched } : {}),
  };
}

interface Look {
  readonly service: StepService;
  readonly stage: Stage | { readonly kind: "reported"; readonly text: string };
  readonly memo: Memo[string];
}

/** One service: at most three reads. A service whose switch was reported is not looked at again. */
async function look(context: StepContext<Args>, service: StepService, memo: Memo[string]): Promise<Look> {
  const { target, before } = service;
  if (target.platform !== "cloud-run" || before.platform !== "cloud-run") {
    throw new TypeError(`${service.name} is not a Cloud Run service`);
  }
  if (memo.live !== undefined) return { service, stage: { kind: "reported", text: `live (${memo.live})` }, memo };
  const state = await context.ports.cloudRun.service(target, context.signal);
  const known = memo.expected;
  const expected = await expectedRevision(context, { target, before, state, known, wanted: context.args });
  if (expected.kind !== "found") return { service, stage: expected, memo };
  const { revision, newest } = expected;
  const stage = stageOf({
    service: service.name,
    before,
    state,
    revision,
    newest,
    now: context.now,
    movedByWorkflow: context.args["traffic-moved-by"] === "workflow",
    target,
  });
  const decided = await unlessChanged(async () => {
    if (stage.kind === "ready-behind-pin") await shiftByName(context, target, revision.name);
    if (stage.kind === "live" && leavesPin(context.args, state, before, revision.name)) {
      await unpin(context, target, revision.name);
    }
    return stage;
  });
  const after = { expected: revision.name, createdAt: revision.createdAt };
  return { service, stage: decided, memo: decided.kind === "live" ? { ...after, live: revision.name } : after };
}

/** Whether a pin that a rollback left is still there and can go: what serves is the newest revision itself. */
function leavesPin(args: Args, state: CloudRunService, before: CloudRunSnapshot, serving: string): boolean {
  if (args["traffic-moved-by"] === "workflow" || !isPinnedBehind(before)) return false;
  return isPinned(state.traffic) && state.latestReadyRevision === serving;
}

/** Revisions are told by service; `revision` alone where there is but one service. */
function outputOf(memo: Memo): Readonly<Record<string, string>> {
  const names = Object.entries(memo).map(([service, { live }]) => [service, live ?? ""] as const);
  const [only] = names;
  return { ...Object.fromEntries(names), ...(names.length === 1 && only !== undefined ? { revision: only[1] } : {}) };
}

/** Every 5 s in the first minute, 10 s in the next two, then 15 s; a tenth of jitter. */
function nextLook(context: StepContext<Args>): Instant {
  const waited = msBetween(context.startedAt, context.now);
  const pause = waited < MINUTE ? 5 * SECOND : waited < 3 * MINUTE ? 10 * SECOND : 15 * SECOND;
  return plusMs(context.now, Math.round(pause * (0.9 + 0.2 * context.random())));
}
