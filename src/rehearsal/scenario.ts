/** What a scenario may say: the world before the deploy, what the deploy brings, what goes wrong, and what must come out. */
import { z } from "zod";
import { durationSchema } from "../model/duration.ts";
import { outcomeSchema } from "../model/event.ts";
import { verdictSchema } from "../model/verdict.ts";
import { countedFrom, fateSchema, faultSchema } from "./misfortunes.ts";

const share = z.number().min(0).max(1);
const instantText = z.iso.datetime({ error: 'expected a UTC time such as "2026-04-12T04:00:00Z"' });

/** Services by role, so that one scenario fits any runbook: the order is the runbook's. */
export const ROLES = [
  "all",
  "cloud-run",
  "cloud-run-job",
  "kubernetes",
  "first-cloud-run",
  "last-cloud-run",
  "first-kubernetes",
  "last-kubernetes",
] as const;

const which = z
  .union([z.enum(ROLES), z.string()])
  .describe(
    "services by role, or one by its name in the runbook. Several rules may mean one service: of each key (traffic, deploy, …) the last rule that has it counts, whole. A service that no rule means has 60 requests a minute that all succeed",
  );

const errorSchema = z.strictObject({
  method: z.string().default("GET"),
  route: z.string().describe('"/v1/memories/{id}"; {id} differs from request to request'),
  status: z.int().min(400).max(599),
  every: durationSchema.optional().describe("regularly, once in so long; before the scenario's start, too"),
  "per-minute": z
    .number()
    .positive()
    .optional()
    .describe("at random, so many a minute on average; like every and at, besides requests-per-minute"),
  at: durationSchema
    .optional()
    .describe(
      "once, so long after the scenario's start (within `deploy`: after the revision was made); `before` makes it so long before it",
    ),
  before: durationSchema.optional(),
  latency: durationSchema.optional().describe("of each of these requests; default 120ms"),
  message: z.string().optional().describe("written to stderr with each of these requests"),
  on: z
    .enum(["new", "old"])
    .optional()
    .describe("only requests that the new, or the old, revision answers; within `deploy`: new where nothing is said"),
  from: durationSchema
    .optional()
    .describe("only from so long after the scenario's start (within `deploy`: after the revision was made)"),
  until: durationSchema.optional(),
});

const trafficSchema = z.strictObject({
  "requests-per-minute": z.number().min(0).describe("ordinary requests, which succeed; errors come on top"),
  "daily-amplitude": share.default(0),
  routes: z
    .array(z.strictObject({ method: z.string().default("GET"), path: z.string(), share }))
    .min(1)
    .default([{ method: "GET", path: "/v1/health", share: 1 }])
    .describe("of the ordinary requests, by shares that add up to 1; errors name their own routes"),
  errors: z.array(errorSchema).default([]),
  "switch-spike": z
    .strictObject({ errors: z.int(), method: z.string().default("GET"), route: z.string(), status: z.int() })
    .optional()
    .describe("errors within the minute around the switch of revisions"),
  "log-lines-per-minute": z.number().default(6),
});

