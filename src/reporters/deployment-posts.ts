/** What a run tells GitHub's record of deployments, as a pure function of where it stands: the newest state only. */
import type { DeploymentPost } from "../model/post.ts";
import type { Progress } from "../model/progress.ts";
import { plainLine } from "./escape.ts";
import { VERDICT_WORD, clockOn } from "./words.ts";

type Standing = Pick<DeploymentPost, "name" | "state" | "description">;

/** One deployment per deployed commit. GitHub takes full commit ids only. */
export function deploymentPosts(progress: Progress): readonly DeploymentPost[] {
  const { repository, report } = progress.plan.runbook;
  if (!report.deployment || repository === undefined) return [];
  const deployed = Object.values(progress.switched).flatMap(({ commit }) => commit ?? []);
  const shas = [...new Set(deployed)].filter((sha) => /^[0-9a-f]{40}$/.test(sha)).sort();
  const standing = standingOf(progress);
  const logUrl = whereToRead(progress);
  return shas.map((sha) => ({
    kind: "deployment",
    key: `deployment:${sha.slice(0, 7)}`,
    repository,
    sha,
    environment: report.environment ?? "production",
    ...standing,
    description: plainLine(standing.description, 140),
    ...(logUrl === undefined ? {} : { logUrl }),
    isOnly: shas.length === 1,
  }));
}

/** A FAIL is never taken back; whether a checkpoint is late or missing is told, never called a success. */
function standingOf(progress: Progress): Standing {
  const { finished, rollback, firstFail } = progress;
  const end = finished === undefined ? undefined : endOf(progress, finished.because);
  if (end !== undefined) return end;
  if (rollback !== undefined) {
    return { name: "rollback", state: "failure", description: `rolling back: ${rollback.because}` };
  }
  if (firstFail !== undefined) return { name: "fail", state: "failure", description: `FAIL: ${firstFail}` };
  return judgedOf(progress) ?? { name: "switched", state: "in_progress", description: "serves, not judged yet" };
}

function endOf(progress: Progress, because: string): Standing | undefined {
  const outcome = progress.finished?.outcome;
  // A run that was completed may be rolled back later.
  const name = `finished:${outcome ?? ""}`;
  switch (outcome) {
    case undefined:
      return undefined;
    case "rolled-back":
      return { name, state: "inactive", description: `rolled back: ${because}` };
    case "superseded":
      return { name, state: "inactive", description: because };
    case "failing":
      return { name, state: "failure", description: because };
    case "stopped":
    case "aborted":
      return { name, state: "error", description: because };
    case "completed": {
      const verdict = progress.finished?.verdict;
      if (verdict === undefined) return { name, state: "success", description: "deployed; the runbook judges nothing" };
      if (verdict === "inconclusive") return { name, state: "error", description: `INCONCLUSIVE: ${because}` };
      // The last checkpoint has said it.
      return judgedOf(progress) ?? { name, state: "success", description: `${VERDICT_WORD[verdict]}: ${because}` };
    }
  }
}

const STATE = { pass: "success", warn: "success", fail: "failure", inconclusive: "in_progress" } as const;

function judgedOf(progress: Progress): Standing | undefined {
  const last = Object.values(progress.checkpoints)
    .sort((a, b) => a.seq - b.seq)
    .at(-1);
  if (last === undefined) return undefined;
  const { checkpoint, verdict, at, nextAt } = last;
  const next = nextAt === undefined ? "" : `; next at ${clockOn(nextAt, at)}`;
  return {
    name: `checkpoint:${checkpoint}`,
    state: STATE[verdict],
    description: `${VERDICT_WORD[verdict]} at T+${checkpoint}${next}`,
  };
}

/** The progress comment, else the workflow's run. */
function whereToRead(progress: Progress): string | undefined {
  const comment = progress.effects["post:comment:progress/create"]?.result;
  if (typeof comment === "object" && comment !== null && "url" in comment && typeof comment["url"] === "string") {
    return comment["url"];
  }
  return Object.values(progress.items).find(({ output, link }) => output?.["run-id"] !== undefined && link)?.link;
}
