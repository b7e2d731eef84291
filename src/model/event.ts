/** The events of a run: the only truth about it. Everything that is shown or decided is folded from this stream. */
import { z } from "zod";
import { type Instant, instantSchema } from "./time.ts";
import { jsonSchema } from "./json.ts";
import { planSchema } from "./plan.ts";
import { serviceSnapshotSchema, serviceSwitchSchema } from "./service.ts";
import { checkResultSchema, verdictSchema } from "./verdict.ts";

/**
 * What the crank works on, by name: `step:ID`, `monitor` (the look of every minute), `checkpoint:20m`,
 * `restore:SERVICE`, `post:KEY`, `question:ID`.
 */
const item = z.string();

export const failureSchema = z.strictObject({
  what: z.string(),
  state: z.string().optional(),
  next: z.string().optional(),
  kind: z.string().optional(),
});
export type Failure = z.infer<typeof failureSchema>;

export const questionSchema = z.strictObject({
  id: z.string(),
  about: z.enum(["rollback", "approve", "continue", "in-doubt"]),
  text: z.string(),
  options: z.array(z.string()),
  /** Taken when the deadline passes without an answer. */
  fallback: z.string(),
  deadline: instantSchema,
});
export type Question = z.infer<typeof questionSchema>;

/**
 * How a run ended.
 * - `completed`: all steps and all checkpoints done; `verdict` says how production was judged.
 * - `rolled-back`: a FAIL, and every service of this run restored and verified.
 * - `failing`: a FAIL that still serves (kept, or the restoration did not succeed).
 * - `stopped`: a technical failure or a refusal; nothing is known against production.
 * - `superseded`: somebody else's deploy serves now. - `aborted`: ended by the operator.
 */
export const outcomeSchema = z.enum(["completed", "rolled-back", "failing", "stopped", "superseded", "aborted"]);
export type Outcome = z.infer<typeof outcomeSchema>;

