/** Cloud Run as a platform: what serves, the snapshot, and putting a traffic vector back by revision name. */
import { PortFailure } from "../model/error.ts";
import type { Json } from "../model/json.ts";
import type { CloudRunSnapshot, CloudRunTarget, Restorable, TrafficEntry } from "../model/service.ts";
import { type Instant, plusMs, SECOND } from "../model/time.ts";
import { isPinned, sharesOf, showShares, soleRevision } from "../model/traffic.ts";
import type { CloudRunRevision, CloudRunService } from "../ports/cloud-run.ts";
import type { Ports } from "../ports/ports.ts";
import type { RestoreOutcome } from "../steps/step.ts";
import type { Platform, RestoreContext } from "./platform.ts";

type Context = RestoreContext<CloudRunTarget, CloudRunSnapshot>;

export const cloudRunPlatform: Platform<CloudRunTarget, CloudRunSnapshot> = {
  needs: () => ({
    capture: ["google:run.services.get", "google:run.revisions.get"],
    restore: ["google:run.services.update"],
  }),

  async capture(target, ports, now, signal) {
    const service = await ports.cloudRun.service(target, signal);
    const shares = sharesOf(service.served);
    const there = await revisionsOf(ports, target, shares, signal);
    const revision = soleRevision(shares);
    const commit = there.find(({ name }) => name === revision)?.commit;
    return {
      platform: "cloud-run",
      takenAt: now,
      generation: service.generation,
      traffic: [...service.served],
      images: [...new Set(there.flatMap(({ images }) => images))],
      pinned: isPinned(service.traffic),
      restorable: restorableOf(service, shares, there),
      ...(revision === undefined ? {} : { revision }),
      ...(service.latestCreatedRevision === undefined ? {} : { newestRevision: service.latestCreatedRevision }),
      ...(commit === undefined ? {} : { commit }),
    };
  },

  async serving(target, ports, signal) {
    const service = await ports.cloudRun.service(target, signal);
    // While it is being changed, what is observed is about to be another thing.
    return (service.reconciling ? undefined : soleRevision(sharesOf(service.served))) ?? "mixed";
  },

  versionOf: (snapshot) => snapshot.revision,

  async restore(context) {
    const { snapshot, ports, target, signal, now } = context;
    const problem = await problemNow(context);
    if (problem !== undefined) return { kind: "refused", because: problem };
    const service = await ports.cloudRun.service(target, signal);
    const wanted = sharesOf(snapshot.traffic);
    if (!service.reconciling && sameShares(sharesOf(service.served), wanted)) return restored(context, service);

    const foreign = foreignRevision(context, service);
    if (foreign !== undefined) {
      return {
        kind: "refused",
        because: `superseded: ${context.service} has traffic for ${foreign}, which this run did not deploy`,
      };
    }
    try {
      const isOurs = await moveTraffic(context, service, wanted);
      if (!isOurs) {
        return {
          kind: "refused",
          because: `the traffic of ${context.service} was moved back to ${showShares(wanted)}, and somebody changed it since`,
        };
      }
    } catch (error) {
      // Somebody else changed the service between our read and our write: read again, and decide again.
      if (error instanceof PortFailure && error.kind === "conflict") {
        return waiting(now, `${context.service}: it was changed by somebody else meanwhile, deciding again`, 1);
      }
      throw error;
    }
    return waiting(now, `${context.service}: traffic is moving back to ${showShares(wanted)}${troubleOf(service)}`, 2);
  },
};

function sameShares(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  return a.size === b.size && [...a].every(([revision, percent]) => b.get(revision) === percent);
}

/** What still stands in the way of the snapshot. */
async function problemNow({ snapshot, ports, target, signal }: Context): Promise<string | undefined> {
  const { restorable, traffic } = snapshot;
  if (restorable.possible) return undefined;
  if (restorable.mayPass !== true) return restorable.because;
  const shares = sharesOf(traffic);
  return obstacleOf(shares, await revisionsOf(ports, target, shares, signal));
}

async function revisionsOf(
  ports: Ports,
  target: CloudRunTarget,
  shares: ReadonlyMap<string, number>,
  signal: AbortSignal,
): Promise<readonly CloudRunRevision[]> {
  const revisions = await Promise.all([...shares.keys()].map((name) => revisionIfThere(ports, target, name, signal)));
  return revisions.filter((revision) => revision !== undefined);
}

async function revisionIfThere(
  ports: Ports,
  target: CloudRunTarget,
  name: string,
  signal: AbortSignal,
): Promise<CloudRunRevision | undefined> {
  try {
    return await ports.cloudRun.revision(target, name, signal);
  } catch (error) {
    if (error instanceof PortFailure && error.kind === "not-found") return undefined;
    throw error;
  }
}

