/** The least privilege of the shipped runbooks, and how credentials of each kind stand to it. */
import { describe, expect, it } from "vitest";
import { findRunbook } from "../../../src/commands/find-runbook.ts";
import { kindOf, platformOf } from "../../../src/commands/session.ts";
import { loadRunbook } from "../../../src/language/load.ts";
import { PortFailure } from "../../../src/model/error.ts";
import type { Privileges } from "../../../src/model/needs.ts";
import { rolesFor } from "../../../src/planning/google-roles.ts";
import { privilegesOf } from "../../../src/planning/privileges.ts";
import { standingOf } from "../../../src/planning/standing.ts";
import type { Access } from "../../../src/ports/access.ts";
import { permissionsText } from "../../../src/reporters/permissions-text.ts";
import { allSteps } from "../../../src/steps/all-steps.ts";
import { expectGolden } from "../../support/golden.ts";
import { testIo } from "../../support/journey.ts";

/** Everything that is needed, and nothing else. */
const generous: Access = {
  rateLimit: () => Promise.reject(new PortFailure("unavailable", "not asked")),
  googleAccount: () => Promise.resolve("of deployer"),
  githubRead: () => Promise.resolve(),
  github: async () => ({ isPrivate: true, scopes: ["repo"], role: { pull: true, push: true } }),
  google: async (_place, permissions) =>
    permissions.filter((one) => /\.(get|list|update)$|objects/.test(one) && !one.startsWith("secret")),
  kubernetes: async (_target, { resource, verb }) =>
    !["secrets", "pods/exec"].includes(resource) && verb !== "*" && verb !== "delete",
};
const target = { platform: "cloud-run", project: "based-hardware", region: "us-central1", service: "backend" } as const;

const standing = (privileges: Privileges, access: Partial<Access> = {}): ReturnType<typeof standingOf> =>
  standingOf(privileges, {
    access: { ...generous, ...access },
    servicesOf: (project) => (project === target.project ? [target] : []),
    signal: new AbortController().signal,
  });

const privilegesIn = (text: string): Privileges => {
  const loaded = loadRunbook("r.yaml", text, allSteps);
  if ("problems" in loaded) throw new Error(JSON.stringify(loaded.problems));
  return privilegesOf(loaded.runbook, { kindOf, platformOf });
};

describe("the least privilege", () => {
  it.each(["backend-prod", "cloud-run-canary", "kubernetes-approval"])("of %s", async (name) => {
    const { runbook } = await findRunbook(name, testIo());
    const privileges = privilegesOf(runbook, { kindOf, platformOf, bucket: "my-team" });
    const text = permissionsText(name, privileges, await standing(privileges));
    expectGolden(import.meta.url, `golden/permissions-${name}.txt`, text);
  });

  it("is declared by every step kind, and known to a role where it is Google's", () => {
    const google = allSteps.flatMap(({ needs }) => needs).filter((need) => need.startsWith("google:"));
    expect(google.length).toBeGreaterThan(5);
    for (const need of google) expect(rolesFor([need.slice("google:".length)]), need).toHaveLength(1);
  });

  it("of a StatefulSet deletes its broken pods; of a cluster without a location lists clusters; of a context neither", () => {
    const runbook = (service: string): string =>
      `name: s\nservices:\n  db: { kubernetes: { project: p, cluster: c, namespace: n, ${service} } }\nsteps:\n  - { id: r, uses: rollout-status, services: [db] }\n`;
    const set = privilegesIn(runbook("statefulset: db"));
    const verbs = set.kubernetes[0]?.rules.find(({ resource }) => resource === "pods")?.verbs.map(({ verb }) => verb);
    expect(verbs).toEqual(["delete", "list"]);
    expect(set.kubernetes[0]?.rules.map(({ resource }) => resource)).toContain("controllerrevisions");
    expect(set.google[0]?.permissions.map(({ name }) => name)).toEqual(["container.clusters.list"]);
    expect(privilegesIn(runbook("daemonset: db, context: mine")).google).toEqual([]);
  });
});

