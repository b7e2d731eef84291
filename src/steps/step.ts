/** The interface of a step kind, and of a check: one bounded turn at a time, waiting is a returned value. */
import type { z } from "zod";
import type { Json } from "../model/json.ts";
import type { Need } from "../model/needs.ts";
import type { Redaction } from "../model/redact.ts";
import type { BaselineMode, StepSpec } from "../model/runbook.ts";
import type { PlatformName, ServiceSnapshot, ServiceSwitch, ServiceTarget } from "../model/service.ts";
import type { Instant } from "../model/time.ts";
import type { CheckResult, Verdict } from "../model/verdict.ts";
import type { Ports } from "../ports/ports.ts";

/** Who runs: enough to stamp the run's identity into what it does. */
export interface RunIdentity {
  readonly id: string;
  readonly runbook: string;
  readonly repository?: string;
  readonly pullRequest?: number;
  readonly startedBy: string;
  readonly inputs: Readonly<Record<string, string>>;
}

export interface StepService {
  readonly name: string;
  readonly target: ServiceTarget;
  /** As it was before the run touched anything. */
  readonly before: ServiceSnapshot;
  /** Absent until it has switched to what this run deployed. */
  readonly switched?: ServiceSwitch;
}

/** What a look into the world for an effect in doubt can say. */
export type Found<R> = { readonly found: true; readonly result: R } | { readonly found: false } | Ambiguous<R>;

/** Something is there, and it is not certain that it is ours: a person is asked. */
export interface Ambiguous<R> {
  readonly ambiguous: string;
  /** What an answer "done" means; without it that answer is not offered. */
  readonly newest?: R;
}

export interface EffectSpec<R extends Json> {
  /** Unique within the item: "dispatch". */
  readonly key: string;
  /** For people, in the infinitive: "dispatch gcp_backend.yml on main". */
  readonly what: string;
  /** Looks for the effect by the run's correlation id. Called only in doubt (an intent without an outcome). */
  find(): Promise<Found<R>>;
  /** Does it once. The engine has journaled the intent; the result is journaled after. */
  act(): Promise<R>;
}

export type PerformEffect = <R extends Json>(effect: EffectSpec<R>) => Promise<R>;

export interface AskSpec {
  readonly id: string;
  readonly about: "approve" | "continue" | "in-doubt";
  readonly text: string;
  readonly options: readonly string[];
  readonly fallback: string;
  readonly deadline: Instant;
}

export interface StepContext<A> {
  readonly run: RunIdentity;
  readonly step: StepSpec;
  /** Validated, with every expression resolved. */
  readonly args: A;
  readonly services: readonly StepService[];
  readonly startedAt: Instant;
  readonly deadline: Instant;
  /** The time of this turn. */
  readonly now: Instant;
  /** What the last `waiting` of this step remembered. */
  readonly memo: Json | undefined;
  readonly ports: Ports;
  /** Aborts when the operator interrupts: pass it to reads, never to effects. */
  readonly signal: AbortSignal;
  /** What words from outside go through before they are cut, kept or told. */
  readonly redaction: Redaction;
  /** Uniform in [0, 1), for jitter. */
  random(): number;
  effect: PerformEffect;
  /** Asks once and returns the answer when there is one (after the deadline: the fallback). */
  ask(question: AskSpec): Promise<string | undefined>;
  /** Gives one turn to putting a service of this step back to what it was before the run; `memo` is what the last turn kept. */
  restore(service: string, memo: Json | undefined): Promise<RestoreOutcome>;
  /** The look of a check kind over the services of this step, for checks used as steps. */
  readonly look: Omit<LookContext<never>, "args" | "services" | "now" | "ports" | "signal" | "run">;
}

/**
 * `restored` only after it was verified that the service serves what the snapshot says.
 * `refused`: it cannot be restored, or somebody else's deploy serves now.
 */
export type RestoreOutcome =
  | { readonly kind: "restored"; readonly serving: string; readonly remarks: readonly string[] }
  | { readonly kind: "waiting"; readonly for: string; readonly lookAt: Instant; readonly memo?: Json }
  | { readonly kind: "refused"; readonly because: string };

/**
 * - `done`: `output` is what later steps may refer to. `switched`: services that now serve what this run deployed.
 * - `waiting`: nothing to do before `lookAt`. `memo` is kept for the next turn.
 * - `refused`: it was found out that the answer is no. With `verdict: "fail"` the rollback policy is consulted.
 * A throw means: could not do it, or could not find out. The crank retries it unless it is terminal.
 */
