/**
 * `shift-traffic`: gives the candidate, a revision that was deployed without traffic, its share of it, and waits until that
 * is what is served. Judges nothing: the gates between two shifts do.
 */
import { z } from "zod";
import type { CloudRunTarget, TrafficEntry } from "../model/service.ts";
import { MINUTE, plusMs, SECOND } from "../model/time.ts";
import { isPinned, sharesOf, showShares, soleRevision } from "../model/traffic.ts";
import type { CloudRunService } from "../ports/cloud-run.ts";
import { type CanaryFacts, type CanaryStage, canaryStageOf, isWanted } from "./canary-stage.ts";
import { unreadable } from "./cloud-run-findings.ts";
import { expectedRevision } from "./expected-revision.ts";
import { lastOutputOfFailed } from "./last-output.ts";
import { unlessChanged, unpin } from "./pinned-traffic.ts";
import { refusedRevision } from "./revision-refusal.ts";
import type { Finding, PreflightContext, StepContext, StepKind, StepOutcome, StepService } from "./step.ts";
import { wantedVersionArgs } from "./wanted-version.ts";

const argsSchema = z.strictObject({
  to: z
    .string()
    .regex(/^(?:\d|[1-9]\d|100)%$/, { error: 'a whole share of the traffic, such as "10%"' })
    .describe('The candidate\'s share of the traffic: "10%". "0%" only tags it; "100%" completes the canary.'),
  tag: z
    .string()
    .regex(/^[a-z](?:[a-z0-9-]{0,44}[a-z0-9])?$/, { error: "lower-case letters, digits and dashes" })
    .exactOptional()
    .describe("A tag for the candidate: an address of its own, whatever its share, as the output candidate-url."),
  revision: z.string().min(1).exactOptional().describe("The candidate's name, where the deploy chooses it."),
  ...wantedVersionArgs("candidate"),
});
type Args = z.infer<typeof argsSchema>;

/** Per service: which revision is the candidate, where it answers, and whether its share was reached and reported. */
const memoSchema = z.record(
  z.string(),
  z.strictObject({ candidate: z.string(), url: z.string().exactOptional(), isReached: z.boolean() }),
);
type Memo = z.infer<typeof memoSchema>;

export const shiftTraffic: StepKind<Args> = {
  uses: "shift-traffic",
  summary:
    "Gives a Cloud Run candidate its share of the traffic, beside the revision that serves: a stage of a canary.",
  args: argsSchema,
  platforms: ["cloud-run"],
  needsServices: true,
  needs: [
    "google:run.services.get",
    "google:run.revisions.get",
    "google:run.services.update",
    "google:logging.logEntries.list",
  ],
  defaultTimeoutMs: 10 * MINUTE,
  preflight,
  turn,
};

async function preflight(context: PreflightContext<Args>): Promise<readonly Finding[]> {
  const findings = await Promise.all(
    context.services.map(async ({ name, target, touched }): Promise<readonly Finding[]> => {
      // Mid-way through its own canary a service is split by this very run.
      if (target.platform !== "cloud-run" || touched === true) return [];
      try {
        return splitFindings(name, target, await context.ports.cloudRun.service(target, context.signal));
      } catch (error) {
        return [unreadable(name, target, error)];
      }
    }),
  );
  return findings.flat();
}

function splitFindings(name: string, target: CloudRunTarget, service: CloudRunService): readonly Finding[] {
  const shares = sharesOf(service.served);
  if (soleRevision(shares) !== undefined) return [];
  return [
    {
      severity: "error",
      what: `${name} is split between ${showShares(shares)}: a canary is compared with the one revision that serves`,
      next:
        `give one of them everything: \`gcloud run services update-traffic ${target.service} --to-revisions NAME=100 ` +
        `--region ${target.region} --project ${target.project}\``,
    },
  ];
}

async function turn(context: StepContext<Args>): Promise<StepOutcome> {
  const memo = memoSchema.parse(context.memo ?? {});
  const looks: Look[] = [];
  for (const service of context.services) looks.push(await look(context, service, memo[service.name]));
  const next: Memo = Object.fromEntries(
    looks.flatMap(({ service, memo: after }) => (after === undefined ? [] : [[service.name, after]])),
  );
  const switched = looks.flatMap(({ stage }) =>
    "change" in stage && stage.change !== undefined ? [stage.change] : [],
  );
  const news = switched.length > 0 ? { switched } : {};
  const refusal = looks.find(({ stage }) => stage.kind === "refused");
  // A refusal cannot carry switches: what switched in this very turn is reported first.
  if (refusal?.stage.kind === "refused" && switched.length === 0) {
    return refusedRevision(context.step, refusal.service.name, refusal.stage, {
      words: await lastOutputOfFailed(context, refusal.service.target, refusal.stage),
    });
  }
  if (looks.every(({ stage }) => stage.kind === "reached")) {
    const summary = looks.map(({ service, stage }) => `${service.name}: ${stage.text}`).join("; ");
    return { kind: "done", summary, output: outputOf(next), ...news };
  }
  return {
    kind: "waiting",
    for: looks
      .filter(({ stage }) => stage.kind !== "reached")
      .map(({ service, stage }) => `${service.name}: ${stage.text}`)
      .join("; "),
    lookAt: plusMs(context.now, Math.round(2 * SECOND * (0.9 + 0.2 * context.random()))),
    memo: next,
    ...news,
  };
}

