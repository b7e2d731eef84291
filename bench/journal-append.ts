/** What one appended event costs: `node bench/journal-append.ts [COUNT]`. Medians; the simulated bucket is on this machine. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createObjects } from "../src/adapters/objects.ts";
import { openObjectState } from "../src/journal/object-state.ts";
import { openSqliteState } from "../src/journal/sqlite-state.ts";
import type { State } from "../src/journal/state.ts";
import type { EventBody } from "../src/model/event.ts";
import { instant } from "../src/model/time.ts";
import { Faults } from "../src/simulator/faults.ts";
import { startStorageServer } from "../src/simulator/storage-server.ts";
import { World } from "../src/simulator/world.ts";
import { StorageState } from "../src/simulator/storage-state.ts";

const COUNT = Number(process.argv[2] ?? 500);
const WARM_UP = 20;
const AT = instant("2026-04-12T04:00:00.000Z");
/** About the size of the median event of a deploy. */
const EVENT: EventBody = {
  type: "item-done",
  item: "step:backend-serving",
  summary: "backend-00042-kub serves 100 % since 04:12 UTC, ".repeat(4),
  output: { revision: "backend-00042-kub" },
};
const FIRST: EventBody = { type: "run-resumed", by: "bench" };

const directory = mkdtempSync(join(tmpdir(), "bench-journal-"));
try {
  const bare = await timed(bareInsert(join(directory, "bare.db")));
  const file = await timed(await appends(await openSqliteState(join(directory, "state.db"))));
  const store = new StorageState();
  const server = await startStorageServer(store, new Faults(), new World({ now: AT, seed: 1 }));
  const objects = createObjects({ bucket: "bench", prefix: "state", endpoint: server.url });
  const bucket = await timed(await appends(await openObjectState(objects, { pause: async () => {} })));
  await server.close();
  tell("bare SQLite insert, synced", bare, bare);
  tell("SQLite state, one event", file, bare);
  tell("bucket state, one event (one request, loopback)", bucket, bare);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function bareInsert(path: string): (n: number) => void {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (n INTEGER PRIMARY KEY, x TEXT)");
  const insert = database.prepare("INSERT INTO t VALUES (?, ?)");
  const text = JSON.stringify(EVENT);
  return (n) => void insert.run(n, text);
}

async function appends({ journal }: State): Promise<(n: number) => Promise<void>> {
  await journal.create("r1", "bench", FIRST, AT);
  const lease = await journal.acquire("r1", "bench", AT, 60_000);
  if ("heldBy" in lease) throw new Error("the lease is held");
  return async (n) => {
    const { fresh } = await journal.append(lease, n, EVENT, AT);
    if (!fresh) throw new Error("not fresh");
  };
}

/** Milliseconds of each act, sorted, after a warm-up. */
async function timed(act: (n: number) => unknown): Promise<readonly number[]> {
  const taken: number[] = [];
  for (let n = 1; n <= COUNT + WARM_UP; n++) {
    const begun = performance.now();
    await act(n);
    if (n > WARM_UP) taken.push(performance.now() - begun);
  }
  return taken.sort((a, b) => a - b);
}

function tell(what: string, sorted: readonly number[], baseline: readonly number[]): void {
  const at = (share: number, of = sorted): number => of[Math.floor((of.length - 1) * share)] ?? Number.NaN;
  const ratio = (at(0.5) / at(0.5, baseline)).toFixed(1);
  process.stdout.write(
    `${what.padEnd(50)} median ${at(0.5).toFixed(3)} ms  p95 ${at(0.95).toFixed(3)} ms  x${ratio}\n`,
  );
}
