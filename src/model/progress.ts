/** Where a run stands: the fold of its events. Every screen, every decision and every recovery starts from this value. */
import type { EventBody, EventOf, Failure, Question, RunEvent } from "./event.ts";
import type { Json } from "./json.ts";
import type { Plan } from "./plan.ts";
import type { ServiceSnapshot, ServiceSwitch } from "./service.ts";
import type { Instant } from "./time.ts";
import type { CheckResult, Verdict } from "./verdict.ts";

export interface ItemProgress {
  readonly state: "started" | "waiting" | "retrying" | "done" | "refused" | "skipped" | "failed";
  readonly startedAt: Instant;
  /** When `state`, or what is waited for, last changed. */
  readonly since: Instant;
  readonly args: Readonly<Record<string, unknown>>;
  readonly deadline?: Instant;
  readonly waitingFor?: string;
  readonly memo?: Json;
  readonly attempts: number;
  readonly retryAt?: Instant;
  readonly failure?: Failure;
  readonly summary?: string;
  readonly output?: Readonly<Record<string, string>>;
  readonly because?: string;
  readonly verdict?: Verdict;
  readonly results?: readonly CheckResult[];
  readonly link?: string;
}

export interface EffectProgress {
  readonly state: "intended" | "done" | "rejected";
  readonly item: string;
  readonly what: string;
  readonly at: Instant;
  readonly result?: Json;
}

export interface QuestionProgress {
  readonly question: Question;
  readonly item: string;
  readonly askedAt: Instant;
  readonly answer?: string;
  readonly by?: string;
}

export interface Progress {
  readonly run: string;
  readonly seq: number;
  readonly plan: Plan;
  readonly snapshot: Readonly<Record<string, ServiceSnapshot>>;
  readonly remarks: readonly string[];
  /** What the steps were going to work on when the run was planned. */
  readonly facts: Readonly<Record<string, string>>;
  readonly startedAt: Instant;
  readonly updatedAt: Instant;
  readonly items: Readonly<Record<string, ItemProgress>>;
  readonly effects: Readonly<Record<string, EffectProgress>>;
  readonly locked: readonly string[];
  readonly held: readonly string[];
  readonly switched: Readonly<Record<string, ServiceSwitch>>;
  readonly commits: Readonly<Record<string, EventOf<"commits-compared">>>;
  readonly superseded: Readonly<Record<string, EventOf<"service-superseded">>>;
  readonly restored: Readonly<Record<string, EventOf<"service-restored">>>;
  readonly production?: EventOf<"production-judged">;
  readonly checkpoints: Readonly<Record<string, EventOf<"checkpoint-judged">>>;
  /** The first positive evidence of harm, as a sentence. Later looks never take it back. */
  readonly firstFail?: string;
  readonly questions: Readonly<Record<string, QuestionProgress>>;
  readonly rollback?: EventOf<"rollback-decided">;
  readonly paused?: EventOf<"run-paused"> | undefined;
  readonly finished?: EventOf<"run-finished"> | undefined;
  readonly abandonedPosts: Readonly<Record<string, Failure>>;
}

/** Folds a run's whole stream. Throws RangeError when it does not begin with `run-planned`. */
export function progressOf(events: readonly RunEvent[]): Progress {
  const [first, ...rest] = events;
  if (first?.type !== "run-planned") throw new RangeError("a run's first event is run-planned");
  return rest.reduce(applyEvent, begin(first));
}

function begin(event: EventOf<"run-planned">): Progress {
  return {
    run: event.run,
    seq: event.seq,
    plan: event.plan,
    snapshot: event.snapshot,
    remarks: event.remarks,
    facts: event.facts ?? {},
    startedAt: event.at,
    updatedAt: event.at,
    items: {},
    effects: {},
    locked: [],
    held: [],
    switched: {},
    commits: {},
    superseded: {},
    restored: {},
    checkpoints: {},
    questions: {},
    abandonedPosts: {},
  };
}

/** The state after one more event. */
export function applyEvent(progress: Progress, event: RunEvent): Progress {
  const fail = progress.firstFail ?? failIn(event);
  const next = { ...progress, ...changeOf(progress, event), seq: event.seq, updatedAt: event.at };
  return fail === undefined ? next : { ...next, firstFail: fail };
}

function failIn(event: RunEvent): string | undefined {
  if (event.type === "item-refused") return event.verdict === "fail" ? event.because : undefined;
  const isJudgement = event.type === "production-judged" || event.type === "checkpoint-judged";
  if (!isJudgement || event.verdict !== "fail") return undefined;
  const failed = event.results.filter(({ verdict }) => verdict === "fail");
  return failed.map(({ check, service, because }) => `${service ?? check}: ${because}`).join("; ");
}

