/** One turn of the crank over one run: the lease that permits it, the state it started from, and the only way to append. */
import type { Lease } from "../journal/state.ts";
import type { EventBody, RunEvent } from "../model/event.ts";
import { type Redaction, STANDARD, redact } from "../model/redact.ts";
import { redactedWords } from "../model/redact-words.ts";
import { applyEvent, type Progress } from "../model/progress.ts";
import type { Instant } from "../model/time.ts";
import type { EngineDeps } from "./deps.ts";

/** Somebody else wrote to the run in the middle of our turn: the turn ends, and the next one starts from what is true then. */
export class TurnOvertaken extends Error {
  constructor(run: string) {
    super(`another process has taken run ${run} over`);
    this.name = "TurnOvertaken";
  }
}

export class Turn {
  readonly deps: EngineDeps;
  readonly lease: Lease;
  #progress: Progress;

  constructor(deps: EngineDeps, lease: Lease, progress: Progress) {
    this.deps = deps;
    this.lease = lease;
    this.#progress = progress;
  }

  get progress(): Progress {
    return this.#progress;
  }

  get now(): Instant {
    return this.deps.clock.now();
  }

  /** What the runbook says, as it was frozen into the plan. */
  get redaction(): Redaction {
    return this.#progress.plan.runbook.report.redact ?? STANDARD;
  }

  /** A text as the journal will have it. */
  words(text: string): string {
    return redact(text, this.redaction);
  }

  /** The item is not looked at before its time, unless something happens to the run: what else is due wakes the run, too. */
  rest(wait: ItemWait): ItemWait {
    const waits = this.deps.waits.get(this.#progress) ?? new Map<string, ItemWait>();
    this.deps.waits.set(this.#progress, waits.set(wait.item, wait));
    return wait;
  }

  resting(item: string): ItemWait | undefined {
    const wait = this.deps.waits.get(this.#progress)?.get(item);
    return wait !== undefined && this.now < wait.lookAt ? wait : undefined;
  }

  /** Durable when it returns; only then is anybody told. Nothing that is to be redacted gets further than here. */
  async record(given: EventBody): Promise<void> {
    const body = redactedWords(given, this.redaction);
    const at = this.now;
    const { fresh } = await this.deps.state.journal.append(this.lease, this.#progress.seq, body, at);
    if (!fresh) throw new TurnOvertaken(this.lease.run);
    const event: RunEvent = { ...body, v: 1, run: this.lease.run, seq: this.#progress.seq + 1, at };
    this.#progress = applyEvent(this.#progress, event);
    this.deps.observe(event, this.#progress);
  }
}

/** What an item did in a pass: it changed the run, it waits, or it had nothing to do. */
export type ItemResult = "changed" | "idle" | ItemWait;

export interface ItemWait {
  readonly item: string;
  readonly for: string;
  readonly since: Instant;
  readonly lookAt: Instant;
  readonly deadline?: Instant;
  readonly link?: string;
}
