import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { translate } from "../../src/journal/sqlite-database.ts";
import { openSqliteState } from "../../src/journal/sqlite-state.ts";
import { JournalError, type JournalProblem } from "../../src/journal/state.ts";
import { instant } from "../../src/model/time.ts";
import { planned, stateContract } from "./state-contract.ts";

const T = instant("2026-04-12T04:00:00.000Z");

stateContract("sqlite", async () => {
  const path = join(scratch(), "state.sqlite");
  return () => openSqliteState(path);
});

describe("the file", () => {
  test("is private, and so are its directory and its write-ahead log", async () => {
    const directory = join(scratch(), "deep", "runbook");
    const state = await openSqliteState(join(directory, "state.sqlite"));
    await state.inbox.send("r1", { kind: "pause", by: "ann" }, T);
    const modes = ["", "state.sqlite", "state.sqlite-wal"].map((name) => statSync(join(directory, name)).mode & 0o777);
    expect(modes).toEqual([0o700, 0o600, 0o600]);
    await state.close();
  });

  test("survives closing and opening", async () => {
    const path = join(scratch(), "state.sqlite");
    const first = await openSqliteState(path);
    await first.journal.create("r1", "backend-prod", planned, T);
    await first.close();
    const second = await openSqliteState(path);
    expect(await second.journal.read("r1")).toHaveLength(1);
    await second.close();
  });

  test(":memory: needs none", async () => {
    const state = await openSqliteState(":memory:");
    await state.journal.create("r1", "backend-prod", planned, T);
    expect(await state.journal.read("r1")).toHaveLength(1);
    await state.close();
  });

  test("that is damaged, foreign, newer or out of reach is refused with a sentence", async () => {
    const directory = scratch();
    const check = async (path: string, problem: JournalProblem, sentence: RegExp): Promise<void> => {
      const refused: unknown = await openSqliteState(path).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(JournalError);
      expect(refused).toMatchObject({ problem, message: expect.stringMatching(sentence) });
    };
    const garbage = join(directory, "garbage");
    writeFileSync(garbage, "this is no database ".repeat(100));
    await check(garbage, "corrupt", /garbage is damaged, or it is no SQLite file/);

    const foreign = join(directory, "foreign");
    sql(foreign, "CREATE TABLE songs (title TEXT)");
    await check(foreign, "corrupt", /foreign is a database of something else/);
    expect(sql(foreign, "SELECT name FROM sqlite_schema")).toEqual([{ name: "songs" }]);

    const newer = join(directory, "newer");
    await (await openSqliteState(newer)).close();
    sql(newer, "PRAGMA user_version = 99");
    await check(newer, "newer-schema", /written by a newer runbook \(schema 99/);

    await check(join(garbage, "state"), "unwritable", /cannot be opened or written/);
    await check(directory, "unwritable", /cannot be opened or written/);
    if (process.getuid?.() !== 0) {
      const locked = join(directory, "locked");
      mkdirSync(locked);
      chmodSync(locked, 0o500);
      await check(join(locked, "state"), "unwritable", /cannot be opened or written/);
    }
  });

  test("on a full disk says so", () => {
    const path = join(scratch(), "small");
    sql(path, "CREATE TABLE t (x TEXT)");
    const database = new DatabaseSync(path);
    onTestFinished(() => database.close());
    database.exec("PRAGMA max_page_count = 2");
    const told = ((): unknown => {
      try {
        database.exec("INSERT INTO t VALUES (zeroblob(100000))");
      } catch (error) {
        return translate(error, path);
      }
      return undefined;
    })();
    expect(told).toMatchObject({ problem: "unwritable", message: expect.stringMatching(/disk.*full/) });
  });
});

describe("a bad row", () => {
  const check = async (damage: string, message: RegExp): Promise<void> => {
    const path = join(scratch(), "state.sqlite");
    const state = await openSqliteState(path);
    onTestFinished(() => state.close());
    await state.journal.create("r1", "backend-prod", planned, T);
    const lease = await state.journal.acquire("r1", "me", T, 1_000);
    if ("heldBy" in lease) throw new Error("held");
    await state.journal.append(lease, 1, { type: "run-resumed", by: "ann" }, T);
    await state.journal.append(lease, 2, { type: "run-resumed", by: "bob" }, T);
    sql(path, damage);
    await expect(state.journal.read("r1")).rejects.toMatchObject({
      problem: "corrupt",
      message: expect.stringMatching(message),
    });
  };

  test("names the run and the event", async () => {
    const digest = "04ba8a7f1d3d2b5f";
    await check(
      "UPDATE events SET event = replace(event, 'ann', 'eve') WHERE seq = 2",
      /^Event 2 of the run r1 .*does not match its digest/,
    );
    await check("DELETE FROM events WHERE seq = 2", /^Event 2 of the run r1 .*missing/);
    await check(`UPDATE events SET digest = '${digest}' WHERE seq = 3`, /^Event 3 of the run r1/);
  });

  test("in evidence is found by its name", async () => {
    const path = join(scratch(), "state.sqlite");
    const state = await openSqliteState(path);
    onTestFinished(() => state.close());
    const digest = await state.evidence.put({ errors: 4 });
    sql(path, `UPDATE evidence SET content = '{"errors":0}'`);
    await expect(state.evidence.get(digest)).rejects.toMatchObject({ problem: "corrupt" });
  });
});

describe("processes", () => {
  test("opening one new file at the same time all succeed", async () => {
    const path = join(scratch(), "state.sqlite");
    const opened = await Promise.all([1, 2, 3, 4].map((name) => appender(path, `p${name}`, 0).ready));
    expect(opened).toHaveLength(4);
  });

  test("that append to one run at once: exactly one is fresh for each event", async () => {
    const path = await preparedRun();
    const both = [appender(path, "a", 40), appender(path, "b", 40)];
    await Promise.all(both.map(({ ready }) => ready));
    for (const { child } of both) child.stdin?.write("go\n");
    const [a = [], b = []] = await Promise.all(both.map(({ done }) => done));
    for (let seq = 1; seq <= 40; seq++) {
      expect(new Set([a[seq - 1], b[seq - 1]])).toEqual(new Set([`${seq} fresh`, `${seq} stale`]));
    }
    const state = await openSqliteState(path);
    onTestFinished(() => state.close());
    const events = await state.journal.read("r1", 1);
    const winners = events.map((event) => (event.type === "run-resumed" ? event.by : ""));
    expect(winners).toEqual(a.map((line, index) => `${line.endsWith("fresh") ? "a" : "b"} ${index + 1}`));
  });

  test("killed right after an append resolved leave the event behind", async () => {
    const path = await preparedRun();
    const { child, ready } = appender(path, "victim", 10_000);
    await ready;
    const lines: string[] = [];
    const killed = once(child, "exit");
    createInterface({ input: stdoutOf(child) }).on("line", (line) => {
      lines.push(line);
      if (lines.length === 5) child.kill("SIGKILL");
    });
    child.stdin?.write("go\n");
    expect(await killed).toEqual([null, "SIGKILL"]);
    const state = await openSqliteState(path);
    onTestFinished(() => state.close());
    const events = await state.journal.read("r1", 1);
    expect(lines.length).toBeGreaterThanOrEqual(5);
    expect(events.length).toBeGreaterThanOrEqual(lines.length);
    expect(events.length).toBeLessThan(10_000);
    const lease = await state.journal.acquire("r1", "next", instant("2026-04-12T05:00:00.000Z"), 1_000);
    expect(lease).toMatchObject({ owner: "next", fence: 2 });
  });
});

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), "runbook-state-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A file with the run r1 whose lease has fence 1 and the owner "shared". */
async function preparedRun(): Promise<string> {
  const path = join(scratch(), "state.sqlite");
  const state = await openSqliteState(path);
  await state.journal.create("r1", "backend-prod", planned, T);
  await state.journal.acquire("r1", "shared", T, 60_000);
  await state.close();
  return path;
}

interface Appender {
  readonly child: ChildProcess;
  readonly ready: Promise<void>;
  /** Its lines, when it has ended well. */
  readonly done: Promise<string[]>;
}

function appender(path: string, name: string, count: number): Appender {
  const program = join(import.meta.dirname, "..", "support", "append-events.ts");
  const child = spawn(process.execPath, [program, path, name, String(count)], { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const output = stdoutOf(child);
  const lines: string[] = [];
  const ready = new Promise<void>((resolve, reject) => {
    createInterface({ input: output }).on("line", (line) => {
      if (line === "ready") resolve();
      else lines.push(line);
    });
    child.once("exit", (code) => reject(new Error(`the appender ended early: ${code}`)));
  });
  const done = once(child, "close").then(() => lines);
  return { child, ready, done };
}

function stdoutOf(child: ChildProcess): NonNullable<ChildProcess["stdout"]> {
  if (child.stdout === null) throw new Error("no stdout");
  return child.stdout;
}

function sql(path: string, statement: string): unknown {
  const database = new DatabaseSync(path);
  try {
    return database.prepare(statement).all();
  } finally {
    database.close();
  }
}
