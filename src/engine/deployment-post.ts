/** Tells a GitHub deployment how it stands: the environment's own where a workflow made one for this run, else one of ours. */
import type { DeploymentPost } from "../model/post.ts";
import { shortDescription } from "../model/short-description.ts";
import { MINUTE, plusMs } from "../model/time.ts";
import { effectsOf } from "./effect.ts";
import type { ItemResult, Turn } from "./turn.ts";

type Recorded = { readonly id: number; readonly ours: boolean };

/** GitHub's clock and ours may differ by this much. */
const CLOCK_SKEW_MS = MINUTE;

export async function sendDeployment(turn: Turn, post: DeploymentPost, item: string): Promise<ItemResult> {
  const { id, ours } = await recorded(turn, post, item);
  // The workflow has told its deployment's progress and success itself.
  if (!ours && post.name === "switched") return "idle";
  const key = `state:${post.name}`;
  if (turn.progress.effects[`${item}/${key}`]?.state === "done") return "idle";
  const { deployments } = turn.deps.ports;
  await effectsOf(
    turn,
    item,
  )({
    key,
    what: `tell deployment ${id} of ${post.environment}: ${post.state}`,
    find: async () => {
      const told = await deployments.statuses(post.repository, id, turn.deps.signal);
      const description = shortDescription(post.description);
      return told.some((each) => each.state === post.state && each.description === description)
        ? { found: true, result: null }
        : { found: false };
    },
    act: async () => {
      const { state, description, logUrl, isOnly } = post;
      const link = logUrl === undefined ? {} : { logUrl };
      await deployments.setStatus(post.repository, id, { state, description, autoInactive: isOnly, ...link });
      return null;
    },
  });
  return "changed";
}

function recorded(turn: Turn, post: DeploymentPost, item: string): Promise<Recorded> {
  const { deployments } = turn.deps.ports;
  return effectsOf(
    turn,
    item,
  )<Recorded>({
    key: "create",
    what: `record the deployment of ${post.sha.slice(0, 7)} to ${post.environment}`,
    find: async () => {
      const known = await deploymentOf(turn, post);
      return known === undefined ? { found: false } : { found: true, result: known };
    },
    act: async () => {
      const known = await deploymentOf(turn, post);
      if (known !== undefined) return known;
      const run = turn.lease.run;
      const description = `runbook ${turn.progress.plan.runbook.name}, run ${run}`;
      const { sha, environment } = post;
      const made = await deployments.create(post.repository, { sha, environment, run, description });
      return { id: made.id, ours: true };
    },
  });
}

/** Ours, else the newest that began with this run: an older one of the same commit is another deploy's. */
async function deploymentOf(turn: Turn, post: DeploymentPost): Promise<Recorded | undefined> {
  const all = await turn.deps.ports.deployments.find(post.repository, post, turn.deps.signal);
  const ours = all.find(({ run }) => run === turn.lease.run);
  if (ours !== undefined) return { id: ours.id, ours: true };
  const since = plusMs(turn.progress.startedAt, -CLOCK_SKEW_MS);
  const made = all.find(({ run, createdAt }) => run === undefined && createdAt >= since);
  return made === undefined ? undefined : { id: made.id, ours: false };
}