describe("the standing of credentials", () => {
  const text = `name: s
repository: acme/app
services:
  backend: { cloud-run: { project: based-hardware, region: us-central1, service: backend } }
  web: { kubernetes: { project: based-hardware, cluster: c, context: c, namespace: n, deployment: web } }
steps:
  - { id: ship, uses: trigger-workflow, with: { workflow: a.yml, ref: main } }
  - { id: served, uses: wait-for-revision, services: [backend] }
  - { id: rolled, uses: rollout-status, services: [web] }
report: { pull-request: false, commit-status: false }
`;
  const privileges = privilegesIn(text);
  const told = async (access: Partial<Access>): Promise<readonly string[]> =>
    (await standing(privileges, access)).permissions
      .filter((one) => one.standing !== "granted")
      .map((one) => `${one.standing}: ${one.permission}${one.because === undefined ? "" : `: ${one.because}`}`);

  it("is granted where the cloud says so", async () => {
    expect(await told({})).toEqual([]);
  });

  it.each([
    [
      "a fine-grained token",
      { isPrivate: true, role: { pull: true, push: true } },
      "unknown: actions: write: GitHub tells",
    ],
    [
      "no scope",
      { isPrivate: true, scopes: [], role: { pull: true, push: true } },
      "lacking: actions: write: it takes the scope repo",
    ],
    [
      "a reader",
      { isPrivate: false, scopes: ["public_repo"], role: { pull: true, push: false } },
      "lacking: actions: write: the token's owner may not write",
    ],
    ["an unknown role", { isPrivate: true, scopes: ["repo"] }, "unknown: actions: write: GitHub does not tell"],
  ])("of %s", async (_name, answer, expected) => {
    const [first] = await told({ github: () => Promise.resolve(answer) });
    expect(first).toContain(expected);
  });

  it("of a fine-grained token is found out by reading where the repository is private, and no further", async () => {
    const github: Access["github"] = async () => ({ isPrivate: true });
    expect((await told({ github })).map((line) => line.slice(0, 30))).toEqual(["unknown: actions: write: GitHu"]);
    const githubRead: Access["githubRead"] = async (_repository, permission) => {
      throw permission === "actions"
        ? new PortFailure("unauthorised", "403 (it takes the permission actions=read)")
        : new PortFailure("unavailable", "503");
    };
    expect(await told({ github, githubRead })).toEqual([
      "lacking: actions: write: 403 (it takes the permission actions=read)",
      "unknown: contents: read: 503",
    ]);
    const isPublic = await told({ github: async () => ({ isPrivate: false }), githubRead });
    expect(isPublic.map((line) => line.slice(0, 23))).toEqual(["unknown: actions: write", "unknown: contents: read"]);
  });

  it("is asked of the service for Cloud Run, and named where it lacks", async () => {
    const refuse: Access["google"] = async (place, permissions) =>
      permissions.filter((one) => place.kind !== "service" || one !== "run.services.update");
    expect(await told({ google: refuse })).toEqual(["lacking: run.services.update: it is not granted on backend"]);
  });

  it("is unknown where nobody answers, with the reason, and not authorised where that is why", async () => {
    const failure = new PortFailure("unauthorised", "there is no token");
    const all = await standing(privileges, { kubernetes: () => Promise.reject(failure) });
    const mine = all.permissions.filter(({ cloud }) => cloud === "Kubernetes");
    expect(mine.length).toBeGreaterThan(3);
    for (const one of mine) expect([one.standing, one.because]).toEqual(["unknown", "there is no token"]);
    expect(all.unauthorised).toBe(true);
    expect(await told({ google: () => Promise.resolve("unknown") })).toContain(
      "unknown: run.services.update: a simulated cloud has no IAM to ask",
    );
  });

  it("is too much where dangerous permissions are granted that nothing needs", async () => {
    const all = await standing(privileges, {
      github: async () => ({ isPrivate: true, scopes: ["repo", "admin:org"], role: { pull: true, push: true } }),
      google: async (_place, permissions) => permissions,
      kubernetes: async () => true,
    });
    expect(all.excess.map(({ may }) => may.replace(/:.*/, ""))).toEqual([
      "the scope repo",
      "the scope admin",
      "container.clusters.delete",
      "iam.serviceAccountKeys.create",
      "resourcemanager.projects.setIamPolicy",
      "run.services.delete",
      "secretmanager.versions.access",
      "storage.buckets.delete",
      "everything in the namespace",
      "get secrets",
      "run programs in pods (pods/exec)",
      "delete deployments.apps",
    ]);
  });
});
