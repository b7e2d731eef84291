import { expect, test } from "vitest";
import { PortFailure } from "../../../src/model/error.ts";
import type { Json } from "../../../src/model/json.ts";
import { instant, plusMs } from "../../../src/model/time.ts";
import type { Command, CommandSpec, CommandState } from "../../../src/ports/command.ts";
import { runCommand } from "../../../src/steps/run-command.ts";
import type { StepOutcome } from "../../../src/steps/step.ts";
import { EffectLedger, stepContext } from "../../support/step-context.ts";

const T = instant("2026-04-12T04:00:00.000Z");
const MIGRATE = { argv: ["./migrate", "--all"] };

/** Programs in memory; a new one over the same ledger is a process after a crash. */
class FakeCommand implements Command {
  readonly started: (CommandSpec & { key: string })[] = [];
  readonly stopped: string[] = [];
  state: CommandState = { state: "running" };

  async start(key: string, spec: CommandSpec): Promise<void> {
    this.started.push({ key, ...spec });
  }
  async poll(key: string): Promise<CommandState> {
    return this.started.some((program) => program.key === key) ? this.state : { state: "unknown" };
  }
  async stop(key: string): Promise<void> {
    this.stopped.push(key);
  }
}

interface Options {
  with?: unknown;
  command?: Command;
  ledger?: EffectLedger;
  memo?: Json;
  afterMs?: number;
  answers?: Record<string, string>;
  inputs?: Record<string, string>;
}

function turn(options: Options): Promise<StepOutcome> {
  return runCommand.turn(
    stepContext({
      args: runCommand.args.parse(options.with ?? MIGRATE),
      world: { now: plusMs(T, options.afterMs ?? 0) },
      ports: { command: options.command ?? new FakeCommand() },
      startedAt: T,
      deadline: plusMs(T, 600_000),
      memo: options.memo,
      ...(options.ledger === undefined ? {} : { ledger: options.ledger }),
      ...(options.answers === undefined ? {} : { answers: options.answers }),
      run: { id: "r1", inputs: options.inputs ?? {} },
    }),
  );
}

test("it is started once, with the inputs as environment variables, and looked at every second", async () => {
  const command = new FakeCommand();
  const ledger = new EffectLedger();
  const options = {
    with: { argv: ["./migrate"], env: { MODE: "fast" }, cwd: "/srv" },
    inputs: { "gcp-project": "$(rm -rf)", branch: "main" },
  };
  const first = await turn({ ...options, command, ledger });
  expect(first).toMatchObject({ kind: "waiting", for: "./migrate to end", lookAt: plusMs(T, 1_000) });
  await turn({ ...options, command, ledger, afterMs: 1_000 });
  expect(command.started).toEqual([
    {
      key: "r1/step-under-test/1",
      argv: ["./migrate"],
      env: {
        RUNBOOK_RUN: "r1",
        RUNBOOK_INPUT_GCP_PROJECT: "$(rm -rf)",
        RUNBOOK_INPUT_BRANCH: "main",
        MODE: "fast",
      },
      cwd: "/srv",
      timeoutMs: 660_000,
    },
  ]);
});

test("exit code 0 is done, with the last line as output; anything else is refused with the last lines", async () => {
  const check = async (end: Partial<CommandState>, expected: object): Promise<void> => {
    const command = new FakeCommand();
    command.state = { state: "exited", exitCode: 0, timedOut: false, output: "", ...end };
    expect(await turn({ command })).toEqual(expected);
  };
  const done = { kind: "done", summary: "./migrate --all: exit code 0" };
  await check({ output: "one\ntwo\n\n" }, { ...done, output: { "exit-code": "0", stdout: "two" } });
  await check({ output: "" }, { ...done, output: { "exit-code": "0", stdout: "" } });
  const refused = (because: string): object => ({ kind: "refused", because });
  await check({ exitCode: 1, output: "no table\n" }, refused("./migrate --all: exit code 1\nno table"));
  await check({ exitCode: 2, output: "1\n2\n3\n4\n5\n6\n" }, refused("./migrate --all: exit code 2\n2\n3\n4\n5\n6"));
  await check({ exitCode: undefined, signal: "SIGKILL" }, refused("./migrate --all: was ended by SIGKILL"));
  await check({ exitCode: 0, timedOut: true }, refused("./migrate --all: took too long and was stopped"));
});