function changeOf(progress: Progress, event: RunEvent): Partial<Progress> {
  switch (event.type) {
    case "run-planned":
      throw new RangeError("a run is planned once");
    case "services-locked":
      return { locked: event.services };
    case "services-unlocked":
      return { locked: progress.locked.filter((service) => !event.services.includes(service)) };
    case "item-started":
    case "item-waiting":
    case "item-done":
    case "item-refused":
    case "item-skipped":
    case "item-retrying":
    case "item-failed":
      return { items: { ...progress.items, [event.item]: itemAfter(progress.items[event.item], event) } };
    case "effect-intended":
    case "effect-done":
    case "effect-rejected":
      return { effects: { ...progress.effects, [event.effect]: effectAfter(progress.effects[event.effect], event) } };
    case "service-switched":
      return { switched: { ...progress.switched, [event.change.service]: event.change } };
    case "commits-compared":
      return { commits: { ...progress.commits, [event.service]: event } };
    case "service-superseded":
      return { superseded: { ...progress.superseded, [event.service]: event } };
    case "service-restored":
      return { restored: { ...progress.restored, [event.service]: event } };
    case "production-judged":
      return { production: event };
    case "checkpoint-judged":
      return { checkpoints: { ...progress.checkpoints, [event.checkpoint]: event } };
    case "question-asked":
      return {
        questions: {
          ...progress.questions,
          [event.question.id]: { question: event.question, item: event.item, askedAt: event.at },
        },
      };
    case "question-answered":
      return { questions: answered(progress.questions, event) };
    case "rollback-decided":
      // A run that had ended is open again until its services are restored.
      // What an earlier rollback could not restore is tried anew, from the beginning.
      return {
        ...withoutRestorations(progress, event.services),
        rollback: event,
        finished: undefined,
        paused: undefined,
      };
    case "rollback-widened":
      return progress.rollback === undefined
        ? {}
        : { rollback: { ...progress.rollback, services: [...progress.rollback.services, ...event.services] } };
    case "services-held":
      return { held: [...new Set([...progress.held, ...event.services])] };
    case "run-paused":
      return { paused: event };
    case "run-resumed":
      return { paused: undefined, items: retryFailed(progress.items, event.at) };
    case "run-finished":
      return { finished: event };
    case "post-abandoned":
      return { abandonedPosts: { ...progress.abandonedPosts, [event.post]: event.failure } };
  }
}

function withoutRestorations(progress: Progress, services: readonly string[]): Partial<Progress> {
  const gone = new Set(services.map((service) => `restore:${service}`));
  return {
    items: Object.fromEntries(Object.entries(progress.items).filter(([item]) => !gone.has(item))),
    effects: Object.fromEntries(Object.entries(progress.effects).filter(([, { item }]) => !gone.has(item))),
    restored: Object.fromEntries(Object.entries(progress.restored).filter(([service]) => !services.includes(service))),
  };
}

/** After a resume, what had failed starts a new series of tries, with a new deadline. */
function retryFailed(items: Progress["items"], at: Instant): Progress["items"] {
  return Object.fromEntries(
    Object.entries(items).map(([name, item]) => {
      if (item.state !== "failed") return [name, item];
      const { deadline: _passed, ...rest } = item;
      return [name, { ...rest, state: "started" as const, since: at, attempts: 0 }];
    }),
  );
}

type ItemEvent = EventOf<Extract<EventBody["type"], `item-${string}`>>;

function itemAfter(before: ItemProgress | undefined, event: ItemEvent): ItemProgress {
  const base: ItemProgress = before ?? {
    state: "started",
    startedAt: event.at,
    since: event.at,
    args: {},
    attempts: 0,
  };
  switch (event.type) {
    case "item-started":
      return {
        ...base,
        args: event.args,
        startedAt: event.at,
        since: event.at,
        state: "started",
        ...defined({ deadline: event.deadline }),
      };
    case "item-waiting":
      return {
        ...base,
        state: "waiting",
        attempts: 0,
        since: base.waitingFor === event.for ? base.since : event.at,
        waitingFor: event.for,
        ...defined({ memo: event.memo, link: event.link, deadline: event.deadline }),
      };
    case "item-done":
      return {
        ...base,
        state: "done",
        since: event.at,
        summary: event.summary,
        output: event.output,
        ...defined({ link: event.link, results: event.results }),
      };
    case "item-refused":
      return {
        ...base,
        state: "refused",
        since: event.at,
        because: event.because,
        ...defined({ verdict: event.verdict, link: event.link, results: event.results }),
      };
    case "item-skipped":
      return { ...base, state: "skipped", since: event.at, because: event.because };
    case "item-retrying":
      return {
        ...base,
        state: "retrying",
        since: event.at,
        attempts: event.attempt,
        retryAt: event.retryAt,
        failure: event.failure,
      };
    case "item-failed":
      return { ...base, state: "failed", since: event.at, failure: event.failure };
  }
}

type EffectEvent = EventOf<Extract<EventBody["type"], `effect-${string}`>>;

function effectAfter(before: EffectProgress | undefined, event: EffectEvent): EffectProgress {
  switch (event.type) {
    case "effect-intended":
      return { state: "intended", item: event.item, what: event.what, at: event.at };
    case "effect-done":
      return { state: "done", item: event.item, what: before?.what ?? "", at: event.at, result: event.result };
    case "effect-rejected":
      return { state: "rejected", item: event.item, what: before?.what ?? "", at: event.at };
  }
}

function answered(questions: Progress["questions"], event: EventOf<"question-answered">): Progress["questions"] {
  const asked = questions[event.question];
  if (asked === undefined) return questions;
  return { ...questions, [event.question]: { ...asked, answer: event.answer, by: event.by } };
}

/** Leaves out the keys whose value is undefined, so that optional properties stay absent. */
function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}

/** The question that is open, if any. */
export function openQuestion(progress: Progress): QuestionProgress | undefined {
  return Object.values(progress.questions).find((asked) => asked.answer === undefined);
}