const versionSchema = z.strictObject({
  "failure-share": share
    .optional()
    .describe(
      "share of ordinary requests, whatever their route, that the new revision fails; for one route see errors",
    ),
  "failure-status": z.int().default(500),
  "failure-from": durationSchema.optional().describe("only from so long after the revision was made"),
  "failure-until": durationSchema.optional().describe("only until so long after the revision was made"),
  "failure-message": z.string().optional().describe("what each failed request writes to stderr"),
  "slower-by": z.number().optional().describe("factor on the latency of the new revision"),
  errors: z
    .array(errorSchema)
    .default([])
    .describe("errors that only the deploy brings; their at, from and until count from the making of the revision"),
  ready: z.enum(["yes", "never"]).default("yes"),
  reason: z.string().optional(),
  message: z.string().optional(),
  log: z.array(z.string()).default([]).describe("what a revision that is never ready, or a task that fails, writes"),
  "failed-tasks": z.int().positive().optional().describe("of a job: so many tasks of its execution fail"),
  "execution-cancelled": z.boolean().default(false).describe("of a job: somebody cancels its execution"),
  pods: z
    .enum(["healthy", "crash", "image-pull-error", "config-error", "never-ready", "unschedulable"])
    .default("healthy"),
  "crash-after": durationSchema.default(20_000).describe("after each start of the container"),
  "crash-reason": z.enum(["Error", "OOMKilled"]).default("Error"),
  "crash-pods": z.int().positive().optional().describe("so many of the new pods crash; default: all"),
  "crash-times": z.int().positive().optional().describe("so often each of them; default: for ever"),
  "crash-log": z.array(z.string()).default([]).describe("what the container writes as it dies"),
  unchanged: z.boolean().default(false).describe("the workflow succeeds and changes nothing"),
});

const laterSchema = z.strictObject({
  after: durationSchema.describe("since this service was deployed"),
  "requests-per-minute": z.number().min(0).optional().describe("from then on"),
  "deployed-by": z.string().optional().describe("this person deploys something else to it"),
});

const serviceSchema = z.strictObject({
  which,
  traffic: trafficSchema.optional(),
  pods: z
    .strictObject({
      replicas: z.int().positive().default(3),
      hpa: z.strictObject({ min: z.int(), max: z.int() }).optional(),
      startup: durationSchema.default(30_000),
      grace: durationSchema.default(30_000),
      "max-surge": z.union([z.int(), z.string()]).default("25%"),
      "max-unavailable": z.union([z.int(), z.string()]).default("25%"),
      "rolls-by": z.enum(["image", "restart"]).default("image").describe("restart: the same moving tag, a new digest"),
      helm: z.boolean().default(false),
      "managed-by": z
        .enum(["argo-cd", "flux", "config-sync"])
        .optional()
        .describe("a controller that reverts what others change"),
      "log-lines-per-minute": z.number().default(10),
    })
    .optional(),
  job: z
    .strictObject({
      tasks: z.int().positive().default(1),
      duration: durationSchema.default(60_000),
      "runs-before": z.boolean().default(false).describe("by its schedule, once more just before the deploy"),
    })
    .optional(),
  pinned: z.boolean().optional().describe("traffic was pinned to the old revision before"),
  split: z
    .int()
    .min(1)
    .max(99)
    .optional()
    .describe("so many percent of the traffic went to an even older revision before"),
  tags: z
    .array(z.string().regex(/^[a-z][a-z0-9-]*$/))
    .optional()
    .describe("tag-only entries of 0 % for an even older revision stood first in the traffic before"),
  deploy: versionSchema.optional().describe("what the deploy brings"),
  later: z.array(laterSchema).optional().describe("what happens to it afterwards"),
});

const workflowSchema = z.strictObject({
  which: z
    .union([z.enum(["all", "first", "last"]), z.string()])
    .describe("trigger-workflow steps by order, or one by its id"),
  deploys: z
    .array(z.string())
    .optional()
    .describe(
      "what it really deploys, by names of the runbook's services; default: those that its next steps wait for. A name that the runbook does not have is refused: nobody would judge that service, or put it back",
    ),
  duration: durationSchema.default(8 * 60_000).describe("the services are deployed one after another towards its end"),
  conclusion: z.enum(["success", "failure"]).default("success"),
  "failed-step": z.string().optional(),
  "failed-after": durationSchema.optional(),
  environment: z.string().optional().describe("of the job that deploys: GitHub then records a deployment by itself"),
  log: z.array(z.string()).default([]).describe("what the failing step writes, line by line"),
  "cancelled-after": durationSchema.optional(),
  "cancelled-by": z
    .string()
    .optional()
    .describe("this person's newer run of the same concurrency group cancels it; default: somebody cancels it by hand"),
  approval: z
    .strictObject({
      environment: z.string(),
      reviewers: z.array(z.string()),
      "approved-after": durationSchema.optional(),
      "rejected-after": durationSchema.optional(),
    })
    .optional(),
});

