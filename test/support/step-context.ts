/** Builds a StepContext for tests of step kinds: world time, chosen ports, an in-memory effect ledger. Runs no engine. */
import { PortFailure } from "../../src/model/error.ts";
import { type Redaction, STANDARD } from "../../src/model/redact.ts";
import type { Json } from "../../src/model/json.ts";
import { HOUR, type Instant, instant, msOf } from "../../src/model/time.ts";
import type { Ports } from "../../src/ports/ports.ts";
import type { EffectSpec, PreflightContext, RunIdentity, StepContext, StepService } from "../../src/steps/step.ts";

/** What the engine would have journaled about effects; keep one ledger over all turns of a step. */
export class EffectLedger {
  readonly intended = new Set<string>();
  readonly results = new Map<string, Json>();
  /** How often `act` was called, per key. */
  readonly acts = new Map<string, number>();

  /** Like the engine: a known result is returned, an effect in doubt is looked for, only then is it done. */
  async perform<R extends Json>(effect: EffectSpec<R>): Promise<R> {
    const known = this.results.get(effect.key);
    if (known !== undefined) return known as R;
    if (this.intended.has(effect.key)) {
      const found = await effect.find();
      if ("ambiguous" in found) throw new Error(`ambiguous: ${found.ambiguous}`);
      if (found.found) return this.#keep(effect.key, found.result);
    }
    this.intended.add(effect.key);
    this.acts.set(effect.key, (this.acts.get(effect.key) ?? 0) + 1);
    try {
      return this.#keep(effect.key, await effect.act());
    } catch (error) {
      if (error instanceof PortFailure && error.applied === "no") this.intended.delete(effect.key);
      throw error;
    }
  }

  #keep<R extends Json>(key: string, result: R): R {
    this.results.set(key, result);
    return result;
  }
}

export interface StepContextOptions<A> {
  readonly args: A;
  /** Where the time of this turn comes from: a World, or anything with `now`. */
  readonly world: { readonly now: Instant };
  /** The ports that the step really uses; any other one throws when it is touched. */
  readonly ports: Partial<Ports>;
  readonly kind?: { readonly uses: string };
  readonly services?: readonly StepService[];
  readonly ledger?: EffectLedger;
  readonly memo?: Json | undefined;
  readonly run?: Partial<RunIdentity>;
  readonly startedAt?: Instant;
  readonly deadline?: Instant;
  readonly signal?: AbortSignal;
  readonly redaction?: Redaction;
  readonly random?: () => number;
  /** Answers to questions, by id. */
  readonly answers?: Readonly<Record<string, string>>;
}

export function stepContext<A>(options: StepContextOptions<A>): StepContext<A> {
  const { world } = options;
  const ledger = options.ledger ?? new EffectLedger();
  return {
    ...common(options),
    args: options.args,
    run: { id: "20260412-0400-test", ...common(options).run, ...options.run },
    services: options.services ?? [],
    startedAt: options.startedAt ?? world.now,
    deadline: options.deadline ?? instant(msOf(world.now) + HOUR),
    memo: options.memo,
    redaction: options.redaction ?? STANDARD,
    random: options.random ?? (() => 0.5),
    effect: (effect) => ledger.perform(effect),
    ask: async (question) =>
      options.answers?.[question.id] ?? (world.now >= question.deadline ? question.fallback : undefined),
    restore: async (service) => ({ kind: "restored", serving: `${service}-before`, remarks: [] }),
    look: {
      check: options.kind?.uses ?? "step",
      horizonMs: HOUR,
      baselineMs: 24 * HOUR,
      excluded: [],
      judgedServices: 1,
      redaction: options.redaction ?? STANDARD,
      loadSample: async () => undefined,
      saveSample: async () => undefined,
    },
  };
}

export function preflightContext<A>(options: StepContextOptions<A>): PreflightContext<A> {
  const services = (options.services ?? []).map(({ name, target }) => ({ name, target }));
  return { ...common(options), args: options.args, services };
}

function common<A>(options: StepContextOptions<A>): Omit<PreflightContext<A>, "args" | "services"> {
  return {
    run: {
      runbook: "backend-prod",
      repository: "BasedHardware/omi",
      startedBy: "operator",
      inputs: {},
      ...options.run,
    },
    step: {
      id: "step-under-test",
      uses: options.kind?.uses ?? "step",
      services: (options.services ?? []).map(({ name }) => name),
      with: {},
      onInconclusive: "ask",
      irreversible: false,
      position: { line: 1, column: 1 },
    },
    now: options.world.now,
    ports: onlyPorts(options.ports),
    signal: options.signal ?? new AbortController().signal,
  };
}

/** A port that the test did not give must not be touched by the step. */
function onlyPorts(ports: Partial<Ports>): Ports {
  return new Proxy(ports, {
    get(target, name) {
      const port: unknown = Reflect.get(target, name);
      if (port === undefined)
        throw new Error(`the step used the port ${String(name)}, which this test does not give it`);
      return port;
    },
  }) as Ports;
}
