/** What serves now, asked of every platform: which services this run changed, and whose deploy serves. Reads only. */
import { messageOf } from "../model/error.ts";
import type { ServiceTarget } from "../model/service.ts";
import type { Ports } from "../ports/ports.ts";
import { isWatched, serviceOf } from "./services.ts";
import type { Turn } from "./turn.ts";

export interface Surveyed {
  readonly service: string;
  /** `unknown`: it could not be read, so it must be assumed to be changed. */
  readonly state: "as-before" | "changed" | "unknown";
  readonly detail: string;
}

/** Compares every service of the plan with the snapshot that was taken before the run touched anything. */
export async function surveyServices(turn: Turn): Promise<readonly Surveyed[]> {
  return Promise.all(Object.keys(turn.progress.plan.runbook.services).map((service) => survey(turn, service)));
}

async function survey(turn: Turn, service: string): Promise<Surveyed> {
  const { target, before } = serviceOf(turn.progress, service);
  const platform = turn.deps.platformOf(target);
  try {
    const serving = await platform.serving(target, turn.deps.ports, turn.deps.signal);
    const expected = platform.versionOf(before);
    if (expected !== undefined && serving === expected)
      return { service, state: "as-before", detail: `${service} serves ${serving} as before` };
    return { service, state: "changed", detail: `${servesText(service, serving)}, before: ${expected ?? "a split"}` };
  } catch (error) {
    return { service, state: "unknown", detail: `${service} could not be read: ${messageOf(error)}` };
  }
}

/** "mixed" is a word between platforms and engine, and none for people. */
export function servesText(service: string, serving: string): string {
  return serving === "mixed" ? `${service} is between versions` : `${service} serves ${serving}`;
}

/** Notices somebody else's deploy: a watched service that serves neither what this run deployed nor a mixture. */
export async function noticeSupersession(turn: Turn, ports = turn.deps.ports): Promise<void> {
  for (const service of Object.keys(turn.progress.switched)) {
    if (!isWatched(turn.progress, service)) continue;
    const { target, switched } = serviceOf(turn.progress, service);
    const serving = await servingIfRead(turn, target, ports);
    if (switched !== undefined && serving !== undefined && serving !== switched.to && serving !== "mixed") {
      await turn.record({ type: "service-superseded", service, expected: switched.to, serving });
    }
  }
}

/** What cannot be read is not noticed: an outage must stop neither the watch nor a rollback. */
async function servingIfRead(turn: Turn, target: ServiceTarget, ports: Ports): Promise<string | undefined> {
  try {
    return await turn.deps.platformOf(target).serving(target, ports, turn.deps.signal);
  } catch (error) {
    if (turn.deps.signal.aborted) throw error;
    return undefined;
  }
}

/** Every service that this run switched has been taken over. */
export function isSuperseded(turn: Turn): boolean {
  const switched = Object.keys(turn.progress.switched);
  return switched.length > 0 && switched.every((service) => turn.progress.superseded[service] !== undefined);
}
