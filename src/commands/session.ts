/** One invocation's work on runs: the state, the clouds, and the engine put together; closed when the command ends. */
import type { EngineDeps, ResolvedArgs } from "../engine/deps.ts";
import { guardPorts } from "../engine/guarded-ports.ts";
import type { State } from "../journal/state.ts";
import { RunbookError } from "../model/error.ts";
import type { RunEvent } from "../model/event.ts";
import type { Plan } from "../model/plan.ts";
import { type Progress, progressOf } from "../model/progress.ts";
import type { StepSpec } from "../model/runbook.ts";
import type { ServiceSnapshot, ServiceTarget } from "../model/service.ts";
import { evaluateText, lookUpIn, type Scope } from "../language/evaluate.ts";
import { conditionIn } from "../planning/condition.ts";
import { resolveArgs, resolvePlanned } from "../planning/resolve-args.ts";
import { cloudRunJobPlatform } from "../platforms/cloud-run-job.ts";
import { cloudRunPlatform } from "../platforms/cloud-run.ts";
import { kubernetesPlatform } from "../platforms/kubernetes.ts";
import type { Platform } from "../platforms/platform.ts";
import { postsOf } from "../reporters/posts.ts";
import { allSteps } from "../steps/all-steps.ts";
import type { StepKind } from "../steps/step.ts";
import { createIds } from "../adapters/ids.ts";
import { type Cloud, composeCloud, openState } from "./compose.ts";
import { type Endpoints, endpointsOf, requireOneWorld } from "./endpoints.ts";
import type { Io } from "./io.ts";
import { stateLocation } from "./state-location.ts";

export interface Session {
  readonly io: Io;
  readonly state: State;
  readonly cloud: Cloud;
  readonly ids: ReturnType<typeof createIds>;
  readonly endpoints: Endpoints;
  engine(signal: AbortSignal, observe: (event: RunEvent, progress: Progress) => void): EngineDeps;
  close(): Promise<void>;
}

export interface SessionOptions {
  readonly state?: string | undefined;
  readonly simulated?: boolean | undefined;
  /** A rehearsal's chance: the same seed gives the same jitter. */
  readonly seed?: number | undefined;
  /** The state is thrown away when the command ends: should the machine fail, nothing of it is missed. */
  readonly isThrowaway?: boolean | undefined;
}

export async function openSession(options: SessionOptions, io: Io): Promise<Session> {
  const endpoints = endpointsOf(io.env);
  requireOneWorld(endpoints, options.simulated === true);
  const isSynced = options.isThrowaway !== true;
  const state = await openState(stateLocation(options.state, io), endpoints, { isSynced });
  try {
    const cloud = await composeCloud(endpoints, io);
    return sessionOf(io, endpoints, state, cloud, createIds(options.seed ?? io.seed));
  } catch (error) {
    await state.close();
    throw error;
  }
}

function sessionOf(io: Io, endpoints: Endpoints, state: State, cloud: Cloud, ids: Session["ids"]): Session {
  // Once: what is learnt of an API holds for every run of this process.
  const ports = guardPorts(cloud.ports, cloud.clock);
  const argsOf = oncePerState((progress) => {
    const scope = scopeOf(progress, io);
    return oncePerSpec((spec) => argsIn(spec, scope));
  });
  return {
    io,
    state,
    cloud,
    ids,
    endpoints,
    engine: (signal, observe) => ({
      state,
      ports,
      clock: cloud.clock,
      operator: cloud.operator,
      folded: new Map(),
      waits: new WeakMap(),
      owner: ids.owner(),
      random: () => ids.random(),
      kindOf,
      platformOf,
      resolveArgs: (spec, progress) => argsOf(progress)(spec),
      condition: (step, progress) => conditionIn(step, scopeOf(progress, io)),
      resolveText: (reference) => resolveText(reference, io),
      posts: oncePerState(postsOf),
      observe,
      signal,
    }),
    close: async () => {
      await cloud.clock.close();
      await state.close();
    },
  };
}