interface Look {
  readonly service: StepService;
  readonly stage: CanaryStage;
  readonly memo: Memo[string] | undefined;
}

/** One service: at most three reads and one change. A service that has reached its share is not looked at again. */
async function look(context: StepContext<Args>, service: StepService, memo: Memo[string] | undefined): Promise<Look> {
  const { target, before, switched } = service;
  const { args } = context;
  if (target.platform !== "cloud-run" || before.platform !== "cloud-run") {
    throw new TypeError(`${service.name} is not a Cloud Run service`);
  }
  if (memo?.isReached === true) return { service, stage: { kind: "reached", text: reachedText(memo, args) }, memo };
  const state = await context.ports.cloudRun.service(target, context.signal);
  const known = memo?.candidate ?? switched?.to;
  const expected = await expectedRevision(context, { target, before, state, known, wanted: args });
  if (expected.kind !== "found") return { service, stage: expected, memo };
  const { revision: candidate, newest } = expected;
  const to = Number(args.to.slice(0, -1));
  const now = context.now;
  const facts = { service: service.name, target, before, switched, state, candidate, newest, to, tag: args.tag, now };
  const stage = await carriedOut(context, facts, canaryStageOf(facts));
  const url = state.served.find((entry) => entry.tag === args.tag && entry.tag !== undefined)?.url;
  const after = {
    candidate: candidate.name,
    isReached: stage.kind === "reached",
    ...(url === undefined ? {} : { url }),
  };
  return { service, stage, memo: after };
}

function reachedText({ candidate }: Memo[string], { to }: Args): string {
  return `${candidate} has ${to.replace("%", " %")}`;
}

/** Does what the stage asks for. */
function carriedOut(context: StepContext<Args>, facts: CanaryFacts, stage: CanaryStage): Promise<CanaryStage> {
  return unlessChanged(async () => {
    if (stage.kind === "due") return shift(context, facts, stage.vector);
    if (stage.kind === "reached" && followedLatest(facts)) await unpin(context, facts.target, facts.candidate.name);
    return stage;
  });
}

async function shift(
  context: StepContext<Args>,
  facts: CanaryFacts,
  vector: readonly TrafficEntry[],
): Promise<CanaryStage> {
  const { target, candidate, to, tag, state } = facts;
  const { cloudRun } = context.ports;
  let isFresh = false;
  await context.effect({
    key: `shift/${facts.service}`,
    what: `give ${candidate.name} ${to} % of the traffic of ${facts.service}${tag === undefined ? "" : ` and the tag ${tag}`}`,
    find: async () => {
      isFresh = isWanted({ ...facts, state: await cloudRun.service(target, context.signal) });
      return isFresh ? { found: true, result: { operation: "found" } } : { found: false };
    },
    act: async () => {
      isFresh = true;
      return { operation: (await cloudRun.setTraffic(target, state.etag, vector)).operation };
    },
  });
  if (isFresh) return { kind: "waiting", text: `${candidate.name} is getting ${to} %` };
  const because = `${candidate.name} was given ${to} %, and somebody changed the traffic since`;
  return { kind: "refused", text: because, because };
}

/** At the end of the canary traffic follows the latest again where it did before: nothing changes for users. */
function followedLatest({ before, candidate, state, to }: CanaryFacts): boolean {
  return to === 100 && !before.pinned && isPinned(state.traffic) && state.latestReadyRevision === candidate.name;
}

/** Candidates are told by service; `revision` and `candidate-url` alone where there is but one service. */
function outputOf(memo: Memo): Readonly<Record<string, string>> {
  const [only, ...others] = Object.values(memo);
  return {
    ...Object.fromEntries(Object.entries(memo).map(([service, { candidate }]) => [service, candidate])),
    ...(only === undefined || others.length > 0
      ? {}
      : { revision: only.candidate, ...(only.url === undefined ? {} : { "candidate-url": only.url }) }),
  };
}