/** What a runbook must have for a scenario to mean anything to it. */
const needSchema = z.enum([
  "workflow",
  "two-workflows",
  "cloud-run",
  "cloud-run-job",
  "two-cloud-run",
  "canary",
  "all-at-once",
  "kubernetes",
  "monitor",
  "check-errors",
  "check-logs",
  "check-pods",
  "http-check",
  "rollback-question",
  "keeps-by-default",
]);
export type Need = z.infer<typeof needSchema>;

export const scenarioSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/),
  description: z.string(),
  "what-happened": z.string().optional().describe("the real event behind it, and what the right outcome is"),
  needs: z
    .array(needSchema)
    .default([])
    .describe(
      "what a runbook must have for this scenario to apply: trigger-workflow steps (workflow, two-workflows), services of a platform, checks of its monitor, by their names; canary: shift-traffic; all-at-once: none; rollback-question: on-fail is ask; keeps-by-default: and nobody answering keeps",
    ),
  start: instantText.default("2026-04-12T04:00:00Z").describe("when the deploy command is given"),
  commits: z
    .array(z.strictObject({ sha: z.string().regex(/^[0-9a-f]{7,40}$/), title: z.string() }))
    .min(2)
    .describe("oldest first; the first one served before, the last one is deployed"),
  "pull-request": z
    .strictObject({ number: z.int(), title: z.string(), "merge-commit": z.string().optional() })
    .optional()
    .describe(
      "where the comments go; without it they are shown only. merge-commit: one of commits, or one that what is deployed does not contain; without it, not merged yet",
    ),
  workflows: z
    .array(workflowSchema)
    .default([])
    .describe("one that is not mentioned succeeds after 8m and deploys what the next steps wait for"),
  services: z.array(serviceSchema).default([]),
  probes: z
    .array(
      z.strictObject({
        url: z.string().describe("prefix; an address without a probe does not answer at all"),
        status: z.int().default(200),
        latency: durationSchema.default(80),
        body: z.string().default('{"status":"ok"}'),
        from: durationSchema.optional(),
        until: durationSchema.optional(),
        "counted-from": countedFrom,
      }),
    )
    .default([]),
  commands: z
    .array(
      z.strictObject({
        argv: z.array(z.string()).min(1).describe("the first words"),
        exit: z.int().default(0),
        output: z.string().default(""),
        duration: durationSchema.default(1_000),
      }),
    )
    .default([]),
  helm: z.enum(["present", "missing"]).default("present"),
  operator: z
    .array(
      z.strictObject({
        about: z.enum(["rollback", "approve", "continue", "in-doubt"]),
        answer: z.string().describe("rollback or keep; approve or reject; continue or stop; done, retry or stop"),
        after: durationSchema.default(30_000).describe("since the question was asked"),
      }),
    )
    .default([])
    .describe(
      "what the operator answers; an approval that is not mentioned is given, to anything else there is no answer",
    ),
  faults: z.array(faultSchema).default([]),
  "machine-clock": z
    .strictObject({ ahead: durationSchema.optional(), behind: durationSchema.optional() })
    .optional()
    .describe("how wrong the clock of the machine is that deploys; the clouds' clocks are right"),
  process: z
    .array(fateSchema)
    .default([])
    .describe("what happens to the process that deploys, in order: the second one happens to the one that resumed"),
  expect: z
    .strictObject({ exit: z.int(), outcome: outcomeSchema.optional(), verdict: verdictSchema.optional() })
    .describe(
      "what must come out of a rehearsal; what is left out may be anything. exit: as `runbook --help` lists the codes",
    ),
});

export type Scenario = z.infer<typeof scenarioSchema>;
export type ServiceRule = Scenario["services"][number];
