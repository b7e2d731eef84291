/** What every State must do, whatever keeps it: the same table of cases for a file and for a bucket. */
import { describe, expect, onTestFinished, test } from "vitest";
import type { EventBody } from "../../src/model/event.ts";
import type { Plan } from "../../src/model/plan.ts";
import { instant, plusMs } from "../../src/model/time.ts";
import type { Lease, State } from "../../src/journal/state.ts";

const T = instant("2026-04-12T04:00:00.000Z");
const TTL = 60_000;

const plan: Plan = {
  runbook: {
    name: "backend-prod",
    inputs: {},
    services: {},
    steps: [],
    rollback: { onFail: "ask", automaticUntilMs: 1, askTimeoutMs: 1, askDefault: "keep" },
    report: { pullRequest: false, commitStatus: false, deployment: false },
    notify: {},
  },
  file: "runbooks/backend-prod.yml",
  digest: "0",
  inputs: {},
  startedBy: "operator",
  rehearsal: false,
};

export const planned: EventBody = { type: "run-planned", plan, snapshot: {}, remarks: [] };

export function resumed(by: string): EventBody {
  return { type: "run-resumed", by };
}

/** `open` gives another connection to the same state each time within a test; the state is new for each test. */
export function stateContract(name: string, newState: () => Promise<() => Promise<State>>): void {
  const states = async (count: number): Promise<State[]> => {
    const open = await newState();
    const opened: State[] = [];
    for (let index = 0; index < count; index++) opened.push(await open());
    onTestFinished(async () => {
      for (const state of opened) await state.close();
    });
    return opened;
  };
  const one = async (): Promise<State> => {
    const [state] = await states(1);
    if (state === undefined) throw new Error("no state");
    return state;
  };
  const two = async (): Promise<[State, State]> => {
    const [a, b] = await states(2);
    if (a === undefined || b === undefined) throw new Error("no states");
    return [a, b];
  };

  describe(`${name}: journal`, () => {
    test("a plan's services keep their order, in which they are put back", async () => {
      const { journal } = await one();
      const target = { platform: "cloud-run", project: "p", region: "r", service: "s" } as const;
      const services = { second: target, first: target, third: target };
      await journal.create(
        "r1",
        "backend-prod",
        { ...planned, plan: { ...plan, runbook: { ...plan.runbook, services } } } as EventBody,
        T,
      );
      const [event] = await journal.read("r1");
      expect(event?.type === "run-planned" && Object.keys(event.plan.runbook.services)).toEqual([
        "second",
        "first",
        "third",
      ]);
    });

    test("events come back in order, whole, and from where they are asked for", async () => {
      const { journal } = await one();
      await journal.create("r1", "backend-prod", planned, T);
      const lease = await taken(journal.acquire("r1", "me", T, TTL));
      await journal.append(lease, 1, resumed("ann"), plusMs(T, 1));
      await journal.append(lease, 2, resumed("bob"), plusMs(T, 2));
      const events = await journal.read("r1");
      expect(events.map((event) => event.seq)).toEqual([1, 2, 3]);
      expect(events[0]).toEqual({ ...planned, v: 1, run: "r1", seq: 1, at: T });
      expect(await journal.read("r1", 1)).toEqual(events.slice(1));
      expect(await journal.read("r1", 3)).toEqual([]);
      expect(await journal.read("unknown")).toEqual([]);
    });

    test("a run is created once", async () => {
      const { journal } = await one();
      await journal.create("r1", "backend-prod", planned, T);
      await expect(journal.create("r1", "other", planned, T)).rejects.toMatchObject({ problem: "exists" });
      expect(await journal.runs()).toMatchObject([{ run: "r1", runbook: "backend-prod" }]);
    });

    test("the second to write an event number is not fresh, and writes nothing", async () => {
      const { journal } = await one();
      await journal.create("r1", "backend-prod", planned, T);
      const lease = await taken(journal.acquire("r1", "me", T, TTL));
      expect(await journal.append(lease, 1, resumed("first"), T)).toEqual({ fresh: true });
      expect(await journal.append(lease, 1, resumed("second"), T)).toEqual({ fresh: false });
      expect(await journal.read("r1", 1)).toMatchObject([{ by: "first" }]);
    });

    test("an event after a gap is refused", async () => {
      const { journal } = await one();
      await journal.create("r1", "backend-prod", planned, T);
      const lease = await taken(journal.acquire("r1", "me", T, TTL));
      await expect(journal.append(lease, 5, resumed("x"), T)).rejects.toMatchObject({ problem: "corrupt" });
      expect(await journal.read("r1", 1)).toEqual([]);
    });

    test("an event that could not be read back is not written", async () => {
      const { journal } = await one();
      await journal.create("r1", "backend-prod", planned, T);
      const lease = await taken(journal.acquire("r1", "me", T, TTL));
      await expect(journal.append(lease, 1, { type: "run-resumed", by: 7 } as never, T)).rejects.toThrow();
      expect(await journal.append(lease, 1, resumed("ann"), T)).toEqual({ fresh: true });
    });

    test("a run that ends is due, to be told, and finished once nothing is due; a paused one is not due", async () => {
      const { journal } = await one();
      for (const run of ["r1", "r2"]) await journal.create(run, "backend-prod", planned, T);
      expect(await journal.runs()).toMatchObject([
        { run: "r2", finished: false, dueAt: T },
        { run: "r1", finished: false, dueAt: T },
      ]);
      const first = await taken(journal.acquire("r1", "me", T, TTL));
      const second = await taken(journal.acquire("r2", "me", T, TTL));
      await journal.append(
        first,
        1,
        { type: "run-finished", outcome: "completed", verdict: "pass", because: "", halfDone: [] },
        T,
      );
      await journal.append(second, 1, { type: "run-paused", because: "asked" }, T);
      const summary = { runbook: "backend-prod", createdAt: T };
      const [open, ended] = [
        { run: "r2", finished: false, ...summary },
        { run: "r1", finished: true, ...summary },
      ];
      expect(await journal.runs()).toEqual([open, { ...ended, finished: false, dueAt: T }]);
      await journal.schedule(first, plusMs(T, 1));
      expect(await journal.runs()).toEqual([open, { ...ended, finished: false, dueAt: plusMs(T, 1) }]);
      await journal.schedule(first, undefined);
      expect(await journal.runs()).toEqual([open, ended]);
      expect(await journal.runs({ finished: false })).toEqual([open]);
    });

    test("a rollback opens a finished run again, and is due at once", async () => {
      const { journal } = await one();
      await journal.create("r1", "backend-prod", planned, T);
      const lease = await taken(journal.acquire("r1", "me", T, TTL));
      const finish: EventBody = { type: "run-finished", outcome: "completed", because: "", halfDone: [] };
      await journal.append(lease, 1, finish, T);
      await journal.schedule(lease, undefined);
      const decided: EventBody = { type: "rollback-decided", services: [], because: "", by: "ann" };
      await journal.append(lease, 2, decided, plusMs(T, 1));
      expect(await journal.runs({ finished: false })).toMatchObject([{ finished: false, dueAt: plusMs(T, 1) }]);
      await journal.schedule(lease, undefined);
      expect(await journal.runs({ finished: true })).toEqual([]);
      await journal.append(lease, 3, finish, plusMs(T, 2));
      await journal.schedule(lease, undefined);
      expect(await journal.runs({ finished: true })).toHaveLength(1);
    });

    test("runs are listed newest first, by runbook, by ending, and no more than asked for", async () => {
      const { journal } = await one();
      await journal.create("old", "a", planned, T);
      await journal.create("new", "a", planned, plusMs(T, 1));
      await journal.create("other", "b", planned, plusMs(T, 2));
      const names = async (filter?: Parameters<typeof journal.runs>[0]): Promise<string[]> =>
        (await journal.runs(filter)).map(({ run }) => run);
      expect(await names()).toEqual(["other", "new", "old"]);
      expect(await names({ runbook: "a" })).toEqual(["new", "old"]);
      expect(await names({ limit: 1 })).toEqual(["other"]);
      expect(await names({ finished: true })).toEqual([]);
      expect(await names({ finished: false, runbook: "b" })).toEqual(["other"]);
    });

    test("when a run is due is kept, and forgotten when nothing is due", async () => {
      const { journal } = await one();
      await journal.create("r1", "backend-prod", planned, T);
      const lease = await taken(journal.acquire("r1", "me", T, TTL));
      await journal.schedule(lease, plusMs(T, 5_000));
      expect(await journal.runs()).toMatchObject([{ dueAt: plusMs(T, 5_000) }]);
      await journal.schedule(lease, undefined);
      expect((await journal.runs())[0]).not.toHaveProperty("dueAt");
    });
  });

  describe(`${name}: leases`, () => {
    test("a held lease is refused with its holder; an expired one is taken over with a higher fence", async () => {
      const [a, b] = await two();
      await a.journal.create("r1", "backend-prod", planned, T);
      const mine = await taken(a.journal.acquire("r1", "a", T, TTL));
      const early = plusMs(T, TTL - 1);
      expect(await b.journal.acquire("r1", "b", early, TTL)).toEqual({
        heldBy: "a",
        since: T,
        until: plusMs(T, TTL),
      });
      const theirs = await taken(b.journal.acquire("r1", "b", plusMs(T, TTL), TTL));
      expect(theirs.fence).toBeGreaterThan(mine.fence);
      const late = plusMs(T, TTL + 1);
      await expect(a.journal.append(mine, 1, resumed("a"), late)).rejects.toMatchObject({ problem: "lease-lost" });
      await expect(a.journal.schedule(mine, late)).rejects.toMatchObject({ problem: "lease-lost" });
      await a.journal.release(mine);
      expect(await b.journal.append(theirs, 1, resumed("b"), late)).toEqual({ fresh: true });
      expect(await a.journal.read("r1", 1)).toMatchObject([{ by: "b" }]);
    });

    test("an append renews the lease; a clock that is behind does not shorten it", async () => {
      const { journal } = await one();
      await journal.create("r1", "backend-prod", planned, T);
      const lease = await taken(journal.acquire("r1", "a", T, TTL));
      await journal.append(lease, 1, resumed("a"), plusMs(T, TTL - 1));
      await journal.append(lease, 2, resumed("a"), T);
      const other = await journal.acquire("r1", "b", plusMs(T, TTL + 10), TTL);
      expect(other).toMatchObject({ heldBy: "a", until: plusMs(T, 2 * TTL - 1) });
    });

    test("an expired lease that nobody took over still appends", async () => {
      const { journal } = await one();
      await journal.create("r1", "backend-prod", planned, T);
      const lease = await taken(journal.acquire("r1", "a", T, TTL));
      expect(await journal.append(lease, 1, resumed("a"), plusMs(T, 10 * TTL))).toEqual({ fresh: true });
    });

    test("the holder may acquire again and keeps its fence", async () => {
      const { journal } = await one();
      await journal.create("r1", "backend-prod", planned, T);
      const lease = await taken(journal.acquire("r1", "a", T, TTL));
      const again = await taken(journal.acquire("r1", "a", plusMs(T, 5), TTL));
      expect(again).toEqual({ ...lease, expiresAt: plusMs(T, 5 + TTL) });
    });

    test("a released lease is free at once, writes no more, and its successor has a higher fence", async () => {
      const { journal } = await one();
      await journal.create("r1", "backend-prod", planned, T);
      const first = await taken(journal.acquire("r1", "a", T, TTL));
      await journal.release(first);
      await expect(journal.append(first, 1, resumed("a"), T)).rejects.toMatchObject({ problem: "lease-lost" });
      const second = await taken(journal.acquire("r1", "b", T, TTL));
      expect(second.fence).toBeGreaterThan(first.fence);
    });
  });

  describe(`${name}: locks`, () => {
    test("all or none: one service in the way leaves the others free", async () => {
      const [a, b] = await two();
      expect(await a.locks.lock(["s1"], "r1", "a", T, TTL, "deploy")).toHaveProperty("fence");
      const refused = await b.locks.lock(["s0", "s1", "s2"], "r2", "b", T, TTL, "deploy");
      expect(refused).toMatchObject({ blockedBy: [{ service: "s1", run: "r1", kind: "lock", owner: "a", since: T }] });
      expect((await b.locks.entries()).map(({ service }) => service)).toEqual(["s1"]);
    });

    test("an expired lock is taken over with a higher fence", async () => {
      const [a, b] = await two();
      const first = await fenceOf(a.locks.lock(["s1", "s2"], "r1", "a", T, TTL, "deploy"));
      expect(await b.locks.lock(["s1"], "r2", "b", plusMs(T, TTL - 1), TTL, "deploy")).toHaveProperty("blockedBy");
      const second = await fenceOf(b.locks.lock(["s1"], "r2", "b", plusMs(T, TTL), TTL, "deploy"));
      expect(second).toBeGreaterThan(first);
      expect(await a.locks.lock(["s1", "s2"], "r1", "a", plusMs(T, TTL), TTL, "deploy")).toMatchObject({
        blockedBy: [{ service: "s1", run: "r2" }],
      });
    });

    test("its holder renews a lock and keeps the fence; another process of the run gets a higher one", async () => {
      const [a, b] = await two();
      const first = await fenceOf(a.locks.lock(["s1", "s2"], "r1", "a", T, TTL, "deploy"));
      const later = plusMs(T, TTL / 4);
      expect(await fenceOf(a.locks.lock(["s1", "s2"], "r1", "a", later, TTL, "deploy"))).toBe(first);
      expect(await a.locks.entries(["s2"])).toMatchObject([{ since: T, until: plusMs(later, TTL) }]);
      expect(await fenceOf(b.locks.lock(["s1", "s2"], "r1", "b", T, TTL, "deploy"))).toBeGreaterThan(first);
      expect(await fenceOf(b.locks.lock(["s1", "s3"], "r1", "b", T, TTL, "deploy"))).toBeGreaterThan(first + 1);
    });

    test("a lock that has most of its time left is not written anew", async () => {
      const { locks } = await one();
      const first = await fenceOf(locks.lock(["s1", "s2"], "r1", "a", T, TTL, "deploy"));
      expect(await fenceOf(locks.lock(["s1", "s2"], "r1", "a", plusMs(T, TTL / 4 - 1), TTL, "deploy"))).toBe(first);
      expect((await locks.entries()).map(({ until }) => until)).toEqual([plusMs(T, TTL), plusMs(T, TTL)]);
    });

    test("unlock frees a run's own locks only; fences go on from where they were", async () => {
      const { locks } = await one();
      const first = await fenceOf(locks.lock(["s1"], "r1", "a", T, TTL, "deploy"));
      await locks.lock(["s2"], "r2", "b", T, TTL, "deploy");
      await locks.unlock(["s1", "s2"], "r1");
      expect(await locks.entries()).toMatchObject([{ service: "s2", run: "r2" }]);
      expect(await fenceOf(locks.lock(["s1"], "r3", "c", T, TTL, "deploy"))).toBeGreaterThan(first);
    });

    test("a hold blocks every run, its own too, for good; unlock leaves it; clear lifts it", async () => {
      const { locks } = await one();
      await locks.lock(["s1"], "r1", "a", T, TTL, "deploy");
      await locks.hold(["s1", "s2"], "r1", "a", T, "rolled back");
      const later = plusMs(T, 1_000 * TTL);
      expect(await locks.lock(["s2"], "r1", "a", later, TTL, "deploy")).toHaveProperty("blockedBy");
      expect(await locks.lock(["s1"], "r2", "b", later, TTL, "deploy")).toMatchObject({
        blockedBy: [{ service: "s1", kind: "hold", run: "r1", because: "rolled back" }],
      });
      await locks.unlock(["s1"], "r1");
      expect(await locks.entries()).toHaveLength(2);
      expect((await locks.entries(["s1"]))[0]).not.toHaveProperty("until");
      expect(await locks.clear(["s1", "s2"], "lock")).toEqual([]);
      expect(await locks.clear(["s1"], "hold")).toMatchObject([{ service: "s1", kind: "hold" }]);
      expect(await locks.entries()).toMatchObject([{ service: "s2" }]);
    });

    test("clear breaks a lock by force and says whose it was", async () => {
      const { locks } = await one();
      await locks.lock(["s1"], "r1", "a", T, TTL, "deploy");
      expect(await locks.clear(["s1", "s9"], "hold")).toEqual([]);
      expect(await locks.clear(["s1", "s9"], "lock")).toMatchObject([{ service: "s1", run: "r1", owner: "a" }]);
      expect(await locks.entries()).toEqual([]);
    });
  });

  describe(`${name}: inbox, evidence, samples`, () => {
    test("messages come oldest first, per run, until they are taken", async () => {
      const [a, b] = await two();
      await a.inbox.send("r1", { kind: "pause", by: "ann" }, T);
      await b.inbox.send("r1", { kind: "answer", question: "q", answer: "keep", by: "bob" }, plusMs(T, 1));
      await b.inbox.send("r2", { kind: "rollback", services: ["s"], by: "bob", because: "errors" }, T);
      const [first, second, ...rest] = await a.inbox.pending("r1");
      expect(rest).toEqual([]);
      expect(first).toMatchObject({ message: { kind: "pause", by: "ann" }, at: T });
      expect(second?.message).toEqual({ kind: "answer", question: "q", answer: "keep", by: "bob" });
      await a.inbox.taken("r1", first?.id ?? -1);
      expect(await b.inbox.pending("r1")).toEqual([second]);
      await b.inbox.taken("r2", second?.id ?? -1);
      expect(await b.inbox.pending("r1")).toEqual([second]);
    });

    test("evidence is named by its content, whatever the order of its keys", async () => {
      const { evidence } = await one();
      const digest = await evidence.put({ a: 1, b: ["x"] });
      expect(await evidence.put({ b: ["x"], a: 1 })).toBe(digest);
      expect(await evidence.put({ a: 2, b: ["x"] })).not.toBe(digest);
      expect(await evidence.get(digest)).toEqual({ a: 1, b: ["x"] });
      expect(await evidence.get("0".repeat(64))).toBeUndefined();
    });

    test("a sample is the last one saved under its run and key", async () => {
      const [a, b] = await two();
      await a.evidence.saveSample("r1", "k", { n: 1 });
      await a.evidence.saveSample("r1", "k", { n: 2 });
      expect(await b.evidence.loadSample("r1", "k")).toEqual({ n: 2 });
      expect(await b.evidence.loadSample("r2", "k")).toBeUndefined();
      expect(await b.evidence.loadSample("r1", "other")).toBeUndefined();
    });
  });
}

async function taken(acquired: ReturnType<State["journal"]["acquire"]>): Promise<Lease> {
  const lease = await acquired;
  if ("heldBy" in lease) throw new Error(`held by ${lease.heldBy}`);
  return lease;
}

async function fenceOf(locked: ReturnType<State["locks"]["lock"]>): Promise<number> {
  const result = await locked;
  if ("blockedBy" in result) throw new Error(`blocked by ${JSON.stringify(result.blockedBy)}`);
  return result.fence;
}
