/** The predefined IAM roles of Google that cover what is needed here, narrowest first. Knows no other permission. */

/** Only those of a role's permissions that anything here needs. https://cloud.google.com/iam/docs/roles-permissions */
const ROLES: Readonly<Record<string, readonly string[]>> = {
  "roles/run.viewer": ["run.services.get", "run.revisions.get", "run.jobs.get", "run.executions.get"],
  "roles/run.developer": [
    "run.services.get",
    "run.revisions.get",
    "run.services.update",
    "run.jobs.get",
    "run.executions.get",
  ],
  "roles/logging.viewer": ["logging.logEntries.list"],
  "roles/monitoring.viewer": ["monitoring.timeSeries.list"],
  "roles/container.clusterViewer": ["container.clusters.get", "container.clusters.list"],
  "roles/storage.objectUser": [
    "storage.objects.create",
    "storage.objects.delete",
    "storage.objects.get",
    "storage.objects.list",
  ],
};

/** The first role that holds each permission, without those that another of them makes superfluous. */
export function rolesFor(permissions: readonly string[]): readonly string[] {
  const holds = (role: string, permission: string): boolean => ROLES[role]?.includes(permission) === true;
  const first = permissions.flatMap((permission) => Object.keys(ROLES).find((role) => holds(role, permission)) ?? []);
  const chosen = [...new Set(first)];
  const isCovered = (role: string): boolean =>
    chosen.some(
      (other) =>
        other !== role && permissions.every((permission) => !holds(role, permission) || holds(other, permission)),
    );
  return chosen.filter((role) => !isCovered(role)).toSorted();
}
