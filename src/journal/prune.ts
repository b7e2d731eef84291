/** Which old runs a state can do without, and their removal. Never one that somebody may still need to put production back. */
import { messageOf } from "../model/error.ts";
import { progressOf } from "../model/progress.ts";
import type { Instant } from "../model/time.ts";
import type { RunSummary, State } from "./state.ts";
import { evidenceOf } from "./verify.ts";

export interface Pruned {
  readonly removed: readonly RunSummary[];
  /** Older than the limit, and kept. */
  readonly kept: readonly { readonly run: string; readonly because: string }[];
  /** Pieces of evidence that only removed runs rested on. */
  readonly evidence: number;
}

const MOST_RUNS = 100_000;

/** `before`: runs whose last event is older. `isDry`: says what would be removed. */
export async function pruneState(state: State, before: Instant, isDry: boolean): Promise<Pruned> {
  const runs = await state.journal.runs({ limit: MOST_RUNS });
  const inUse = new Set((await state.locks.entries()).map(({ run }) => run));
  const newest = new Set<string>();
  const removed: RunSummary[] = [];
  const kept: { run: string; because: string }[] = [];
  const orphaned = new Set<string>();
  const needed = new Set<string>();
  for (const summary of runs) {
    const isNewest = !newest.has(summary.runbook);
    newest.add(summary.runbook);
    const looked = await lookAt(state, summary, before);
    const because = looked.why ?? reason(summary, isNewest, inUse);
    if (because === undefined) removed.push(summary);
    else if (looked.isOld) kept.push({ run: summary.run, because });
    for (const digest of looked.evidence) (because === undefined ? orphaned : needed).add(digest);
  }
  const evidence = [...orphaned].filter((digest) => !needed.has(digest));
  if (!isDry) {
    for (const { run } of removed) await state.journal.remove(run);
    for (const digest of evidence) await state.evidence.remove(digest);
  }
  return { removed, kept, evidence: evidence.length };
}

interface Looked {
  readonly isOld: boolean;
  readonly evidence: readonly string[];
  /** Why it is kept, whatever else is known of it. */
  readonly why?: string;
}

async function lookAt(state: State, { run, createdAt }: RunSummary, before: Instant): Promise<Looked> {
  try {
    const events = await state.journal.read(run);
    const { updatedAt } = progressOf(events);
    const isOld = updatedAt < before;
    return { isOld, evidence: evidenceOf(events), ...(isOld ? {} : { why: "young" }) };
  } catch (error) {
    return { isOld: createdAt < before, evidence: [], why: `it cannot be read: ${messageOf(error)}` };
  }
}

function reason({ run, finished }: RunSummary, isNewest: boolean, inUse: ReadonlySet<string>): string | undefined {
  if (!finished) return "it has not ended";
  if (inUse.has(run)) return "it holds services: its snapshot is what they would be put back to";
  return isNewest ? "it is its runbook's newest: a rollback would start from its snapshot" : undefined;
}
