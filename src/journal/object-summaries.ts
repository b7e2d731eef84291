/** One small object per run in a bucket, for listing runs without reading their logs. Says where to look, proves nothing. */
import { z } from "zod";
import type { RunEvent } from "../model/event.ts";
import { hasEnded } from "./has-ended.ts";
import { type Instant, instantSchema, msOf } from "../model/time.ts";
import type { ObjectStore } from "./object-store.ts";
import { JournalError, type RunSummary } from "./state.ts";

/** Runs listed when the caller gives no limit. */
const DEFAULT_LIMIT = 1_000;
/** Summaries read at once while looking for those that match. */
const BATCH = 32;
const MOST_RACES = 20;

/**
 * `runs/TIME~RUN.json`, where TIME falls as the years go by, so that the newest run is listed first, and beside it
 * `finished/TIME~RUN.json`, so that finished runs are known by their names alone.
 */
export class ObjectSummaries {
  readonly #store: ObjectStore;
  readonly #names = new Map<string, string>();
  readonly #finished = new Set<string>();

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** `begun: false` until a turn has been taken: until then the run may have died before its first event. */
  async create({ run, runbook, createdAt }: Pick<RunSummary, "run" | "runbook" | "createdAt">): Promise<void> {
    const summary: Summary = { v: 1, run, runbook, createdAt, dueAt: createdAt, begun: false };
    // One that is there already belongs to an older run of this name, which the log will say.
    await this.#store.create(`runs/${nameOf(run, createdAt)}`, summary);
  }

  async select(filter: { runbook?: string; finished?: boolean; limit?: number }): Promise<readonly RunSummary[]> {
    const limit = filter.limit ?? DEFAULT_LIMIT;
    const [keys, finishedKeys] = await Promise.all([this.#store.list("runs/"), this.#store.list("finished/")]);
    const finished = new Set(finishedKeys.map((key) => key.slice("finished/".length)));
    const names = keys
      .map((key) => key.slice("runs/".length))
      .filter((name) => filter.finished === undefined || finished.has(name) === filter.finished)
      .sort(newestFirst);
    const found: RunSummary[] = [];
    for (let from = 0; from < names.length && found.length < limit; from += BATCH) {
      const batch = names.slice(from, from + BATCH);
      const summaries = await this.#store.readAll(
        batch.map((name) => `runs/${name}`),
        summarySchema,
      );
      for (const [index, summary] of summaries.entries()) {
        if (summary === undefined || (filter.runbook !== undefined && summary.runbook !== filter.runbook)) continue;
        if (!summary.begun && !(await this.#hasBegun(summary))) continue;
        found.push(told(summary, finished.has(batch[index] ?? "")));
      }
    }
    return found.slice(0, limit);
  }

  /**
   * Says when the run is due. `events` is asked after the summary was read and before it is replaced, and again when
   * somebody else has replaced it meanwhile.
   */
  async change(run: string, dueAt: Instant | undefined, events: () => Promise<readonly RunEvent[]>): Promise<void> {
    for (let race = 0; race < MOST_RACES; race++) {
      const name = await this.#nameOf(run, events);
      const key = `runs/${name}`;
      const found = await this.#store.read(key, summarySchema);
      const isFinished = dueAt === undefined && hasEnded(await events());
      if (found === undefined) throw this.#store.corrupt(`The summary of run ${run}`, "it is missing");
      const { dueAt: _before, ...rest } = found.value;
      const summary: Summary = { ...rest, begun: true, ...(dueAt === undefined ? {} : { dueAt }) };
      if (isFinished) await this.#finish(name);
      else if ((await events()).some(({ type }) => type === "run-finished")) await this.#reopen(name);
      if ((await this.#store.replace(key, summary, found.generation)) !== undefined) return;
    }
    throw new JournalError("busy", `Too many write the summary of run ${run} in ${this.#store.location} at once.`);
  }

  async remove(run: string, createdAt: Instant): Promise<void> {
    const name = nameOf(run, createdAt);
    await this.#store.remove(`runs/${name}`);
    await this.#store.remove(`finished/${name}`);
    this.#names.delete(run);
    this.#finished.delete(name);
  }

  async #finish(name: string): Promise<void> {
    if (this.#finished.has(name)) return;
    await this.#store.create(`finished/${name}`, { v: 1 });
    this.#finished.add(name);
  }

  async #reopen(name: string): Promise<void> {
    await this.#store.remove(`finished/${name}`);
    this.#finished.delete(name);
  }

  async #nameOf(run: string, events: () => Promise<readonly RunEvent[]>): Promise<string> {
    const known = this.#names.get(run);
    if (known !== undefined) return known;
    const [first] = await events();
    if (first === undefined) throw this.#store.corrupt(`The log of run ${run}`, "there is no such run");
    const name = nameOf(run, first.at);
    this.#names.set(run, name);
    return name;
  }

  async #hasBegun({ run, createdAt }: Summary): Promise<boolean> {
    const first = await this.#store.read(`log/${encodeURIComponent(run)}/00000001.json`, firstSchema);
    return first?.value.event.at === createdAt;
  }
}

const LONGEST_TIME = 9_999_999_999_999;

function nameOf(run: string, createdAt: Instant): string {
  return `${String(LONGEST_TIME - msOf(createdAt)).padStart(13, "0")}~${encodeURIComponent(run)}.json`;
}

/** Of two runs of the same millisecond, the greater id: ids of one process rise. */
function newestFirst(a: string, b: string): number {
  const [timeA, timeB] = [a.slice(0, 13), b.slice(0, 13)];
  if (timeA !== timeB) return timeA < timeB ? -1 : 1;
  return a < b ? 1 : -1;
}

function told({ run, runbook, createdAt, dueAt }: Summary, finished: boolean): RunSummary {
  return { run, runbook, createdAt, finished, ...(dueAt === undefined ? {} : { dueAt }) };
}

const summarySchema = z.strictObject({
  v: z.literal(1),
  run: z.string(),
  runbook: z.string(),
  createdAt: instantSchema,
  dueAt: instantSchema.exactOptional(),
  begun: z.boolean(),
});
type Summary = z.infer<typeof summarySchema>;

const firstSchema = z.object({ event: z.object({ at: instantSchema }) });
