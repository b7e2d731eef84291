/** Which revision of a Cloud Run service this run's deploy made: by name, commit or digest, else the newest one that is not old. Reads only. */
import { PortFailure } from "../model/error.ts";
import type { CloudRunSnapshot, CloudRunTarget } from "../model/service.ts";
import { MINUTE, msBetween } from "../model/time.ts";
import type { CloudRunRevision, CloudRunService } from "../ports/cloud-run.ts";
import type { StepContext } from "./step.ts";
import { commitProblem, imageProblem, type Unlike, type WantedVersion } from "./wanted-version.ts";

type Context = Pick<StepContext<unknown>, "ports" | "signal">;

export interface Expectation {
  readonly target: CloudRunTarget;
  readonly before: CloudRunSnapshot;
  readonly state: CloudRunService;
  /** Found in an earlier turn. */
  readonly known: string | undefined;
  /** What the runbook demands of it. */
  readonly wanted: WantedVersion & { readonly revision?: string };
}

export type Expected =
  /** `newest`: another one made after it. */
  | { readonly kind: "found"; readonly revision: CloudRunRevision; readonly newest: CloudRunRevision | undefined }
  | Unlike;

export async function expectedRevision(context: Context, expectation: Expectation): Promise<Expected> {
  const { target, before, state, known, wanted } = expectation;
  const name = known ?? wanted.revision ?? candidateOf(state, before);
  const revision = name === undefined ? undefined : await revisionIfThere(context, target, name);
  const isChosen = known !== undefined || wanted.revision !== undefined;
  if (revision === undefined || (!isChosen && isOld(revision, before))) {
    const text = wanted.revision === undefined ? "no new revision yet" : `no revision ${wanted.revision} yet`;
    return { kind: "waiting", text };
  }
  const what = `revision ${revision.name}`;
  const unlike = commitProblem(what, revision.commit, wanted) ?? imageProblem(what, revision.images, wanted);
  if (unlike !== undefined) return unlike;
  return { kind: "found", revision, newest: await newerThan(context, target, state, revision) };
}

/** The newest revision where it is another one than before the run. */
function candidateOf(state: CloudRunService, before: CloudRunSnapshot): string | undefined {
  const newest = state.latestCreatedRevision;
  return newest === (before.newestRevision ?? before.revision) ? undefined : newest;
}

/** The clocks of this machine and of the API may differ by a little. */
const SKEW_MS = MINUTE;

function isOld(revision: CloudRunRevision, before: CloudRunSnapshot): boolean {
  return msBetween(before.takenAt, revision.createdAt) < -SKEW_MS;
}

async function revisionIfThere(
  context: Context,
  target: CloudRunTarget,
  name: string,
): Promise<CloudRunRevision | undefined> {
  try {
    return await context.ports.cloudRun.revision(target, name, context.signal);
  } catch (error) {
    if (error instanceof PortFailure && error.kind === "not-found") return undefined;
    throw error;
  }
}

/** Another revision made after the one that is waited for. */
async function newerThan(
  context: Context,
  target: CloudRunTarget,
  state: CloudRunService,
  revision: CloudRunRevision,
): Promise<CloudRunRevision | undefined> {
  const name = state.latestCreatedRevision;
  if (name === undefined || name === revision.name) return undefined;
  const other = await revisionIfThere(context, target, name);
  return other !== undefined && other.createdAt > revision.createdAt ? other : undefined;
}
