/** What of the needed IAM permissions the Google credentials have, on projects, Cloud Run services and buckets. */
import type { GooglePrivileges } from "../model/needs.ts";
import type { Excess, PermissionStanding, Standing } from "../model/standing.ts";
import { orReason } from "./asked.ts";
import type { StandingDeps } from "./standing.ts";

/** Never needed, and worth knowing: asked in the same request. */
const EXCESSIVE: readonly string[] = [
  "container.clusters.delete",
  "iam.serviceAccountKeys.create",
  "resourcemanager.projects.setIamPolicy",
  "run.services.delete",
  "secretmanager.versions.access",
  "storage.buckets.delete",
];

export async function googleStanding(
  { kind, name, permissions }: GooglePrivileges,
  deps: StandingDeps,
): Promise<Standing> {
  const base = { cloud: "Google Cloud", on: `${kind} ${name}` } as const;
  const isOfService = (permission: string): boolean =>
    kind === "project" && /^run\.(?:services|revisions)\./.test(permission);
  const names = permissions.map((permission) => permission.name);
  const onServices = deps.servicesOf(name).map((target) => ({
    place: { kind: "service", target } as const,
    label: target.service,
    permissions: names.filter(isOfService),
  }));
  const more = kind === "project" ? EXCESSIVE : [];
  const onPlace = {
    place: { kind, name } as const,
    label: base.on,
    permissions: [...names.filter((permission) => !isOfService(permission)), ...more],
  };
  const places = [onPlace, ...(kind === "project" ? onServices : [])].filter((place) => place.permissions.length > 0);
  const asked = await Promise.all(
    places.map(async (place) => ({
      ...place,
      said: await orReason(() => deps.access.google(place.place, place.permissions, deps.signal)),
    })),
  );
  const rows = permissions.map((permission): PermissionStanding => {
    const row = { ...base, permission: permission.name, for: permission.for };
    const said = asked.filter((place) => place.permissions.includes(permission.name));
    const missing = said.flatMap(({ said, label }) =>
      "answer" in said && said.answer !== "unknown" && !said.answer.includes(permission.name) ? [label] : [],
    );
    if (missing.length > 0)
      return { ...row, standing: "lacking", because: `it is not granted on ${missing.join(", ")}` };
    const silent = said.find(({ said }) => !("answer" in said) || said.answer === "unknown");
    if (silent !== undefined || said.length === 0)
      return { ...row, standing: "unknown", because: whySilent(silent?.said) };
    return { ...row, standing: "granted" };
  });
  const answers = asked.flatMap(({ said }) => ("answer" in said && said.answer !== "unknown" ? said.answer : []));
  return {
    permissions: rows,
    excess: more.filter((one) => answers.includes(one)).map((may): Excess => ({ ...base, may })),
    unauthorised: asked.some(({ said }) => "unauthorised" in said && said.unauthorised),
  };
}

function whySilent(said: { readonly reason: string } | { readonly answer: unknown } | undefined): string {
  return said !== undefined && "reason" in said ? said.reason : "a simulated cloud has no IAM to ask";
}
