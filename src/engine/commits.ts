/** Which commits a switch brought, and whether the pull request's merge is among them. Soft: not knowing stops nothing. */
import type { ServiceSwitch } from "../model/service.ts";
import type { EventBody, EventOf } from "../model/event.ts";
import type { Turn } from "./turn.ts";

const MOST_COMMITS = 20;
const MOST_PULLS = 20;

export async function compareCommits(turn: Turn): Promise<void> {
  const { repository } = turn.progress.plan.runbook;
  if (repository === undefined) return;
  for (const change of Object.values(turn.progress.switched)) {
    if (turn.progress.commits[change.service] !== undefined || change.commit === undefined) continue;
    const before = turn.progress.snapshot[change.service]?.commit;
    // Services that are deployed together mostly have one range: it is asked for once.
    const known = Object.values(turn.progress.commits).find(
      (one) => one.before === before && one.after === change.commit && one.status !== "unknown",
    );
    if (known === undefined) await turn.record(await compared(turn, repository, change, change.commit));
    else await turn.record(sameFor(change.service, known));
  }
}

function sameFor(service: string, known: EventOf<"commits-compared">): EventBody {
  const { v: _v, run: _run, seq: _seq, at: _at, ...body } = known;
  return { ...body, service };
}

async function compared(turn: Turn, repository: string, change: ServiceSwitch, after: string): Promise<EventBody> {
  const { pullRequests } = turn.deps.ports;
  const before = turn.progress.snapshot[change.service]?.commit;
  const number = turn.progress.plan.pullRequest;
  const base = {
    type: "commits-compared" as const,
    service: change.service,
    after,
    ...(before === undefined ? {} : { before }),
  };
  try {
    const range =
      before === undefined ? undefined : await pullRequests.compare(repository, before, after, turn.deps.signal);
    const mergeCommit =
      number === undefined ? undefined : (await pullRequests.get(repository, number, turn.deps.signal)).mergeCommit;
    const merged =
      mergeCommit === undefined
        ? undefined
        : await pullRequests.compare(repository, mergeCommit, after, turn.deps.signal);
    const commits = [...(range?.commits ?? [])].slice(-MOST_COMMITS);
    const pulls = range === undefined ? undefined : await pullsOf(turn, repository, commits);
    return {
      ...base,
      status: range?.status ?? "unknown",
      aheadBy: range?.aheadBy ?? 0,
      commits,
      ...(pulls === undefined ? {} : { pulls }),
      containsMerge:
        merged === undefined ? "unknown" : merged.status === "ahead" || merged.status === "identical" ? "yes" : "no",
      ...(mergeCommit === undefined ? {} : { mergeCommit }),
    };
  } catch (error) {
    if (turn.deps.signal.aborted) throw error;
    return { ...base, status: "unknown", aheadBy: 0, commits: [], containsMerge: "unknown" };
  }
}

/** The merged pull requests of some commits: one request each, until one fails. Undefined: not all could be asked. */
async function pullsOf(
  { deps }: Turn,
  repository: string,
  commits: readonly { readonly sha: string }[],
): Promise<{ number: number; title: string }[] | undefined> {
  const found = new Map<number, { number: number; title: string }>();
  try {
    for (const { sha } of commits) {
      for (const { number, title, merged } of await deps.ports.pullRequests.ofCommit(repository, sha, deps.signal)) {
        if (merged) found.set(number, { number, title });
      }
    }
  } catch (error) {
    if (deps.signal.aborted) throw error;
    return undefined;
  }
  return [...found.values()].sort((a, b) => b.number - a.number).slice(0, MOST_PULLS);
}
