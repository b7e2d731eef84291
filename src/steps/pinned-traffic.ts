/** The way back from a pin that a rollback left: the new revision gets the traffic by name, and then the pin goes. */
import { PortFailure } from "../model/error.ts";
import type { CloudRunSnapshot, CloudRunTarget, TrafficEntry } from "../model/service.ts";
import { isPinned, sharesOf, soleRevision } from "../model/traffic.ts";
import type { CloudRunService } from "../ports/cloud-run.ts";
import type { StepContext } from "./step.ts";

type Context = Pick<StepContext<unknown>, "ports" | "effect" | "signal">;

/** Pinned to one revision while a newer one does not serve: un-pinning before a deploy would serve that newer one. */
export function isPinnedBehind(before: CloudRunSnapshot): boolean {
  const { pinned, revision, newestRevision } = before;
  return pinned && revision !== undefined && newestRevision !== undefined && newestRevision !== revision;
}

/** Gives all of the traffic to a revision that is ready at 0 %, by name, under the etag just read. */
export function shiftByName(context: Context, target: CloudRunTarget, revision: string): Promise<unknown> {
  const isDone = (service: CloudRunService): boolean => soleRevision(sharesOf(service.traffic)) === revision;
  return changeTraffic(context, target, `shift/${target.service}`, {
    what: `give all traffic of ${target.service} to ${revision} by name: it was pinned behind another revision`,
    isDone,
    entry: { revision, percent: 100, latest: false },
  });
}

/** Lets traffic follow the newest revision again. Only where that is the one that serves: nothing changes for users. */
export function unpin(context: Context, target: CloudRunTarget, revision: string): Promise<unknown> {
  return changeTraffic(context, target, `un-pin/${target.service}`, {
    what: `un-pin ${target.service}: its newest revision ${revision} serves`,
    isDone: (service) => !isPinned(service.traffic),
    entry: { revision, percent: 100, latest: true },
  });
}

/** Changes traffic; somebody else's change between our read and our write means: read again, and decide again. */
export async function unlessChanged<S>(change: () => Promise<S>): Promise<S | ChangedMeanwhile> {
  try {
    return await change();
  } catch (error) {
    if (!(error instanceof PortFailure) || error.kind !== "conflict") throw error;
    return { kind: "waiting", text: "it was changed by somebody else meanwhile, deciding again" };
  }
}

export interface ChangedMeanwhile {
  readonly kind: "waiting";
  readonly text: string;
}

interface Change {
  readonly what: string;
  isDone(service: CloudRunService): boolean;
  readonly entry: TrafficEntry;
}

function changeTraffic(context: Context, target: CloudRunTarget, key: string, change: Change): Promise<unknown> {
  const { cloudRun } = context.ports;
  return context.effect({
    key,
    what: change.what,
    find: async () => {
      const found = change.isDone(await cloudRun.service(target, context.signal));
      return found ? { found, result: { operation: "already wanted" } } : { found };
    },
    act: async () => {
      const service = await cloudRun.service(target);
      if (change.isDone(service)) return { operation: "already wanted" };
      // A tag that is left out would vanish.
      const tags = service.traffic.filter(({ tag }) => tag !== undefined).map((entry) => ({ ...entry, percent: 0 }));
      const { operation } = await cloudRun.setTraffic(target, service.etag, [change.entry, ...tags]);
      return { operation };
    },
  });
}
