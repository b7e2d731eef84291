/** The kernel of the simulated cloud: its time, its future, and its seeded chance. Knows no API. */
import { type Instant, msOf, plusMs } from "../model/time.ts";

interface Scheduled {
  readonly at: Instant;
  readonly order: number;
  readonly act: () => void;
}

/** Deterministic: the same seed and the same calls give the same world. */
export class World {
  #now: Instant;
  #nowMs: number;
  #order = 0;
  #future: Scheduled[] = [];
  #onWaste: ((now: Instant) => void)[] = [];
  readonly seed: number;

  constructor(options: { now: Instant; seed: number }) {
    this.#now = options.now;
    this.#nowMs = msOf(options.now);
    this.seed = options.seed;
  }

  get now(): Instant {
    return this.#now;
  }

  /** Epoch milliseconds of `now`, for who asks for every minute of a day. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Has `act` happen when the world reaches `at` (at once in order when `at` has passed). */
  at(at: Instant, act: () => void): void {
    const scheduled = { at: at < this.#now ? this.#now : at, order: this.#order++, act };
    const index = this.#future.findIndex((other) => other.at > scheduled.at);
    this.#future.splice(index === -1 ? this.#future.length : index, 0, scheduled);
  }

  after(ms: number, act: () => void): void {
    this.at(plusMs(this.#now, ms), act);
  }

  /** The moment of the next scheduled happening. */
  get next(): Instant | undefined {
    return this.#future[0]?.at;
  }

  /** Moves time forward, letting everything scheduled until then happen in order. Never moves back. */
  advanceTo(until: Instant): void {
    for (let due = this.#future[0]; due !== undefined && due.at <= until; due = this.#future[0]) {
      this.#future.shift();
      this.#moveTo(due.at);
      due.act();
    }
    if (until > this.#now) this.#moveTo(until);
  }

  #moveTo(at: Instant): void {
    this.#now = at;
    this.#nowMs = msOf(at);
  }

  /** A caller waits for an answer that does not come: time passes, while nobody sleeps, until every client has given up. */
  waste(ms: number): void {
    this.advanceTo(plusMs(this.#now, ms));
    for (const tell of this.#onWaste) tell(this.#now);
  }

  onWaste(tell: (now: Instant) => void): void {
    this.#onWaste.push(tell);
  }

  /**
   * A generator of its own for each purpose, so that one part's draws never shift another's.
   * mulberry32 over a hash of seed and purpose; uniform in [0, 1).
   */
  random(purpose: string): () => number {
    let state = hash(`${this.seed}/${purpose}`);
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    };
  }
}

/** FNV-1a, 32 bits. */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}

/** Lower-case letters and digits from a generator: revision suffixes, uids, insert ids. */
export function token(random: () => number, length: number): string {
  const letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  return Array.from({ length }, () => letters[Math.floor(random() * letters.length)]).join("");
}

/** Epoch milliseconds of the world's present. */
export function worldMs(world: World): number {
  return msOf(world.now);
}
