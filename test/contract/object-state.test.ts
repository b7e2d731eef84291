import { describe, expect, onTestFinished, test } from "vitest";
import type { Journal, Lease, State } from "../../src/journal/state.ts";
import type { EventBody } from "../../src/model/event.ts";
import { PortFailure } from "../../src/model/error.ts";
import { instant, plusMs } from "../../src/model/time.ts";
import type { Objects } from "../../src/ports/objects.ts";
import { type TestBucket, testBucket } from "../support/storage.ts";
import { planned, resumed, stateContract } from "./state-contract.ts";

const T = instant("2026-04-12T04:00:00.000Z");
const TTL = 60_000;

stateContract("bucket", async () => {
  const bucket = await testBucket();
  return () => bucket.open();
});

const finished: EventBody = { type: "run-finished", outcome: "completed", verdict: "pass", because: "", halfDone: [] };

describe("two machines", () => {
  test("that append to one run at once: exactly one is fresh for each event", async () => {
    const bucket = await testBucket();
    const [a, b] = [await bucket.open(), await bucket.open()];
    const lease = await begun(a.journal, "shared");
    for (let seq = 1; seq <= 25; seq++) {
      const both = [a, b].map(({ journal }, index) => journal.append(lease, seq, resumed(`${index} ${seq}`), T));
      const fresh = (await Promise.all(both)).map((result) => result.fresh);
      expect(fresh.filter(Boolean)).toHaveLength(1);
      expect(await a.journal.read("r1", seq)).toMatchObject([{ by: `${fresh.indexOf(true)} ${seq}` }]);
    }
    expect(await b.journal.read("r1")).toEqual(await a.journal.read("r1"));
  });

  test("that send the very same event at once: it is written once, and one of them hears so", async () => {
    const bucket = await testBucket();
    const [a, b] = [await bucket.open(), await bucket.open()];
    const lease = await begun(a.journal, "shared");
    const sent = [a, b, a].map(({ journal }) => journal.append(lease, 1, resumed("ann"), T));
    expect((await Promise.all(sent)).filter(({ fresh }) => fresh)).toHaveLength(1);
    expect(await a.journal.read("r1")).toHaveLength(2);
  });

  test("that want one lease at once: one gets it", async () => {
    const bucket = await testBucket();
    const states = [await bucket.open(), await bucket.open(), await bucket.open()];
    await states[0]?.journal.create("r1", "backend-prod", planned, T);
    const answers = await Promise.all(states.map(({ journal }, n) => journal.acquire("r1", `p${n}`, T, TTL)));
    expect(answers.filter((answer) => "fence" in answer)).toHaveLength(1);
  });

  test("that want one lock at once: one gets it, and all of its services", async () => {
    const bucket = await testBucket();
    const states = [await bucket.open(), await bucket.open(), await bucket.open()];
    const answers = await Promise.all(
      states.map(({ locks }, n) => locks.lock(["s1", `s${n + 2}`], `r${n}`, `p${n}`, T, TTL, "deploy")),
    );
    expect(answers.filter((answer) => "fence" in answer)).toHaveLength(1);
    expect(await states[0]?.locks.entries()).toHaveLength(2);
  });

  test("that send words to one run at once lose none", async () => {
    const bucket = await testBucket();
    const [a, b] = [await bucket.open(), await bucket.open()];
    const sent = Array.from({ length: 10 }, (_unused, n) =>
      (n % 2 === 0 ? a : b).inbox.send("r1", { kind: "pause", by: `p${n}` }, T),
    );
    await Promise.all(sent);
    const pending = await a.inbox.pending("r1");
    expect(pending.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(new Set(pending.map(({ message }) => message.by)).size).toBe(10);
  });
});

describe("a holder whose lease was taken over", () => {
  test("cannot append, even when its request was under way before the take-over", async () => {
    const bucket = await testBucket();
    const gate = gated(bucket.objects(), (key) => key.startsWith("log/"));
    const [old, next] = [await bucket.open(gate.objects), await bucket.open()];
    const mine = await begun(old.journal, "old");
    // It has looked at its lease, decided, and now its write is slow.
    const release = gate.hold();
    const slow = old.journal.append(mine, 1, resumed("old"), plusMs(T, 1));
    await gate.reached();
    const theirs = await taken(next.journal.acquire("r1", "next", plusMs(T, TTL), TTL));
    expect(theirs.fence).toBe(mine.fence + 1);
    release();
    await expect(slow).rejects.toMatchObject({ problem: "lease-lost" });
    expect(await next.journal.append(theirs, 1, resumed("next"), plusMs(T, TTL))).toEqual({ fresh: true });
    expect(await old.journal.read("r1", 1)).toMatchObject([{ by: "next" }]);
  });

  test("is not taken over when its append arrives first: the append renews the lease", async () => {
    const bucket = await testBucket();
    const gate = gated(bucket.objects(), (key) => key.startsWith("log/"));
    const [old, next] = [await bucket.open(), await bucket.open(gate.objects)];
    const mine = await begun(old.journal, "old");
    const release = gate.hold();
    const takeOver = next.journal.acquire("r1", "next", plusMs(T, TTL), TTL);
    await gate.reached();
    expect(await old.journal.append(mine, 1, resumed("old"), plusMs(T, TTL))).toEqual({ fresh: true });
    release();
    expect(await takeOver).toEqual({ heldBy: "old", since: T, until: plusMs(T, 2 * TTL) });
  });

  test("cannot say when the run is due, even when it had begun to before the take-over", async () => {
    const bucket = await testBucket();
    const gate = gated(bucket.objects(), (key) => key.startsWith("runs/"));
    const [old, next] = [await bucket.open(gate.objects), await bucket.open()];
    const mine = await begun(old.journal, "old");
    const release = gate.hold();
    const slow = old.journal.schedule(mine, plusMs(T, 1));
    await gate.reached();
    const theirs = await taken(next.journal.acquire("r1", "next", plusMs(T, TTL), TTL));
    await next.journal.schedule(theirs, plusMs(T, 5_000));
    release();
    await expect(slow).rejects.toMatchObject({ problem: "lease-lost" });
    expect(await next.journal.runs()).toMatchObject([{ dueAt: plusMs(T, 5_000) }]);
  });
});

describe("a crash", () => {
  test("between the summary and the first event leaves no run behind", async () => {
    const bucket = await testBucket();
    const dying = await bucket.open(dead(bucket.objects(), (key) => key.startsWith("log/")));
    await expect(dying.journal.create("r1", "backend-prod", planned, T)).rejects.toThrow("the process died");
    const { journal } = await bucket.open();
    expect(bucket.keys("runs/")).toHaveLength(1);
    expect(await journal.runs()).toEqual([]);
    expect(await journal.read("r1")).toEqual([]);
  });

  test("right after the first event leaves a run that is due", async () => {
    const bucket = await testBucket();
    await (await bucket.open()).journal.create("r1", "backend-prod", planned, T);
    expect(await (await bucket.open()).journal.runs({ finished: false })).toEqual([
      { run: "r1", runbook: "backend-prod", createdAt: T, finished: false, dueAt: T },
    ]);
  });

  test("between the last event and the summary is mended by the next turn", async () => {
    const bucket = await testBucket();
    const dying = await bucket.open(dead(bucket.objects(), (key) => /^(runs|finished)/.test(key), 1));
    const lease = await begun(dying.journal, "old");
    await expect(dying.journal.append(lease, 1, finished, T)).rejects.toThrow("the process died");
    const { journal } = await bucket.open();
    expect(await journal.runs()).toMatchObject([{ finished: false, dueAt: T }]);
    const next = await taken(journal.acquire("r1", "next", plusMs(T, TTL), TTL));
    expect(await journal.read("r1", 1)).toMatchObject([{ type: "run-finished" }]);
    await journal.schedule(next, undefined);
    expect(await journal.runs()).toEqual([{ run: "r1", runbook: "backend-prod", createdAt: T, finished: true }]);
  });
});

describe("a lost answer", () => {
  test("to an append is found out: the event is ours, once, and fresh", async () => {
    const bucket = await testBucket();
    const { journal } = await bucket.open();
    const lease = await begun(journal, "me");
    bucket.fail("put", { kind: "applied", status: 503 });
    expect(await journal.append(lease, 1, resumed("ann"), T)).toEqual({ fresh: true });
    expect(bucket.paused).toHaveLength(1);
    expect(await journal.read("r1", 1)).toHaveLength(1);
  });

  test("that stays lost is told; the same append again is fresh, and there is one event", async () => {
    const bucket = await testBucket();
    const { journal } = await bucket.open();
    const lease = await begun(journal, "me");
    bucket.fail("put", { kind: "applied", status: 503 });
    bucket.fail("put", { status: 503, times: 3 });
    await expect(journal.append(lease, 1, resumed("ann"), T)).rejects.toMatchObject({
      problem: "busy",
      message: expect.stringContaining("did not answer in time"),
    });
    expect(bucket.paused).toHaveLength(3);
    expect(await journal.append(lease, 1, resumed("ann"), T)).toEqual({ fresh: true });
    expect(await journal.read("r1")).toHaveLength(2);
    expect(await journal.append(lease, 1, resumed("ann"), T)).toEqual({ fresh: false });
  });

  test("to anything else leaves one of it", async () => {
    const bucket = await testBucket();
    const { journal, inbox, locks, evidence } = await bucket.open();
    const lose = (): void => bucket.fail("put", { kind: "applied", status: 500 });
    const lease = await begun(journal, "me");
    lose();
    expect(await journal.acquire("r1", "me", plusMs(T, 1), TTL)).toMatchObject({ fence: lease.fence });
    lose();
    await journal.schedule(lease, plusMs(T, 2));
    expect(await journal.runs()).toMatchObject([{ dueAt: plusMs(T, 2) }]);
    lose();
    await inbox.send("r1", { kind: "pause", by: "ann" }, T);
    expect(await inbox.pending("r1")).toHaveLength(1);
    lose();
    expect(await locks.lock(["s1"], "r1", "me", T, TTL, "deploy")).toEqual({ fence: 1 });
    lose();
    const digest = await evidence.put({ errors: 4 });
    expect(await evidence.get(digest)).toEqual({ errors: 4 });
    lose();
    await journal.release(lease);
    expect(await journal.acquire("r1", "other", plusMs(T, 3), TTL)).toMatchObject({ fence: lease.fence + 1 });
  });

  test("to the first write of all leaves a state that opens", async () => {
    const bucket = await testBucket();
    bucket.fail("put", { kind: "applied", status: 502 });
    const { locks } = await bucket.open();
    await locks.lock(["s1"], "r1", "me", T, TTL, "deploy");
    expect(await (await bucket.open()).locks.entries()).toHaveLength(1);
  });

  test("a throttled call waits as long as it is told, within reason", async () => {
    const bucket = await testBucket();
    const { journal } = await bucket.open();
    bucket.fail("put", { status: 429 });
    bucket.fail("list", { status: 503, times: 2 });
    await journal.create("r1", "backend-prod", planned, T);
    expect(await journal.read("r1")).toHaveLength(1);
    expect(bucket.paused).toEqual([250, 250, 1_000]);
  });
});

describe("a bucket", () => {
  const refused = async (bucket: TestBucket, objects?: Objects): Promise<unknown> => {
    try {
      const state = await bucket.open(objects);
      await state.journal.runs();
      return await state.journal.read("r1");
    } catch (error) {
      return error;
    }
  };

  test("that a newer version wrote is refused, and not written to", async () => {
    const bucket = await testBucket();
    bucket.replace("format.json", '{"format":2}');
    expect(await refused(bucket)).toMatchObject({
      problem: "newer-schema",
      message:
        "The state gs://state/team/runbook was written by a newer runbook (format 2, this one knows 1): use that version.",
    });
    expect(bucket.keys()).toEqual(["format.json"]);
  });

  test("that is missing, closed or silent is told in a sentence", async () => {
    const bucket = await testBucket();
    bucket.store.missing.add("nowhere");
    expect(await refused(bucket, bucket.objects({ bucket: "nowhere" }))).toMatchObject({
      problem: "unwritable",
      message: expect.stringMatching(/^The state gs:\/\/nowhere\/.* check that the bucket exists/),
    });
    bucket.fail("get", { status: 403 });
    expect(await refused(bucket)).toMatchObject({
      problem: "unauthorised",
      message: expect.stringMatching(/with these credentials/),
    });
    bucket.fail("get", { kind: "timeout", times: 4 });
    expect(await refused(bucket, bucket.objects({ timeoutMs: 50 }))).toMatchObject({ problem: "busy" });
  });

  test("is not written to by reading", async () => {
    const bucket = await testBucket();
    const state = await bucket.open();
    await state.journal.runs();
    await state.journal.read("r1");
    await state.locks.entries();
    await state.inbox.pending("r1");
    await state.evidence.get("0".repeat(64));
    expect(bucket.keys()).toEqual([]);
  });

  test("with a bad object names it", async () => {
    const check = async (key: string, change: (text: string) => string, message: RegExp): Promise<void> => {
      const bucket = await testBucket();
      const lease = await begun((await bucket.open()).journal, "me");
      await (await bucket.open()).journal.append(lease, 1, resumed("ann"), T);
      bucket.replace(key, change(bucket.text(key)));
      expect(await refused(bucket)).toMatchObject({ problem: "corrupt", message: expect.stringMatching(message) });
    };
    const last = "log/r1/00000003.json";
    await check(last, (text) => text.replace('"ann"', '"eve"'), /^Slot 3 .*run r1 .*digest/);
    await check(last, (text) => text.slice(0, 20), /^log\/r1\/00000003\.json .*it is no JSON/);
    await check(last, (text) => text.replace('"fence":1', '"fence":7'), /^Slot 3 .*did not hold the lease/);
    await check(
      "log/r1/00000001.json",
      (text) => text.replace('"kind":"event"', '"kind":"song"'),
      /^log\/r1\/00000001/,
    );
  });

  test("with a hole in a log says where", async () => {
    const bucket = await testBucket();
    const lease = await begun((await bucket.open()).journal, "me");
    await (await bucket.open()).journal.append(lease, 1, resumed("ann"), T);
    await bucket.objects().delete("log/r1/00000002.json");
    expect(await refused(bucket)).toMatchObject({
      problem: "corrupt",
      message: expect.stringMatching(/^Slot 2 of the log of run r1 .*missing/),
    });
  });

  test("with evidence that is not what its name says is found out", async () => {
    const bucket = await testBucket();
    const { evidence } = await bucket.open();
    const digest = await evidence.put({ errors: 4 });
    bucket.replace(`evidence/${digest}.json`, '{"v":1,"content":{"errors":0}}');
    await expect(evidence.get(digest)).rejects.toMatchObject({ problem: "corrupt" });
  });

  test("lists more runs and longer logs than one page holds", async () => {
    const bucket = await testBucket();
    const objects = bucket.objects();
    const small: Objects = {
      ...objects,
      list: async (prefix, startAfter) => {
        const { keys } = await objects.list(prefix, startAfter);
        return { keys: keys.slice(0, 3), more: keys.length > 3 };
      },
    };
    const { journal } = await bucket.open(small);
    for (let n = 0; n < 8; n++) await journal.create(`r${n}`, n % 2 === 0 ? "even" : "odd", planned, plusMs(T, n));
    expect((await journal.runs()).map(({ run }) => run)).toEqual(["r7", "r6", "r5", "r4", "r3", "r2", "r1", "r0"]);
    expect((await journal.runs({ runbook: "even", limit: 2 })).map(({ run }) => run)).toEqual(["r6", "r4"]);
    const lease = await taken(journal.acquire("r0", "me", T, TTL));
    for (let seq = 1; seq < 10; seq++) await journal.append(lease, seq, resumed(`${seq}`), T);
    expect(await (await bucket.open(small)).journal.read("r0")).toHaveLength(10);
  });

  test("an object that is too large is refused before it is written", async () => {
    const bucket = await testBucket();
    const { evidence } = await bucket.open();
    await expect(evidence.put("x".repeat(9 * 1024 * 1024))).rejects.toMatchObject({ problem: "unwritable" });
    expect(bucket.keys("evidence/")).toEqual([]);
  });
});

/** The run r1 and its lease. */
async function begun(journal: State["journal"], owner: string): Promise<Lease> {
  await journal.create("r1", "backend-prod", planned, T);
  return taken(journal.acquire("r1", owner, T, TTL));
}

async function taken(acquired: ReturnType<Journal["acquire"]>): Promise<Lease> {
  const lease = await acquired;
  if ("heldBy" in lease) throw new Error(`held by ${lease.heldBy}`);
  return lease;
}

/** Writes to some keys wait, from `hold()` until what it gave is called. */
function gated(
  objects: Objects,
  concerns: (key: string) => boolean,
): { objects: Objects; hold(): () => void; reached(): Promise<void> } {
  let gate = Promise.resolve();
  let open = (): void => {};
  let arrive = (): void => {};
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  let isHeld = false;
  onTestFinished(() => open());
  return {
    objects: {
      ...objects,
      put: async (key, ...rest) => {
        if (isHeld && concerns(key)) {
          arrive();
          await gate;
        }
        return objects.put(key, ...rest);
      },
    },
    hold() {
      isHeld = true;
      gate = new Promise((resolve) => (open = resolve));
      return open;
    },
    reached: () => arrived,
  };
}

/** Dies at the first write to such a key (after `spared` of them): nothing after it happens. */
function dead(objects: Objects, concerns: (key: string) => boolean, spared = 0): Objects {
  let left = spared;
  return {
    ...objects,
    put: async (key, ...rest) => {
      if (concerns(key) && left-- <= 0) throw new Error("the process died");
      return objects.put(key, ...rest);
    },
  };
}

test("a port failure never leaves the state as such", async () => {
  const bucket = await testBucket();
  const { evidence } = await bucket.open();
  bucket.fail("put", { status: 400, times: 2 });
  const told: unknown = await evidence.put({}).catch((error: unknown) => error);
  expect(told).not.toBeInstanceOf(PortFailure);
  expect(told).toMatchObject({ problem: "unwritable" });
});
