/** What the crank works with: everything it needs is handed to it here, and it knows no concrete step, platform or store. */
import type { State } from "../journal/state.ts";
import type { RunEvent } from "../model/event.ts";
import type { Post } from "../model/post.ts";
import type { Progress } from "../model/progress.ts";
import type { StepSpec } from "../model/runbook.ts";
import type { ServiceSnapshot, ServiceTarget } from "../model/service.ts";
import type { Platform } from "../platforms/platform.ts";
import type { Clock } from "../ports/clock.ts";
import type { Operator } from "../ports/operator.ts";
import type { Ports } from "../ports/ports.ts";
import type { StepKind } from "../steps/step.ts";
import type { ItemWait } from "./turn.ts";

export interface ResolvedArgs {
  readonly args: unknown;
  /** The same for the journal: values that came from `env` stay references. */
  readonly journalArgs: Readonly<Record<string, unknown>>;
}

export interface EngineDeps {
  readonly state: State;
  readonly ports: Ports;
  readonly clock: Clock;
  readonly operator: Operator;
  /** What this process knows of runs: see `foldRun`. Empty at first. */
  readonly folded: Map<string, Progress>;
  /** When this process looks again at the items that wait, by the state of the run in which they were looked at: see `Turn.rest`. */
  readonly waits: WeakMap<Progress, Map<string, ItemWait>>;
  /** Names this process among the holders of leases. */
  readonly owner: string;
  /** Uniform in [0, 1). */
  random(): number;
  kindOf(uses: string): StepKind<never> | undefined;
  platformOf(target: ServiceTarget): Platform<ServiceTarget, ServiceSnapshot>;
  /** Evaluates what is still open in a step's or check's arguments. Throws RunbookError when it cannot. */
  resolveArgs(spec: Pick<StepSpec, "id" | "uses" | "with">, progress: Progress): ResolvedArgs;
  /** Whether the step's `if:` holds, and why; undefined where it has none. Throws RunbookError when that cannot be told. */
  condition(step: StepSpec, progress: Progress): { readonly holds: boolean; readonly because: string } | undefined;
  /** The value of a reference such as "${{ env.X }}"; undefined when it is not there. */
  resolveText(reference: string): string | undefined;
  posts(progress: Progress): readonly Post[];
  /** Told after each event is durable. Must not throw. */
  observe(event: RunEvent, progress: Progress): void;
  /** Aborted when the operator interrupts: reads and sleeps end, an effect in flight finishes. */
  readonly signal: AbortSignal;
}