function restorableOf(
  service: CloudRunService,
  shares: ReadonlyMap<string, number>,
  there: readonly CloudRunRevision[],
): Restorable {
  if (service.reconciling) {
    return { possible: false, because: "it is being changed right now (reconciling), so what serves is transient" };
  }
  const total = [...shares.values()].reduce((sum, percent) => sum + percent, 0);
  if (total !== 100 || shares.has("")) {
    return { possible: false, because: `its observed traffic adds up to ${total} % of named revisions, not 100 %` };
  }
  const obstacle = obstacleOf(shares, there);
  if (obstacle !== undefined) return { possible: false, because: obstacle, mayPass: true };
  return {
    possible: true,
    how:
      shares.size === 1
        ? `100 % of the traffic to ${showShares(shares)} by name`
        : `the split ${showShares(shares)} by name`,
  };
}

/** A revision without which the vector cannot serve. */
function obstacleOf(shares: ReadonlyMap<string, number>, there: readonly CloudRunRevision[]): string | undefined {
  const missing = [...shares.keys()].find((name) => !there.some((revision) => revision.name === name));
  if (missing !== undefined) return `revision ${missing} does not exist any more`;
  const failed = there.find(({ ready }) => ready.state === "failed");
  return failed === undefined ? undefined : `revision ${failed.name} is not ready: ${failed.ready.reason ?? "unknown"}`;
}

function restored({ snapshot, service: name }: Context, service: CloudRunService): RestoreOutcome {
  const wanted = sharesOf(snapshot.traffic);
  const newest = service.latestCreatedRevision;
  const isNewestBad = newest !== undefined && !wanted.has(newest);
  const remarks = !isPinned(service.traffic)
    ? [`${name} serves ${showShares(wanted)}; its traffic still follows the latest revision`]
    : isNewestBad
      ? [
          `pinned on purpose to ${showShares(wanted)}; do not un-pin yet: ` +
            `the newest revision ${newest} is the one that was rolled back`,
        ]
      : [`pinned to ${showShares(wanted)}`];
  return { kind: "restored", serving: showShares(wanted), remarks };
}

/** A revision with traffic, observed or wanted, that neither the snapshot nor this run knows. */
function foreignRevision({ snapshot, switched }: Context, service: CloudRunService): string | undefined {
  // A person who rolls back without a run's switch means whatever serves.
  if (switched === undefined) return undefined;
  const known = new Set([...sharesOf(snapshot.traffic).keys(), switched.to]);
  const present = [...sharesOf(service.served).keys(), ...sharesOf(service.traffic).keys()];
  return present.find((revision) => !known.has(revision));
}

/** False when the traffic was moved in an earlier turn and something else is wanted since. */
async function moveTraffic(
  context: RestoreContext<CloudRunTarget, CloudRunSnapshot>,
  service: CloudRunService,
  wanted: ReadonlyMap<string, number>,
): Promise<boolean> {
  const { ports, target, signal } = context;
  const isWanted = (now: CloudRunService): boolean =>
    isPinned(now.traffic) && sameShares(sharesOf(now.traffic), wanted);
  let isFresh = false;
  await context.effect<Json>({
    key: "traffic",
    what: `send the traffic of ${context.service} to ${showShares(wanted)}`,
    async find() {
      isFresh = isWanted(await ports.cloudRun.service(target, signal));
      return isFresh ? { found: true, result: { operation: "found" } } : { found: false };
    },
    async act() {
      isFresh = true;
      if (isWanted(service)) return { operation: "already wanted" };
      const traffic = vectorOf(wanted, service.traffic, context);
      return { operation: (await ports.cloudRun.setTraffic(target, service.etag, traffic)).operation };
    },
  });
  return isFresh || isWanted(service);
}

/**
 * Shares by name, and every tag: as it is now, or as the snapshot had it where it is gone. A tag left out would vanish, as
 * is right for one that this run's revision was given.
 */
function vectorOf(
  wanted: ReadonlyMap<string, number>,
  now: readonly TrafficEntry[],
  { snapshot, switched }: Context,
): readonly TrafficEntry[] {
  const tags = new Map<string, TrafficEntry>();
  const others = now.filter(({ revision, latest }) => latest || revision !== switched?.to);
  for (const entry of [...snapshot.traffic, ...others]) {
    if (entry.tag !== undefined) tags.set(entry.tag, { ...entry, percent: 0 });
  }
  return [...[...wanted].map(([revision, percent]) => ({ revision, percent, latest: false })), ...tags.values()];
}

function troubleOf({ ready, reconciling }: CloudRunService): string {
  return !reconciling && ready.state === "failed"
    ? ` (the service says: ${ready.message ?? ready.reason ?? "failed"})`
    : "";
}

function waiting(now: Instant, what: string, seconds: number): RestoreOutcome {
  return { kind: "waiting", for: what, lookAt: plusMs(now, seconds * SECOND) };
}