/** A run's state is the fold of its events, so equal sequence numbers have equal answers: most turns change nothing. */
function oncePerState<T>(answerTo: (progress: Progress) => T): (progress: Progress) => T {
  let last: { readonly run: string; readonly seq: number; readonly answer: T } | undefined;
  return (progress) => {
    const { run, seq } = progress;
    if (last?.run !== run || last.seq !== seq) last = { run, seq, answer: answerTo(progress) };
    return last.answer;
  };
}

/** What is made of `uses` and `with` of a step or check: every look asks for each service, of copies that share their `with`. */
function oncePerSpec<T>(answerTo: (spec: Spec) => T): (spec: Spec) => T {
  const known = new Map<Spec["with"], Map<string, T>>();
  return (spec) => {
    const answers = known.get(spec.with) ?? new Map<string, T>();
    const answer = answers.get(spec.uses) ?? answerTo(spec);
    known.set(spec.with, answers.set(spec.uses, answer));
    return answer;
  };
}

export function kindOf(uses: string): StepKind<never> | undefined {
  return allSteps.find((kind) => kind.uses === uses);
}

const PLATFORMS = {
  "cloud-run": cloudRunPlatform,
  "cloud-run-job": cloudRunJobPlatform,
  kubernetes: kubernetesPlatform,
} as const;

export function platformOf(target: ServiceTarget): Platform<ServiceTarget, ServiceSnapshot> {
  const platform = PLATFORMS[target.platform];
  return platform;
}

type Spec = Pick<StepSpec, "id" | "uses" | "with">;

function argsIn(spec: Spec, scope: Scope): ResolvedArgs {
  return resolveArgs(requiredKind(spec.uses), spec, scope);
}

/** A step's arguments as far as they are known before a run; undefined when they depend on what the run finds out. */
export function plannedArgs(spec: Spec, plan: Plan, io: Io): unknown {
  return resolvePlanned(requiredKind(spec.uses), spec, plan, (name) => io.env[name]);
}

function requiredKind(uses: string): StepKind<never> {
  const kind = kindOf(uses);
  if (kind === undefined) throw new RangeError(`there is no step kind ${uses}`);
  return kind;
}

function scopeOf(progress: Progress, io: Io): Scope {
  const outputs = Object.entries(progress.items).flatMap(([item, { output }]) =>
    item.startsWith("step:") && output !== undefined ? [[item.slice("step:".length), output] as const] : [],
  );
  return {
    inputs: progress.plan.inputs,
    outputs: Object.fromEntries(outputs),
    before: progress.snapshot,
    env: (name) => io.env[name],
    run: { id: progress.run },
  };
}

function resolveText(reference: string, io: Io): string | undefined {
  const answer = evaluateText(reference, lookUpIn({ inputs: {}, env: (name) => io.env[name] }));
  return "value" in answer ? answer.value : undefined;
}

/** The run that is meant: by id, or the newest of a runbook. */
export async function findRun(
  state: State,
  which: { run?: string | undefined; runbook?: string | undefined },
): Promise<Progress> {
  const id = which.run ?? (await newest(state, which.runbook));
  const events = id === undefined ? [] : await state.journal.read(id);
  if (events.length > 0) return progressOf(events);
  throw new RunbookError({
    what:
      which.run === undefined
        ? `There is no run${which.runbook === undefined ? "" : ` of ${which.runbook}`} in ${state.location}.`
        : `There is no run ${which.run} in ${state.location}.`,
    state: "Nothing was touched.",
    next: "`runbook status` lists the runs of this state; --state or RUNBOOK_STATE names another one.",
  });
}

async function newest(state: State, runbook: string | undefined): Promise<string | undefined> {
  const [run] = await state.journal.runs({ limit: 1, ...(runbook === undefined ? {} : { runbook }) });
  return run?.run;
}
