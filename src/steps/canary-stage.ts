/** How far a Cloud Run service is on its way to a canary's share of the traffic: one pure decision over what was read. */
import type { CloudRunSnapshot, CloudRunTarget, ServiceSwitch, TrafficEntry } from "../model/service.ts";
import { earliest, type Instant } from "../model/time.ts";
import { sharesOf, showShares } from "../model/traffic.ts";
import type { CloudRunRevision, CloudRunService } from "../ports/cloud-run.ts";
import { failureOf } from "./revision-stage.ts";

export interface CanaryFacts {
  readonly service: string;
  readonly target: CloudRunTarget;
  readonly before: CloudRunSnapshot;
  /** As this run reported it last; absent before the first traffic. */
  readonly switched: ServiceSwitch | undefined;
  readonly state: CloudRunService;
  readonly candidate: CloudRunRevision;
  /** Another one made after it. */
  readonly newest: CloudRunRevision | undefined;
  /** The share that it is to have, in percent. */
  readonly to: number;
  readonly tag: string | undefined;
  readonly now: Instant;
}

export type CanaryStage =
  | { readonly kind: "waiting"; readonly text: string }
  /** The candidate is ready and has less than its share. */
  | { readonly kind: "due"; readonly text: string; readonly vector: readonly TrafficEntry[] }
  /** It has its share, observed. `change`: what is to be reported; absent at 0 %, or when it was. */
  | { readonly kind: "reached"; readonly text: string; readonly change?: ServiceSwitch }
  /** It has more than its share, so that what serves must be reported before anything is refused. */
  | { readonly kind: "ahead"; readonly text: string; readonly change: ServiceSwitch }
  /** `failing`: the candidate has failed and takes requests; in short what it failed of. */
  | {
      readonly kind: "refused";
      readonly text: string;
      readonly because: string;
      readonly failing?: string;
      /** Has failed, whether it takes requests or not: its log says why. */
      readonly failed?: CloudRunRevision;
    };

export function canaryStageOf(facts: CanaryFacts): CanaryStage {
  const { before, state, candidate, newest, to } = facts;
  const { name } = candidate;
  const stable = before.revision;
  if (stable === undefined) return refused("its traffic was split before: no one revision is there to compare with");
  if (newest !== undefined) {
    return refused(`superseded: ${newest.name} was created after ${name} by another deploy`);
  }
  const served = sharesOf(state.served);
  const share = served.get(name) ?? 0;
  const failure = failureOf({ state, revision: candidate });
  if (failure !== undefined) {
    const because = `candidate ${name} failed: ${failure}`;
    const failed = { failed: candidate };
    return share > 0
      ? { ...refused(because), ...failed, failing: failure }
      : { ...refused(`${because}; it takes no traffic`), ...failed };
  }
  const foreign = [...served.keys(), ...sharesOf(state.traffic).keys()].find((one) => one !== name && one !== stable);
  if (foreign !== undefined) {
    return refused(`superseded: ${foreign} has traffic, which is neither the candidate ${name} nor ${stable}`);
  }
  if (share > to) return tooMuch(facts, share);
  if (candidate.ready.state !== "succeeded") return { kind: "waiting", text: `candidate ${name} is starting` };
  if (!isWanted(facts)) {
    return { kind: "due", text: `candidate ${name} is ready, to get ${to} %`, vector: vectorOf(facts, stable) };
  }
  const isSettled =
    !state.reconciling && state.observedGeneration === state.generation && state.ready.state === "succeeded";
  if (!isSettled || share !== to) {
    return { kind: "waiting", text: `candidate ${name} has ${share} % of the ${to} % that it is to have` };
  }
  return { kind: "reached", text: `${name} has ${to} %`, ...changeOf(facts) };
}

/** Whether the wanted traffic, and the tag, already are what this step is to make them. */
export function isWanted({
  state,
  candidate,
  to,
  tag,
}: Pick<CanaryFacts, "candidate" | "to" | "tag"> & { readonly state: Pick<CloudRunService, "traffic"> }): boolean {
  const share = sharesOf(state.traffic).get(candidate.name) ?? 0;
  const isTagged = tag === undefined || state.traffic.some((one) => one.tag === tag && one.revision === candidate.name);
  return share === to && isTagged;
}

function tooMuch(facts: CanaryFacts, share: number): CanaryStage {
  const { candidate, switched, to, state } = facts;
  const because =
    `${candidate.name} has ${share} % of the traffic (${showShares(sharesOf(state.served))}), more than the ${to} % that ` +
    `it is to have: a deploy for a canary must give it none (gcloud run deploy --no-traffic)`;
  if (switched !== undefined) return refused(because);
  return { kind: "ahead", text: because, change: switchOf(facts, share) };
}

/** The two shares by name, the candidate's tag, and every other tag as it is: one that is left out would vanish. */
function vectorOf({ state, candidate, to, tag }: CanaryFacts, stable: string): readonly TrafficEntry[] {
  const share = (revision: string, percent: number): readonly TrafficEntry[] =>
    percent === 0 ? [] : [{ revision, percent, latest: false }];
  const kept = state.traffic
    .filter((entry) => entry.tag !== undefined && entry.tag !== tag)
    .map((entry) => ({ ...entry, percent: 0 }));
  return [
    ...share(stable, 100 - to),
    ...share(candidate.name, to),
    ...(tag === undefined ? [] : [{ revision: candidate.name, percent: 0, latest: false, tag }]),
    ...kept,
  ];
}

function changeOf(facts: CanaryFacts): { readonly change?: ServiceSwitch } {
  const { to, switched } = facts;
  const isTold = to === 0 || switched?.stages?.at(-1)?.percent === to;
  return isTold ? {} : { change: switchOf(facts, to) };
}

/** A stage begins when the routes last changed; a time from before the last stage, or the revision, is of another change. */
function switchOf({ service, before, switched, state, candidate, now }: CanaryFacts, percent: number): ServiceSwitch {
  const since = switched?.at ?? candidate.createdAt;
  const own = (time: Instant | undefined): boolean => time !== undefined && time > since;
  const at = [state.routesChangedAt, state.updatedAt].find(own) ?? now;
  return {
    service,
    at,
    from: before.revision ?? "mixed",
    to: candidate.name,
    // Nothing of it served before its first traffic was asked for: until then it is the past.
    rolloutStartedAt:
      switched?.rolloutStartedAt ?? earliest([state.updatedAt, at].filter(own).map((one) => one ?? at)) ?? at,
    images: [...candidate.images],
    ...(candidate.commit === undefined ? {} : { commit: candidate.commit }),
    stages: [...(switched?.stages ?? []), { at, percent }],
  };
}

function refused(because: string): Extract<CanaryStage, { kind: "refused" }> {
  return { kind: "refused", text: because, because };
}
