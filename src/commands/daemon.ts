/** The daemon's loop: begins what schedules ask for, takes a turn of every run that is due, and sleeps until the next. */
import { advance } from "../engine/advance.ts";
import type { EngineDeps } from "../engine/deps.ts";
import { failureOf } from "../engine/failure.ts";
import type { RunSummary } from "../journal/state.ts";
import { earliest, type Instant, MINUTE, plusMs, SECOND } from "../model/time.ts";
import { printError } from "./io.ts";
import { Scheduled } from "./scheduled.ts";
import type { Session } from "./session.ts";

/** A run that another process began, and the moment of a schedule, are seen at the latest after so long. */
const LOOK_AROUND_MS = 30 * SECOND;
/** Runs are independent; more at once would only queue for the same quotas. */
const AT_ONCE = 4;
const MOST_RUNS = 10_000;
/** A run whose turn threw (a broken state, a fault of ours) is left alone for so long. */
const AFTER_FAILURE_MS = MINUTE;

/** Until the signal is aborted; then the turns under way have ended and given their leases back. */
export async function keepJudging(session: Session, deps: EngineDeps, observe: EngineDeps["observe"]): Promise<void> {
  const daemon = new Daemon(session, deps, observe);
  while (!deps.signal.aborted) await daemon.round();
}

class Daemon {
  readonly #session: Session;
  readonly #deps: EngineDeps;
  readonly #scheduled: Scheduled;
  /** Runs in trouble, and until when they are left alone. */
  readonly #leftAlone = new Map<string, Instant>();
  #lookedAround: Instant | undefined;

  constructor(session: Session, deps: EngineDeps, observe: EngineDeps["observe"]) {
    this.#session = session;
    this.#deps = deps;
    this.#scheduled = new Scheduled(session, deps.signal, observe);
  }

  async round(): Promise<void> {
    try {
      await this.#lookAround();
      await this.#advanceDue();
    } catch (error) {
      // The state did not answer, or is full: everything is still to be done, and is tried again.
      if (this.#deps.signal.aborted) return;
      printError(
        this.#session.io,
        `${failureOf(error).what}\nNothing was lost; tried again in ${LOOK_AROUND_MS / SECOND} s.`,
      );
      await this.#sleepUntil(plusMs(this.#now(), LOOK_AROUND_MS));
      return;
    }
    if (!this.#deps.signal.aborted) await this.#sleepUntil(await this.#nextLook());
  }

  async #lookAround(): Promise<void> {
    const now = this.#now();
    const last = this.#lookedAround;
    // A clock that went back must not keep us from looking.
    if (last !== undefined && last <= now && now < plusMs(last, LOOK_AROUND_MS)) return;
    this.#lookedAround = now;
    await this.#scheduled.beginDue();
  }

  async #advanceDue(): Promise<void> {
    const due = (await this.#open())
      .filter((run) => this.#isDue(run))
      .sort((a, b) => ((a.dueAt ?? "") < (b.dueAt ?? "") ? -1 : 1));
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let run = due[next++]; run !== undefined && !this.#deps.signal.aborted; run = due[next++]) {
        await this.#advanceOne(run.run);
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, due.length) }, worker));
  }

  /** One run's trouble is told and never another run's. */
  async #advanceOne(run: string): Promise<void> {
    try {
      const { kind } = await advance(this.#deps, run);
      this.#leftAlone.delete(run);
      // What has ended is not folded again: a daemon lives long.
      if (kind === "finished") this.#deps.folded.delete(run);
    } catch (error) {
      if (this.#deps.signal.aborted) return;
      this.#deps.folded.delete(run);
      this.#leftAlone.set(run, plusMs(this.#now(), AFTER_FAILURE_MS));
      printError(this.#session.io, `run ${run}: ${failureOf(error).what}; tried again in a minute`);
    }
  }

  #isDue({ run, dueAt }: RunSummary): boolean {
    return dueAt !== undefined && dueAt <= this.#now() && !this.#isLeftAlone(run);
  }

  #isLeftAlone(run: string): boolean {
    const until = this.#leftAlone.get(run);
    const now = this.#now();
    // Further away than ever said: the clock went back.
    return until !== undefined && until > now && until <= plusMs(now, AFTER_FAILURE_MS);
  }

  async #nextLook(): Promise<Instant> {
    const now = this.#now();
    const dues = (await this.#open()).flatMap(({ run, dueAt }) => {
      const at = this.#isLeftAlone(run) ? this.#leftAlone.get(run) : dueAt;
      return at === undefined ? [] : [at];
    });
    const soonest = plusMs(now, SECOND);
    const next = earliest([...dues, plusMs(now, LOOK_AROUND_MS)]) ?? soonest;
    return next > soonest ? next : soonest;
  }

  #open(): Promise<readonly RunSummary[]> {
    return this.#session.state.journal.runs({ finished: false, limit: MOST_RUNS });
  }

  #now(): Instant {
    return this.#session.cloud.clock.now();
  }

  #sleepUntil(at: Instant): Promise<void> {
    return this.#session.cloud.clock.sleepUntil(at, this.#deps.signal);
  }
}
