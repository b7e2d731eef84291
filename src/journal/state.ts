/** What survives a crash, as interfaces: the journal of runs, their inbox, the evidence, and the locks. */
import type { EventBody, RunEvent } from "../model/event.ts";
import type { Json } from "../model/json.ts";
import type { Instant } from "../model/time.ts";

/** The right to take one turn of a run. A higher fence beats a lower one for good. */
export interface Lease {
  readonly run: string;
  readonly owner: string;
  readonly fence: number;
  readonly expiresAt: Instant;
}

export interface LeaseRefused {
  readonly heldBy: string;
  readonly since: Instant;
  readonly until: Instant;
}

export interface RunSummary {
  readonly run: string;
  readonly runbook: string;
  readonly createdAt: Instant;
  /** It has ended, and a turn since then found nothing left to do: everything has been told. A rollback opens it again. */
  readonly finished: boolean;
  /** When the crank next has something to do; absent when finished or paused. A run that has just ended is due: to be told. */
  readonly dueAt?: Instant;
}

/** The events of runs. Every write is durable when its promise resolves. */
export interface Journal {
  /** Throws JournalError `exists` when the run is already there. */
  create(run: string, runbook: string, first: EventBody, at: Instant): Promise<void>;
  /**
   * Appends one event after `expectedSeq`. `fresh: false` means that the journal has moved on: somebody wrote the event
   * number `expectedSeq + 1` first; nothing was written. Throws JournalError `lease-lost` when the lease is not ours any
   * more; an append renews the lease.
   */
  append(lease: Lease, expectedSeq: number, body: EventBody, at: Instant): Promise<{ fresh: boolean }>;
  /** In order of `seq`. An unknown run gives an empty list. */
  read(run: string, afterSeq?: number): Promise<readonly RunEvent[]>;
  /** Newest first. */
  runs(filter?: { runbook?: string; finished?: boolean; limit?: number }): Promise<readonly RunSummary[]>;
  schedule(lease: Lease, dueAt: Instant | undefined): Promise<void>;
  /** An expired lease is taken over with a higher fence. */
  acquire(run: string, owner: string, now: Instant, ttlMs: number): Promise<Lease | LeaseRefused>;
  release(lease: Lease): Promise<void>;
  /** Removes a run that nobody works on any more, with its inbox and samples. Its evidence stays: others may rest on it. */
  remove(run: string): Promise<void>;
}

/** A word to a run from outside its crank: an answer, a request to pause or to abort. */
export type MessageBody =
  | { readonly kind: "answer"; readonly question?: string; readonly answer: string; readonly by: string }
  | { readonly kind: "pause" | "abort" | "resume"; readonly by: string }
  | { readonly kind: "rollback"; readonly services?: readonly string[]; readonly by: string; readonly because: string };

export interface Inbox {
  send(run: string, message: MessageBody, at: Instant): Promise<void>;
  /** Oldest first, those not yet taken. */
  pending(
    run: string,
  ): Promise<readonly { readonly id: number; readonly message: MessageBody; readonly at: Instant }[]>;
  /** Called after the message's event is durable. */
  taken(run: string, id: number): Promise<void>;
}

/** Evidence is immutable and named by its content; samples are the growing per-minute counts of one check. */
export interface EvidenceStore {
  put(content: Json): Promise<string>;
  get(digest: string): Promise<Json | undefined>;
  /** Removing what is not there is no error. */
  remove(digest: string): Promise<void>;
  saveSample(run: string, key: string, sample: Json): Promise<void>;
  loadSample(run: string, key: string): Promise<Json | undefined>;
}

export interface LockEntry {
  /** `identityOf` a service. */
  readonly service: string;
  readonly run: string;
  /** A lock protects effects and expires; a hold was placed after a rollback and does not. */
  readonly kind: "lock" | "hold";
  readonly owner: string;
  readonly since: Instant;
  readonly until?: Instant;
  readonly fence: number;
  readonly because: string;
}

export interface Locks {
  /**
   * Takes or renews all or none; own locks with most of their time left stay as they are, unwritten. A run's own locks and
   * expired locks of others do not block; a hold blocks every run.
   * Returns the fence, higher than any before it for these services, or what is in the way.
   */
  lock(
    services: readonly string[],
    run: string,
    owner: string,
    now: Instant,
    ttlMs: number,
    because: string,
  ): Promise<{ fence: number } | { blockedBy: readonly LockEntry[] }>;
  /** Removes this run's locks; others' stay. */
  unlock(services: readonly string[], run: string): Promise<void>;
  /** Turns into a hold, whoever has the lock. */
  hold(services: readonly string[], run: string, owner: string, now: Instant, because: string): Promise<void>;
  /** Removes locks and holds by force (`unlock`, `release`): returns what was removed. */
  clear(services: readonly string[], kind: "lock" | "hold"): Promise<readonly LockEntry[]>;
  entries(services?: readonly string[]): Promise<readonly LockEntry[]>;
}

export interface State {
  readonly journal: Journal;
  readonly inbox: Inbox;
  readonly evidence: EvidenceStore;
  readonly locks: Locks;
  /** For people: where the state is. */
  readonly location: string;
  close(): Promise<void>;
}

export type JournalProblem =
  "exists" | "lease-lost" | "newer-schema" | "corrupt" | "unauthorised" | "unwritable" | "busy";

export class JournalError extends Error {
  readonly problem: JournalProblem;
  constructor(problem: JournalProblem, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "JournalError";
    this.problem = problem;
  }
}
