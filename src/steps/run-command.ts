/** `run-command`: runs a program without a shell and goes by its exit code. After a crash in between it asks a person. */
import { redact } from "../model/redact.ts";
import { z } from "zod";
import type { Json } from "../model/json.ts";
import { DAY, formatDuration, type Instant, instantSchema, MINUTE, msBetween, plusMs, SECOND } from "../model/time.ts";
import type { CommandState } from "../ports/command.ts";
import type { RunIdentity, StepContext, StepKind, StepOutcome } from "./step.ts";

const argsSchema = z.strictObject({
  argv: z
    .tuple([z.string().min(1)], z.string())
    .describe("The program and its arguments. No shell reads them: inputs arrive as RUNBOOK_INPUT_NAME."),
  env: z.record(z.string(), z.string()).prefault({}).describe("More environment variables."),
  cwd: z.string().exactOptional().describe("The directory to run in."),
});
type Args = z.infer<typeof argsSchema>;

/** `attempt` counts how often a person said to run it again. */
const memoSchema = z.strictObject({ attempt: z.number(), askUntil: instantSchema.exactOptional() });
type Memo = z.infer<typeof memoSchema>;

type Worded = Pick<StepContext<Args>, "args" | "redaction">;

/** Lines of output that a refusal shows. */
const SHOWN_LINES = 5;
const LONGEST_LINE = 500;

export const runCommand: StepKind<Args> = {
  uses: "run-command",
  summary: "Runs a program; exit code 0 is success.",
  args: argsSchema,
  platforms: [],
  needsServices: false,
  needs: [],
  defaultTimeoutMs: 30 * MINUTE,

  async turn(context) {
    const memo = context.memo === undefined ? { attempt: 1 } : memoSchema.parse(context.memo);
    const key = `${context.run.id}/${context.step.id}/${memo.attempt}`;
    await started(context, key, memo);
    const state = await context.ports.command.poll(key);
    switch (state.state) {
      case "running":
        return running(context, key, memo);
      case "unknown":
        return inDoubt(context, memo);
      case "exited":
        return exited(context, state);
    }
  },
};

async function started(context: StepContext<Args>, key: string, memo: Memo): Promise<void> {
  const { args, ports, run, deadline, now } = context;
  await context.effect<null>({
    key: `start-${memo.attempt}`,
    what: `run ${commandLine(context)}`,
    // Once begun it is never begun again by itself: what came of it is asked of the program, or of a person.
    find: async () => ({ found: true, result: null }),
    act: async () => {
      await ports.command.start(key, {
        argv: args.argv,
        env: { ...inputVariables(run), ...args.env },
        // Behind the step's own deadline: only for a program that nobody looks after any more.
        timeoutMs: Math.max(0, msBetween(now, deadline)) + MINUTE,
        ...(args.cwd === undefined ? {} : { cwd: args.cwd }),
      });
      return null;
    },
  });
}

/** "gcp-project" arrives as RUNBOOK_INPUT_GCP_PROJECT. */
function inputVariables(run: RunIdentity): Record<string, string> {
  const inputs = Object.entries(run.inputs).map(([name, value]) => [
    `RUNBOOK_INPUT_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}`,
    value,
  ]);
  return { RUNBOOK_RUN: run.id, ...Object.fromEntries(inputs) };
}

async function running(context: StepContext<Args>, key: string, memo: Memo): Promise<StepOutcome> {
  const { startedAt, deadline, now } = context;
  const name = commandLine(context);
  if (now < deadline) return { kind: "waiting", for: `${name} to end`, lookAt: plusMs(now, SECOND), memo };
  await context.ports.command.stop(key);
  const because = `${name} did not end within ${formatDuration(msBetween(startedAt, deadline))}, and was stopped`;
  return { kind: "refused", because };
}

async function inDoubt(context: StepContext<Args>, memo: Memo): Promise<StepOutcome> {
  const { step, now } = context;
  const name = commandLine(context);
  const askUntil: Instant = memo.askUntil ?? plusMs(now, DAY);
  const answer = await context.ask({
    id: `in-doubt:${step.id}:${memo.attempt}`,
    about: "in-doubt",
    text: `${name} was started, and then this program was interrupted: whether it ended well is not known. Did it?`,
    options: ["done", "retry", "stop"],
    fallback: "stop",
    deadline: askUntil,
  });
  switch (answer) {
    case "done":
      // No output: a later step that refers to it stops, rather than go on with a guess.
      return { kind: "done", summary: `${name}: done, by the operator's word` };
    case "retry":
      return { kind: "waiting", for: `${name} to be run again`, lookAt: now, memo: { attempt: memo.attempt + 1 } };
    case undefined: {
      const note: Json = { attempt: memo.attempt, askUntil };
      const lookAt = plusMs(now, MINUTE);
      return { kind: "waiting", for: `word about ${name}`, lookAt, deadline: plusMs(askUntil, MINUTE), memo: note };
    }
    default:
      return { kind: "refused", because: `${name} was interrupted, and whether it ended well is not known` };
  }
}

function exited(context: StepContext<Args>, state: Extract<CommandState, { state: "exited" }>): StepOutcome {
  const name = commandLine(context);
  const lines = linesOf(context, state.output);
  if (state.exitCode === 0 && !state.timedOut) {
    return {
      kind: "done",
      summary: `${name}: exit code 0`,
      output: { "exit-code": "0", stdout: lines.at(-1) ?? "" },
    };
  }
  const end = state.timedOut
    ? "took too long and was stopped"
    : state.exitCode === undefined
      ? `was ended by ${state.signal ?? "a signal"}`
      : `exit code ${state.exitCode}`;
  return { kind: "refused", because: [`${name}: ${end}`, ...lines.slice(-SHOWN_LINES)].join("\n") };
}

/**
 * Lines that say something, cut, without the values of variables that are named like secrets and without what looks like
 * one: the journal keeps them, and a comment may show them.
 */
function linesOf({ args, redaction }: Worded, output: string): readonly string[] {
  const secrets = Object.entries(args.env)
    .filter(([name, value]) => value !== "" && /token|secret|passw|key|credential|auth|webhook/i.test(name))
    .map(([, value]) => value);
  const clean = secrets.reduce((text, secret) => text.replaceAll(secret, "[secret]"), output);
  return clean
    .split(/[\r\n]+/)
    .map((line) => redact(line.trimEnd(), redaction).slice(0, LONGEST_LINE))
    .filter((line) => line !== "");
}

function commandLine({ args, redaction }: Worded): string {
  const line = redact(args.argv.join(" "), redaction);
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}
