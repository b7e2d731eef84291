/** A process of its own for journal tests: opens the state, appends events as fast as it can, says what was fresh. */
import { type Instant, instant } from "../../src/model/time.ts";
import { openSqliteState } from "../../src/journal/sqlite-state.ts";
import type { Lease } from "../../src/journal/state.ts";

const [path = "", name = "", count = "0"] = process.argv.slice(2);
const at: Instant = instant("2026-04-12T04:00:00.000Z");
const lease: Lease = { run: "r1", owner: "shared", fence: 1, expiresAt: at };
const state = await openSqliteState(path);
process.stdout.write("ready\n");
await new Promise((resolve) => process.stdin.once("data", resolve));
for (let seq = 1; seq <= Number(count); seq++) {
  const { fresh } = await state.journal.append(lease, seq, { type: "run-resumed", by: `${name} ${seq}` }, at);
  process.stdout.write(`${seq} ${fresh ? "fresh" : "stale"}\n`);
}
process.stdin.unref();
await state.close();
