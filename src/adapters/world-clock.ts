/** The simulated cloud's time, over its clock server: exact between sleeps, because time moves only while all sleep. */
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { z } from "zod";
import { PortFailure } from "../model/error.ts";
import { type Instant, instantSchema, plusMs } from "../model/time.ts";
import type { Clock } from "../ports/clock.ts";

/** `wasted`: nobody asked; time has passed because a call gets no answer. */
const answerSchema = z.strictObject({ now: instantSchema, wasted: z.literal(true).optional() });

interface Bound {
  readonly until: Instant;
  readonly ms: number;
  /** In real time. */
  readonly madeAt: number;
  readonly reached: AbortController;
  readonly signal: AbortSignal;
}

/** In real time. */
interface Limit {
  readonly ms: number;
  readonly madeAt: number;
  readonly signal: AbortSignal;
}

/** Calls of one moment of the world share a bound, and those of one moment here its limit: a deploy makes many hundreds. */
const SHARED_MS = 250;

/** One for all: an exception takes its stack when it is made, and most bounds are reached by calls that ended long before. */
const NO_ANSWER = new DOMException("no answer in world time", "TimeoutError");

export class WorldClock implements Clock {
  readonly #socket: Socket;
  #now: Instant | undefined;
  #heard: { resolve: () => void; reject: (reason: Error) => void } | undefined;
  #closed: Error | undefined;
  #bounds: Bound[] = [];
  #limits: Limit[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    createInterface({ input: socket }).on("line", (line) => this.#hear(line));
    socket.on("error", (error) => this.#end(error));
    socket.on("close", () => this.#end(new Error("the simulated cloud went away")));
  }

  /** `address`: "127.0.0.1:PORT" of a ClockServer. */
  static async connect(address: string): Promise<WorldClock> {
    const [host, port] = address.split(":");
    const socket = connect({ host: host ?? "127.0.0.1", port: Number(port) });
    socket.setNoDelay(true);
    const clock = new WorldClock(socket);
    await clock.#say({ op: "register" });
    return clock;
  }

  now(): Instant {
    if (this.#now === undefined) throw new Error("the clock was not registered");
    return this.#now;
  }

  async sleepUntil(until: Instant, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true || until <= this.now()) return;
    const wake = (): void => {
      this.#socket.write(`${JSON.stringify({ op: "wake" })}\n`);
    };
    signal?.addEventListener("abort", wake, { once: true });
    try {
      await this.#say({ op: "sleep", until });
    } finally {
      signal?.removeEventListener("abort", wake);
    }
  }

  /** As AbortSignal.timeout, in world time; and in real time as well, because the simulated cloud may be gone. */
  bound(ms: number): AbortSignal {
    const until = plusMs(this.now(), ms);
    const now = performance.now();
    const known = this.#bounds.find((one) => one.ms === ms && one.until === until && now - one.madeAt < SHARED_MS);
    if (known !== undefined) return known.signal;
    const reached = new AbortController();
    const signal = AbortSignal.any([reached.signal, this.#limit(ms, now)]);
    this.#bounds.push({ until, ms, madeAt: now, reached, signal });
    return signal;
  }

  #limit(ms: number, now: number): AbortSignal {
    this.#limits = this.#limits.filter(({ madeAt }) => now - madeAt < SHARED_MS);
    const known = this.#limits.find((one) => one.ms === ms);
    if (known !== undefined) return known.signal;
    const signal = AbortSignal.timeout(ms);
    this.#limits.push({ ms, madeAt: now, signal });
    return signal;
  }

  async close(): Promise<void> {
    this.#socket.destroy();
  }

  #say(request: object): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => {
      this.#heard = { resolve, reject };
      this.#socket.write(`${JSON.stringify(request)}\n`);
    });
  }

  #hear(line: string): void {
    const { now, wasted } = answerSchema.parse(JSON.parse(line));
    this.#now = now;
    for (const { until, reached } of this.#bounds) {
      if (until <= now) reached.abort(NO_ANSWER);
    }
    this.#bounds = this.#bounds.filter(({ until }) => until > now);
    if (wasted === true) return;
    this.#heard?.resolve();
    this.#heard = undefined;
  }

  #end(cause: Error): void {
    this.#closed ??= new PortFailure("unavailable", cause.message, { cause });
    this.#heard?.reject(this.#closed);
    this.#heard = undefined;
  }
}