test("secrets of its environment are taken out, and long lines are cut", async () => {
  const command = new FakeCommand();
  command.state = {
    state: "exited",
    exitCode: 0,
    timedOut: false,
    output: `prod: token hunter2-abc ${"x".repeat(600)}`,
  };
  const outcome = await turn({ command, with: { argv: ["x"], env: { API_TOKEN: "hunter2-abc", MODE: "prod" } } });
  if (outcome.kind !== "done") throw new Error(outcome.kind);
  expect(outcome.output?.["stdout"]).toMatch(/^prod: token \[secret\] x+$/);
  expect(outcome.output?.["stdout"]).toHaveLength(500);
});

test("after a crash it is never run again by itself: a person is asked", async () => {
  const ledger = new EffectLedger();
  await turn({ ledger });
  const command = new FakeCommand();
  const waiting = await turn({ ledger, command, afterMs: 5_000 });
  expect(waiting).toMatchObject({
    kind: "waiting",
    memo: { attempt: 1, askUntil: "2026-04-13T04:00:05.000Z" },
    deadline: "2026-04-13T04:01:05.000Z",
  });
  if (waiting.kind !== "waiting") return;
  const memo = waiting.memo ?? null;
  expect(await turn({ ledger, command, afterMs: 9_000, memo })).toEqual({
    ...waiting,
    lookAt: plusMs(T, 69_000),
  });
  const answered = (answer: string): Promise<StepOutcome> =>
    turn({ ledger, command, memo, answers: { "in-doubt:step-under-test:1": answer } });
  expect(await answered("done")).toEqual({ kind: "done", summary: "./migrate --all: done, by the operator's word" });
  expect(await answered("stop")).toMatchObject({ kind: "refused" });
  expect(command.started).toEqual([]);
  const again = await answered("retry");
  expect(again).toMatchObject({ kind: "waiting", memo: { attempt: 2 } });
  await turn({ ledger, command, memo: { attempt: 2 } });
  expect(command.started.map(({ key }) => key)).toEqual(["r1/step-under-test/2"]);
});

test("a start that was intended and never reported is in doubt too", async () => {
  const ledger = new EffectLedger();
  ledger.intended.add("start-1");
  const command = new FakeCommand();
  expect(await turn({ ledger, command })).toMatchObject({ kind: "waiting", for: "word about ./migrate --all" });
  expect(command.started).toEqual([]);
});

test("a program that does not exist is a failure, not a refusal", async () => {
  const command = new FakeCommand();
  command.start = () => Promise.reject(new PortFailure("not-found", "there is no program ./migrate"));
  await expect(turn({ command })).rejects.toMatchObject({ kind: "not-found" });
});

test("at the step's deadline it is stopped", async () => {
  const command = new FakeCommand();
  const ledger = new EffectLedger();
  await turn({ command, ledger });
  expect(await turn({ command, ledger, afterMs: 599_999 })).toMatchObject({ kind: "waiting" });
  expect(await turn({ command, ledger, afterMs: 600_000 })).toEqual({
    kind: "refused",
    because: "./migrate --all did not end within 10m, and was stopped",
  });
  expect(command.stopped).toEqual(["r1/step-under-test/1"]);
});

test("a command line is a list, not a text", () => {
  const check = (given: unknown, success: boolean): void => {
    expect(runCommand.args.safeParse(given).success).toBe(success);
  };
  check({ argv: ["ls"] }, true);
  check({ argv: [] }, false);
  check({ argv: [""] }, false);
  check({ argv: "ls -l" }, false);
  check({ argv: ["ls"], shell: true }, false);
});
