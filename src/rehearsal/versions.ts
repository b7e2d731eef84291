/** The images, digests and revisions that a scenario's old and new version of a service have. */
import { createHash } from "node:crypto";
import type { Plan } from "../model/plan.ts";
import type { KubernetesTarget } from "../model/service.ts";
import { ruleFor } from "./roles.ts";
import { fullSha } from "../simulator/github-state.ts";
import type { Scenario } from "./scenario.ts";

/** `another`: what somebody else deploys later. */
export type Version = "before" | "after" | "another";

const ANOTHER_COMMIT = "a07e2d1";

/** "gcr.io/PROJECT/NAME:latest" where the tag moves, else the tag is the commit's first seven digits. */
export function kubernetesImage(
  service: string,
  target: KubernetesTarget,
  scenario: Scenario,
  plan: Plan,
  version: Version,
): string {
  const isMoving = ruleFor(service, scenario, plan).pods?.["rolls-by"] === "restart";
  return `gcr.io/${target.project}/${service}:${isMoving ? "latest" : commitOf(scenario, version).slice(0, 7)}`;
}

export function digestOfVersion(service: string, scenario: Scenario, version: Version): string {
  return `sha256:${createHash("sha256")
    .update(`${service}@${commitOf(scenario, version)}`)
    .digest("hex")}`;
}

function commitOf(scenario: Scenario, version: Version): string {
  if (version === "another") return ANOTHER_COMMIT;
  const commit = version === "before" ? scenario.commits[0] : scenario.commits.at(-1);
  return commit?.sha ?? "0000000";
}

export function commitsOf(scenario: Scenario): Readonly<Record<Version, string>> {
  return {
    before: fullSha(commitOf(scenario, "before")),
    after: fullSha(commitOf(scenario, "after")),
    another: fullSha(ANOTHER_COMMIT),
  };
}