const bodies = [
  /** First event. `snapshot` was taken before anything was touched: it is what a rollback restores. */
  z.strictObject({
    type: z.literal("run-planned"),
    plan: planSchema,
    snapshot: z.record(z.string(), serviceSnapshotSchema),
    remarks: z.array(z.string()),
    /** What the steps were going to work on: "main of acme/shop" and the commit that it was. */
    facts: z.record(z.string(), z.string()).exactOptional(),
  }),
  z.strictObject({ type: z.literal("services-locked"), services: z.array(z.string()), fence: z.number() }),
  z.strictObject({ type: z.literal("services-unlocked"), services: z.array(z.string()) }),
  /** `args` are the step's resolved arguments; values that came from `env` are kept as the reference, never as the value. */
  z.strictObject({
    type: z.literal("item-started"),
    item,
    args: z.record(z.string(), z.unknown()),
    deadline: instantSchema.optional(),
  }),
  /** Journaled only when `for` or `memo` changes. `memo` is the item's own note to its next turn. */
  z.strictObject({
    type: z.literal("item-waiting"),
    item,
    for: z.string(),
    deadline: instantSchema.optional(),
    link: z.string().optional(),
    memo: jsonSchema.optional(),
  }),
  z.strictObject({
    type: z.literal("item-done"),
    item,
    summary: z.string(),
    output: z.record(z.string(), z.string()),
    link: z.string().optional(),
    results: z.array(checkResultSchema).optional(),
  }),
  z.strictObject({
    type: z.literal("item-refused"),
    item,
    because: z.string(),
    verdict: verdictSchema.optional(),
    link: z.string().optional(),
    results: z.array(checkResultSchema).optional(),
  }),
  z.strictObject({ type: z.literal("item-skipped"), item, because: z.string() }),
  /** A turn of the item threw and will be tried again at `retryAt`. */
  z.strictObject({
    type: z.literal("item-retrying"),
    item,
    attempt: z.number(),
    failure: failureSchema,
    retryAt: instantSchema,
  }),
  /** The item gave up: a technical failure. */
  z.strictObject({ type: z.literal("item-failed"), item, failure: failureSchema }),
  /** Written before an effect is carried out; without a later outcome the effect is in doubt. */
  z.strictObject({ type: z.literal("effect-intended"), effect: z.string(), item, what: z.string() }),
  /** `found`: the effect was seen in the world after a doubt, rather than reported by the call. */
  z.strictObject({ type: z.literal("effect-done"), effect: z.string(), item, result: jsonSchema, found: z.boolean() }),
  /** The effect certainly did not happen. */
  z.strictObject({ type: z.literal("effect-rejected"), effect: z.string(), item, failure: failureSchema }),
  z.strictObject({ type: z.literal("service-switched"), change: serviceSwitchSchema }),
  /** What a switch brought: the commits between what served before and what serves now, and the pull request's merge. */
  z.strictObject({
    type: z.literal("commits-compared"),
    service: z.string(),
    before: z.string().optional(),
    after: z.string(),
    status: z.enum(["identical", "ahead", "behind", "diverged", "unknown"]),
    aheadBy: z.number(),
    /** Newest last, at most 20. Titles are hostile text. */
    commits: z.array(z.strictObject({ sha: z.string(), title: z.string() })),
    /** Merged ones that brought any of these commits, newest first; absent: they could not be read. Titles are hostile text. */
    pulls: z.array(z.strictObject({ number: z.number(), title: z.string() })).optional(),
    mergeCommit: z.string().optional(),
    containsMerge: z.enum(["yes", "no", "unknown"]),
  }),
  z.strictObject({
    type: z.literal("service-superseded"),
    service: z.string(),
    expected: z.string(),
    serving: z.string(),
  }),
  /** The look of a minute, journaled only when its verdict or a check's verdict changes. */
  z.strictObject({ type: z.literal("production-judged"), verdict: verdictSchema, results: z.array(checkResultSchema) }),
  /** `t0` is per service; `lateMs` how long after it was due the checkpoint was judged. */
  z.strictObject({
    type: z.literal("checkpoint-judged"),
    checkpoint: z.string(),
    verdict: verdictSchema,
    results: z.array(checkResultSchema),
    dueAt: instantSchema,
    lateMs: z.number(),
    nextAt: instantSchema.optional(),
  }),
  z.strictObject({ type: z.literal("question-asked"), item, question: questionSchema }),
  z.strictObject({ type: z.literal("question-answered"), question: z.string(), answer: z.string(), by: z.string() }),
  z.strictObject({
    type: z.literal("rollback-decided"),
    services: z.array(z.string()),
    because: z.string(),
    by: z.string(),
  }),
  /** What a workflow that was called off has changed behind the decision is restored as well. */
  z.strictObject({ type: z.literal("rollback-widened"), services: z.array(z.string()) }),
  /** Verified: the service serves what the snapshot says. `remarks` such as "pinned on purpose; do not un-pin yet". */
  z.strictObject({
    type: z.literal("service-restored"),
    service: z.string(),
    serving: z.string(),
    remarks: z.array(z.string()),
  }),
  z.strictObject({ type: z.literal("services-held"), services: z.array(z.string()), because: z.string() }),
  z.strictObject({ type: z.literal("run-paused"), because: z.string() }),
  z.strictObject({ type: z.literal("run-resumed"), by: z.string() }),
  z.strictObject({
    type: z.literal("run-finished"),
    outcome: outcomeSchema,
    verdict: verdictSchema.optional(),
    because: z.string(),
    halfDone: z.array(z.string()),
  }),
  /** A post that could not be delivered within its limit of tries: told to the operator, never a reason to fail. */
  z.strictObject({ type: z.literal("post-abandoned"), post: z.string(), failure: failureSchema }),
] as const;

const eventBodySchema = z.discriminatedUnion("type", bodies);
/** What happened, without its envelope. */
export type EventBody = z.infer<typeof eventBodySchema>;

const envelope = {
  v: z.literal(1),
  run: z.string(),
  /** 1, 2, 3 … without gaps within a run. */
  seq: z.number().int(),
  at: instantSchema,
} as const;

/** One line of `--json` and one row of the journal. */
export const runEventSchema = z.discriminatedUnion(
  "type",
  bodies.map((body) => body.extend(envelope)) as unknown as readonly [(typeof bodies)[number]],
);
export type RunEvent = EventBody & { readonly v: 1; readonly run: string; readonly seq: number; readonly at: Instant };
export type EventOf<T extends EventBody["type"]> = Extract<RunEvent, { type: T }>;
