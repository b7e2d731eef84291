/** What a rehearsal has left in its simulated cloud: which version each service serves, and the effects counted. */
import { z } from "zod";
import type { Plan } from "../model/plan.ts";
import type { ServiceTarget } from "../model/service.ts";
import type { Scenario } from "./scenario.ts";
import type { SimulatedCloud } from "./simulated-cloud.ts";
import { commitsOf, digestOfVersion } from "./versions.ts";

/** `other`: neither, such as somebody else's deploy, or a mixture. */
const servingSchema = z.enum(["before", "after", "other"]);

export const footprintSchema = z.strictObject({
  serving: z.record(z.string(), servingSchema),
  effects: z.strictObject({
    dispatches: z.number(),
    /** Changes of Cloud Run traffic. */
    traffic: z.number(),
    /** Changes of Kubernetes objects, by the API or by Helm. */
    patches: z.number(),
    /** Comments posted (edits are not counted). */
    comments: z.number(),
  }),
});
export type Footprint = z.infer<typeof footprintSchema>;

export function footprintOf(cloud: SimulatedCloud, plan: Plan, scenario: Scenario): Footprint {
  const { github, cloudRun, kubernetes, control } = cloud;
  const helm = control.releases.reduce((sum, { revisions }) => sum + revisions.length - 1, 0);
  return {
    serving: Object.fromEntries(
      Object.entries(plan.runbook.services).map(([service, target]) => [
        service,
        servingOf(cloud, service, target, scenario),
      ]),
    ),
    effects: {
      dispatches: github.effects.dispatches.length,
      traffic: cloudRun.effects.filter(({ kind }) => kind === "update-traffic").length,
      patches: kubernetes.patches.length + helm,
      comments: github.effects.commentsCreated.length,
    },
  };
}

function servingOf(
  cloud: SimulatedCloud,
  service: string,
  target: ServiceTarget,
  scenario: Scenario,
): z.infer<typeof servingSchema> {
  if (target.platform === "cloud-run") {
    const { history, revisions } = cloud.cloudRun.service(`${target.project}/${target.region}/${target.service}`);
    const [first, last] = [history[0]?.shares ?? new Map<string, number>(), history.at(-1)?.shares ?? new Map()];
    if (sameShares(first, last)) return "before";
    const [only] = [...last.keys()];
    const isNew = last.size === 1 && revisions.get(String(only))?.commit === commitsOf(scenario).after;
    return isNew ? "after" : "other";
  }
  if (target.platform === "cloud-run-job") {
    const { commit } = cloud.cloudRunJobs.job(`${target.project}/${target.region}/${target.job}`);
    const { before, after } = commitsOf(scenario);
    return commit === before ? "before" : commit === after ? "after" : "other";
  }
  const { pods } = cloud.kubernetes.deployment(target.namespace, target.name);
  const running = new Set(pods.filter(({ deletedAt }) => deletedAt === undefined).map(({ digest }) => digest));
  const runsOnly = (version: "before" | "after"): boolean =>
    running.size === 1 && running.has(digestOfVersion(service, scenario, version));
  return runsOnly("before") ? "before" : runsOnly("after") ? "after" : "other";
}

function sameShares(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  return a.size === b.size && [...a].every(([revision, share]) => b.get(revision) === share);
}