export type StepOutcome =
  | {
      readonly kind: "done";
      readonly summary: string;
      readonly output?: Readonly<Record<string, string>>;
      readonly switched?: readonly ServiceSwitch[];
      readonly results?: readonly Looked[];
      readonly link?: string;
    }
  | {
      readonly kind: "waiting";
      readonly for: string;
      readonly lookAt: Instant;
      readonly deadline?: Instant;
      readonly memo?: Json;
      readonly switched?: readonly ServiceSwitch[];
      readonly link?: string;
    }
  | {
      readonly kind: "refused";
      readonly because: string;
      readonly verdict?: Verdict;
      readonly results?: readonly Looked[];
      readonly link?: string;
    }
  | { readonly kind: "skipped"; readonly because: string };

/** What preflight found: an error stops the deploy before anything is touched; a remark is shown. */
export interface Finding {
  readonly severity: "error" | "unauthorised" | "remark";
  readonly what: string;
  readonly next?: string;
  /** It was an outage: asked again, there may be another answer. */
  readonly mayPass?: true;
}

/** What a step will work on and somebody else may move meanwhile: kept, and compared when the run is resumed. */
export interface Fact {
  readonly severity: "fact";
  /** "main of acme/shop" */
  readonly about: string;
  /** "9b6168c…" */
  readonly is: string;
}

export interface PreflightContext<A> {
  readonly run: Omit<RunIdentity, "id">;
  readonly step: StepSpec;
  /** Undefined when the arguments still depend on what the run finds out. */
  readonly args: A | undefined;
  /** `touched`: this run may have changed it already (preflight again, after a resume). */
  readonly services: readonly { readonly name: string; readonly target: ServiceTarget; readonly touched?: boolean }[];
  readonly now: Instant;
  readonly ports: Ports;
  readonly signal: AbortSignal;
}

export interface StepKind<A> {
  /** The word in `uses:`. */
  readonly uses: string;
  /** One line for `--help` and the JSON Schema. */
  readonly summary: string;
  /** Schema of `with`. Every key described; strict. */
  readonly args: z.ZodType<A>;
  /** Platforms whose services it takes; empty: it takes none. */
  readonly platforms: readonly PlatformName[];
  /** Whether `services:` must name at least one. */
  readonly needsServices: boolean;
  /** Every permission that any of its calls takes, of each cloud on which its services are; restorations are the platform's. */
  readonly needs: readonly Need[];
  /** Keys of its output, so that references to them are checked before a run. Absent: not checked. */
  readonly outputs?: readonly string[];
  /** The step's deadline where the runbook gives none. */
  readonly defaultTimeoutMs: number;
  /** Reads only. */
  preflight?(context: PreflightContext<A>): Promise<readonly (Finding | Fact)[]>;
  turn(context: StepContext<A>): Promise<StepOutcome>;
  /**
   * Calls off what the step has under way outside, when a rollback is decided. One bounded try; never undoes anything. Returns
   * what goes on still, and is then asked again for a while; undefined when nothing does.
   */
  abandon?(context: StepContext<A>): Promise<string | undefined>;
}

export interface LookContext<A> {
  readonly run: RunIdentity;
  /** The id of the check or step on whose behalf this is. */
  readonly check: string;
  readonly args: A;
  readonly services: readonly StepService[];
  readonly now: Instant;
  /** The distance N of T+N that is judged; tolerances depend on it. The window of a service ends at its T0 + N (or now). */
  readonly horizonMs: number;
  readonly baselineMs: number;
  /** Where the baseline lies; absent: right before the rollout. */
  readonly baselineMode?: BaselineMode;
  /** Windows of other deploys, cut out of the baseline. */
  readonly excluded: readonly { readonly from: Instant; readonly until: Instant }[];
  /** What words from outside go through before they are cut, kept or told. */
  readonly redaction: Redaction;
  /** How many services share the run's false-alarm budget. */
  readonly judgedServices: number;
  readonly ports: Ports;
  readonly signal: AbortSignal;
  /** Frozen or growing counts of this check, kept between looks. */
  loadSample(key: string): Promise<Json | undefined>;
  saveSample(key: string, sample: Json): Promise<void>;
}

/** A result beside the evidence itself, which is stored, and named by its digest, only when the result is recorded. */
export type Looked = Omit<CheckResult, "evidence"> & { readonly evidence?: object };

/** A step kind that judges production. Used in `steps:` it gates; used in `monitor.checks` it is looked at every minute. */
export interface CheckKind<A> extends StepKind<A> {
  /** How long after a moment its data is complete: a checkpoint T+N is judged at T+N+settleMs. */
  readonly settleMs: number;
  /** Names the counts that it keeps: checks of a run for which it says the same share them. Absent: each has its own. */
  samples?(args: A): string;
  /** One result per service, or one without a service. A throw is an outage: the caller makes it inconclusive. */
  look(context: LookContext<A>): Promise<readonly Looked[]>;
}

export function isCheckKind(kind: StepKind<never>): kind is CheckKind<never> {
  return "look" in kind;
}
