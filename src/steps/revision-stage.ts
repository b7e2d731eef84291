/** How far a Cloud Run service is on its way to a revision: one pure decision over what was read. */
import type { CloudRunSnapshot, CloudRunTarget, ServiceSwitch } from "../model/service.ts";
import type { Instant } from "../model/time.ts";
import { isPinned, sharesOf, showShares } from "../model/traffic.ts";
import { isPinnedBehind } from "./pinned-traffic.ts";
import type { CloudRunRevision, CloudRunService } from "../ports/cloud-run.ts";

export type Stage =
  | { readonly kind: "waiting"; readonly text: string }
  | { readonly kind: "live"; readonly text: string; readonly change: ServiceSwitch }
  /** Ready at 0 %, and it is for this step to give it the traffic. */
  | { readonly kind: "ready-behind-pin"; readonly text: string }
  /** `failing`: the revision has failed and takes requests; in short what it failed of. */
  | {
      readonly kind: "refused";
      readonly text: string;
      readonly because: string;
      readonly failing?: string;
      /** Has failed, whether it takes requests or not: its log says why. */
      readonly failed?: CloudRunRevision;
    };

export interface StageFacts {
  readonly service: string;
  readonly target: CloudRunTarget;
  readonly before: CloudRunSnapshot;
  readonly state: CloudRunService;
  /** The one that is waited for. */
  readonly revision: CloudRunRevision;
  /** Another one made after it. */
  readonly newest: CloudRunRevision | undefined;
  readonly movedByWorkflow: boolean;
  readonly now: Instant;
}

/** Reasons that a revision may show while it takes no requests, and that say nothing against it. */
const HARMLESS: readonly (string | undefined)[] = ["RETIRED", "RETIRING", "RESERVE", "MIN_INSTANCES_NOT_PROVISIONED"];

export function stageOf(facts: StageFacts): Stage {
  const { state, revision, newest } = facts;
  const share = sharesOf(state.served).get(revision.name) ?? 0;
  if (newest !== undefined) {
    return refused(`superseded: ${newest.name} was created after ${revision.name} by another deploy`);
  }
  const failure = failureOf(facts);
  if (failure !== undefined) {
    const because = `revision ${revision.name} failed: ${failure}`;
    const failed = { failed: revision };
    return share > 0
      ? { ...refused(because), ...failed, failing: failure }
      : { ...refused(`${because}; it takes no traffic`), ...failed };
  }
  const isSettled =
    !state.reconciling && state.observedGeneration === state.generation && state.ready.state === "succeeded";
  if (isSettled && share === 100) return { kind: "live", text: `live (${revision.name})`, change: changeOf(facts) };
  if (isSettled && share === 0 && isPinned(state.traffic) && !facts.movedByWorkflow && isPinnedBehind(facts.before)) {
    return { kind: "ready-behind-pin", text: `revision ${revision.name} is ready at 0 %: it gets the traffic by name` };
  }
  if (isSettled && share === 0 && isPinned(state.traffic) && !facts.movedByWorkflow) {
    return refused(
      `revision ${revision.name} is deployed, 0 % traffic: the service is pinned to ` +
        `${showShares(sharesOf(state.traffic))}; to serve it: gcloud run services update-traffic ` +
        `${facts.target.service} --to-revisions ${revision.name}=100 --region ${facts.target.region} ` +
        `--project ${facts.target.project}`,
    );
  }
  if (revision.ready.state !== "succeeded") return { kind: "waiting", text: `revision ${revision.name} is starting` };
  return { kind: "waiting", text: `revision ${revision.name} is ready and has ${share} % of the traffic` };
}

function refused(because: string): Extract<Stage, { kind: "refused" }> {
  return { kind: "refused", text: because, because };
}

/** Why the revision has failed; undefined when it has not. */
export function failureOf({ state, revision }: Pick<StageFacts, "state" | "revision">): string | undefined {
  if (revision.ready.state === "failed" && !HARMLESS.includes(revision.ready.reason)) return told(revision.ready);
  const isNewest = state.latestCreatedRevision === revision.name;
  return isNewest && !state.reconciling && state.ready.state === "failed" ? told(state.ready) : undefined;
}

function told({ reason, message }: CloudRunRevision["ready"]): string {
  return [reason, message].filter((part) => part !== undefined).join(": ") || "no reason given";
}

/** The switch is when the routes last changed. A time from before the revision existed belongs to an earlier change. */
function changeOf({ service, before, state, revision, now }: StageFacts): ServiceSwitch {
  const at = [state.routesChangedAt, state.ready.lastTransitionAt, state.updatedAt].find(
    (time) => time !== undefined && time >= revision.createdAt,
  );
  return {
    service,
    at: at ?? now,
    from: before.revision ?? "mixed",
    to: revision.name,
    rolloutStartedAt: revision.createdAt,
    images: [...revision.images],
    ...(revision.commit === undefined ? {} : { commit: revision.commit }),
  };
}
