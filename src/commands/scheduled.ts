/** The `schedule:` checks of the runbooks here: begins what is due as a run of its own, which the crank then judges. */
import { type Occurrence, dueOccurrence } from "../language/occurrences.ts";
import { messageOf } from "../model/error.ts";
import type { RunEvent } from "../model/event.ts";
import type { Plan } from "../model/plan.ts";
import { progressOf } from "../model/progress.ts";
import type { Runbook, ScheduleSpec } from "../model/runbook.ts";
import type { Instant } from "../model/time.ts";
import type { EngineDeps } from "../engine/deps.ts";
import { preflight } from "../planning/preflight.ts";
import { JournalError } from "../journal/state.ts";
import { planOf } from "./deploy.ts";
import { EXIT } from "./exit-code.ts";
import { type FoundRunbook, loadFile, runbookFiles } from "./find-runbook.ts";
import { printError } from "./io.ts";
import { kindOf, plannedArgs, platformOf, type Session } from "./session.ts";

/** Checks of a schedule are not what `rollback NAME` or `status NAME` mean by the runbook's newest run. */
export function scheduledName(runbook: string): string {
  return `${runbook}@schedule`;
}

export class Scheduled {
  readonly #session: Session;
  readonly #signal: AbortSignal;
  /** Told of what it begins. */
  readonly #observe: EngineDeps["observe"];
  /** The newest occurrence of each runbook that is known to be in the journal. */
  readonly #last = new Map<string, Instant>();
  /** What has been said already: trouble is told once, not at every look. */
  readonly #said = new Set<string>();

  constructor(session: Session, signal: AbortSignal, observe: EngineDeps["observe"]) {
    this.#session = session;
    this.#signal = signal;
    this.#observe = observe;
  }

  /** One runbook's trouble is told and never another's. Returns the exit codes of what could not be begun. */
  async beginDue(): Promise<readonly number[]> {
    const codes: number[] = [];
    for (const file of await runbookFiles(this.#session.io)) {
      try {
        const code = await this.#beginFile(await loadFile(file, this.#session.io));
        if (code !== EXIT.ok) codes.push(code);
      } catch (error) {
        if (this.#signal.aborted) break;
        this.#say(`${file}: its schedule cannot be kept: ${messageOf(error).split("\n", 1)[0] ?? ""}`);
        codes.push(EXIT.usage);
      }
    }
    return codes;
  }

  async #beginFile(found: FoundRunbook): Promise<number> {
    const { schedule, name } = found.runbook;
    if (schedule === undefined) return EXIT.ok;
    const now = this.#session.cloud.clock.now();
    const due = dueOccurrence(schedule, await this.#lastOf(name), now);
    if (due === undefined) return EXIT.ok;
    return this.#begin(found, schedule, due, now);
  }

  async #lastOf(name: string): Promise<Instant | undefined> {
    const known = this.#last.get(name);
    if (known !== undefined) return known;
    const { journal } = this.#session.state;
    const [newest] = await journal.runs({ runbook: scheduledName(name), limit: 1 });
    const last = newest === undefined ? undefined : progressOf(await journal.read(newest.run)).plan.scheduled?.at;
    if (last !== undefined) this.#last.set(name, last);
    return last;
  }

  async #begin(found: FoundRunbook, schedule: ScheduleSpec, due: Occurrence, now: Instant): Promise<number> {
    const { state, cloud, io } = this.#session;
    const { name } = found.runbook;
    const plan = planOfCheck(planOf(found, {}, io), schedule, due);
    const checked = await preflight(plan, {
      ports: cloud.ports,
      now,
      signal: this.#signal,
      kindOf,
      platformOf,
      argsOf: (step, planned) => plannedArgs(step, planned, io),
    });
    const trouble = checked.findings.find(({ severity }) => severity !== "remark");
    if (trouble !== undefined) {
      // Not begun: what nobody could read is tried again until the next moment comes, and then listed as missed.
      this.#say(`${name}: the check of ${due.at} cannot begin: ${trouble.what}`);
      return trouble.severity === "unauthorised" ? EXIT.unauthorised : EXIT.inconclusive;
    }
    const first = { type: "run-planned" as const, plan, snapshot: { ...checked.snapshot }, remarks: [] };
    const run = runOf(name, due.at);
    try {
      await state.journal.create(run, scheduledName(name), first, now);
      const event: RunEvent = { ...first, v: 1, run, seq: 1, at: now };
      this.#observe(event, progressOf([event]));
    } catch (error) {
      // Another process of the same state was faster: the check is in its hands, or in anybody's.
      if (!(error instanceof JournalError) || error.problem !== "exists") throw error;
    }
    this.#last.set(name, due.at);
    return EXIT.ok;
  }

  #say(text: string): void {
    if (this.#said.has(text)) return;
    this.#said.add(text);
    printError(this.#session.io, text);
  }
}

/** The same for everybody who sees the same moment come: whoever creates it first has it. */
function runOf(name: string, at: Instant): string {
  const digits = at.replaceAll(/\D/g, "");
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${name}`;
}

/** No steps, one look, no rollback, no comment: a schedule judges and tells, and changes nothing. */
function planOfCheck(
  plan: Plan,
  { windowMs, cron, timeZone }: ScheduleSpec,
  { at, missed, missedInAll }: Occurrence,
): Plan {
  const { runbook } = plan;
  const quiet: Runbook = {
    ...runbook,
    steps: [],
    rollback: { ...runbook.rollback, onFail: "never" },
    report: { pullRequest: false, commitStatus: false, deployment: false },
  };
  const scheduled = { at, windowMs, cron, timeZone, missed: [...missed], missedInAll };
  return { ...plan, runbook: quiet, startedBy: "schedule", scheduled };
}
