/** What a platform must be able to do besides being watched: be captured, be asked what serves, and be put back. */
import type { Json } from "../model/json.ts";
import type { Need } from "../model/needs.ts";
import type { ServiceSnapshot, ServiceSwitch, ServiceTarget } from "../model/service.ts";
import type { Instant } from "../model/time.ts";
import type { Ports } from "../ports/ports.ts";
import type { PerformEffect, RestoreOutcome, RunIdentity } from "../steps/step.ts";

export interface RestoreContext<T, S> {
  readonly run: RunIdentity;
  readonly service: string;
  readonly target: T;
  /** What is to be put back. */
  readonly snapshot: S;
  /** What this run deployed; absent when a person rolls back without a run's switch. */
  readonly switched: ServiceSwitch | undefined;
  readonly now: Instant;
  readonly memo: Json | undefined;
  readonly ports: Ports;
  readonly signal: AbortSignal;
  effect: PerformEffect;
}

export interface Platform<T extends ServiceTarget, S extends ServiceSnapshot> {
  /** Every permission that capturing (and asking what serves), and that restoring takes. */
  needs(target: T): { readonly capture: readonly Need[]; readonly restore: readonly Need[] };
  /** Reads only. Throws PortFailure. */
  capture(target: T, ports: Ports, now: Instant, signal: AbortSignal): Promise<S>;
  /**
   * The version that serves now, comparable with `ServiceSwitch.to` and `versionOf(snapshot)`; "mixed" when several do
   * (a split, or a roll under way).
   */
  serving(target: T, ports: Ports, signal: AbortSignal): Promise<string>;
  /** The version that the snapshot says served; undefined when it was split. */
  versionOf(snapshot: S): string | undefined;
  /** One bounded turn. */
  restore(context: RestoreContext<T, S>): Promise<RestoreOutcome>;
}
