/** Which commits a switch brought, and whether the pull request's merge is among them. Soft: not knowing stops nothing. */
import type { ServiceSwitch } from "../model/service.ts";
import type { EventBody } from "../model/event.ts";
import type { Turn } from "./turn.ts";

const MOST_COMMITS = 20;

export async function compareCommits(turn: Turn): Promise<void> {
  const { repository } = turn.progress.plan.runbook;
  if (repository === undefined) return;
  for (const change of Object.values(turn.progress.switched)) {
    if (turn.progress.commits[change.service] !== undefined || change.commit === undefined) continue;
    await turn.record(await compared(turn, repository, change, change.commit));
  }
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
    return {
      ...base,
      status: range?.status ?? "unknown",
      aheadBy: range?.aheadBy ?? 0,
      commits: [...(range?.commits ?? [])].slice(-MOST_COMMITS),
      containsMerge:
        merged === undefined ? "unknown" : merged.status === "ahead" || merged.status === "identical" ? "yes" : "no",
      ...(mergeCommit === undefined ? {} : { mergeCommit }),
    };
  } catch (error) {
    if (turn.deps.signal.aborted) throw error;
    return { ...base, status: "unknown", aheadBy: 0, commits: [], containsMerge: "unknown" };
  }
}
