/* oxlint-disable no-control-regex -- terminals are told by their escape sequences */
/** Hostile strings in every place of a run, on every screen and in the output of every command about runs and files. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSqliteState } from "../../src/journal/sqlite-state.ts";
import type { EventBody, RunEvent } from "../../src/model/event.ts";
import { applyEvent, progressOf } from "../../src/model/progress.ts";
import { plusMs, SECOND } from "../../src/model/time.ts";
import { createScreen } from "../../src/reporters/screen.ts";
import type { ScreenOptions } from "../../src/reporters/screen-model.ts";
import { badRun } from "../support/events.ts";
import { HOSTILE } from "../support/hostile-corpus.ts";
import { run, testIo } from "../support/journey.ts";
import { poisoned } from "../support/poison.ts";

const ROUNDS = HOSTILE.map((_, index) => index).filter((index) => index % 40 === 0);

function round(first: number): readonly RunEvent[] {
  let count = 0;
  return poisoned(badRun().events, () => (HOSTILE[(first + count++) % HOSTILE.length]?.text ?? "").slice(0, 3_000));
}

type Choice = Pick<ScreenOptions, "kind" | "color"> & { readonly unicode?: boolean };

async function play(events: readonly RunEvent[], options: Choice): Promise<string> {
  const out = Object.assign(new PassThrough(), { columns: 80, rows: 60, isTTY: true });
  let text = "";
  out.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const base = { stdout: out, stderr: out, columns: 80, unicode: true, showComments: true };
  const screen = await createScreen({ ...base, ...options });
  let progress = progressOf(events.slice(0, 1));
  screen.begin(progress);
  for (const event of events.slice(1)) {
    progress = applyEvent(progress, event);
    screen.event(event, progress);
    if (event.type === "item-waiting") {
      const wait = { item: event.item, for: event.for, since: event.at, lookAt: plusMs(event.at, SECOND) };
      screen.waiting([wait], event.at);
    }
    await new Promise(setImmediate);
  }
  await screen.close(progress, 1);
  await new Promise(setImmediate);
  return text;
}

/** Control sequences as a terminal splits them; whatever else is a control, invisible, or half a character stays. */
function sequences(text: string): ReadonlySet<string> {
  return new Set(
    [...text.matchAll(/\u001B\[[0-?]*[ -/]*[@-~]|(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu)]
      .map(([found]) => found)
      .filter((found) => found !== "\u200B" && !/^\u001B\[\d*[ABGK]$/.test(found)),
  );
}

/** Lines that a CI runner would obey. */
function commands(text: string): readonly string[] {
  return text.split(/[\r\n]/).filter((line) => /^\s*::|##\w*\[/.test(line));
}

/** As the runner reads them: groups in order; of annotations, which differ as the words do, only what is none of ours. */
function commandNames(text: string): readonly string[] {
  return commands(text)
    .map((line) => /^::(\w+)(?: title=[^:,]+)?::/.exec(line)?.[1] ?? line)
    .filter((name) => name !== "error" && name !== "warning");
}

describe.each([
  { kind: "lines", color: false },
  { kind: "lines", color: true },
  { kind: "lines", color: false, unicode: false },
  { kind: "actions", color: false },
  { kind: "actions", color: false, unicode: false },
  { kind: "terminal", color: true },
] as const)("%o", (options) => {
  test(`${HOSTILE.length} strings, ${ROUNDS.length} rounds: no control sequence but the screen's own, no runner's command`, async () => {
    const plain = await play(badRun().events, options);
    const own = sequences(plain);
    for (const first of ROUNDS) {
      const text = await play(round(first), options);
      expect(
        [...sequences(text)].filter((found) => !own.has(found)),
        `round ${first}`,
      ).toEqual([]);
      if (options.kind !== "terminal") expect(commandNames(text), `round ${first}`).toEqual(commandNames(plain));
    }
  });
});

test(`${HOSTILE.length} strings as NDJSON: visible characters only, and the events come back as they were`, async () => {
  for (const first of ROUNDS) {
    const events = round(first);
    const text = await play(events, { kind: "json", color: false });
    expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    const lines = text.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(JSON.parse(JSON.stringify(events.slice(1))));
  }
});

describe("commands", () => {
  let directory = "";
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "hostile-"));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  /** Output of a command must be harmless, whatever its exit code. */
  async function harmless(...argv: string[]): Promise<string> {
    const { stdout, stderr } = await run(argv, testIo({ RUNBOOK_DIR: directory }, directory));
    for (const text of [stdout, stderr]) {
      expect([...sequences(text)], argv.join(" ")).toEqual([]);
      expect(commands(text), argv.join(" ")).toEqual([]);
    }
    return stdout + stderr;
  }

  test(`show, history, status, explain, rollback's refusal: ${ROUNDS.length} runs of hostile words`, async () => {
    const path = join(directory, "state.db");
    const state = await openSqliteState(path);
    const ids: string[] = [];
    for (const first of ROUNDS) {
      const [planned, ...rest] = round(first);
      if (planned?.type !== "run-planned") throw new TypeError("no plan");
      const id = `20260412-0400-r${String(first).padStart(3, "0")}`;
      ids.push(id);
      await state.journal.create(id, "backend-prod", bodyOf(planned), planned.at);
      const lease = await state.journal.acquire(id, "test", planned.at, 60_000);
      if (!("fence" in lease)) throw new TypeError("no lease");
      for (const [index, event] of rest.entries()) {
        // The lease is renewed by the events' own times, which are far apart.
        await state.journal.append({ ...lease }, index + 1, bodyOf(event), event.at);
      }
    }
    await state.close();
    await harmless("history", "--state", path);
    await harmless("status", "--state", path);
    for (const id of ids) {
      for (const verb of ["show", "status"]) await harmless(verb, id, "--state", path);
      await harmless("show", id, "--state", path, "--json");
      await harmless("explain", id, "5m", "--state", path);
    }
  });

  test(`list, plan and validate: every third of ${HOSTILE.length} strings in a runbook's free texts, and in its names`, async () => {
    for (const { text } of HOSTILE.filter((_, index) => index % 3 === 0)) {
      const file = join(directory, "small.yaml");
      await writeFile(file, small(text.toWellFormed().slice(0, 1_900) || "x", "main"));
      await harmless("list");
      await harmless("plan", "small");
      await writeFile(file, small("x", text.toWellFormed().slice(0, 1_900), text.toWellFormed().slice(0, 190)));
      await harmless("validate", file);
      await harmless("plan", `no-${text}`);
    }
  });
});

function bodyOf({ v: _v, run: _run, seq: _seq, at: _at, ...body }: RunEvent): EventBody {
  return body;
}

const small = (description: string, branch: string, word = "wait"): string => `
name: small
description: ${JSON.stringify(description)}
inputs: { branch: { default: ${JSON.stringify(branch)}, description: ${JSON.stringify(description)} } }
services:
  web: { cloud-run: { project: ${JSON.stringify(description.slice(0, 190))}, region: us-central1, service: web } }
steps:
  - { id: pause, uses: ${JSON.stringify(word)}, with: { for: 1m } }
  - { id: run, uses: run-command, with: { argv: [echo, ${JSON.stringify(description)}] } }
`;
