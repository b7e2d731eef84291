/** How the present credentials stand to the permissions that a runbook needs. */

export interface PermissionStanding {
  readonly cloud: "GitHub" | "Google Cloud" | "Kubernetes";
  /** The repository, the project or bucket, the namespace. */
  readonly on: string;
  /** "actions: write", "run.services.update", "get deployments.apps" */
  readonly permission: string;
  readonly for: readonly string[];
  /** `unknown`: nobody can or could tell. It is never taken for granted. */
  readonly standing: "granted" | "lacking" | "unknown";
  /** Why it is unknown, or where it is lacking. Hostile text. */
  readonly because?: string;
}

/** What the credentials may do beyond that, as far as it was asked. */
export interface Excess {
  readonly cloud: PermissionStanding["cloud"];
  readonly on: string;
  readonly may: string;
}

export interface Standing {
  readonly permissions: readonly PermissionStanding[];
  readonly excess: readonly Excess[];
  /** A cloud refused to answer at all, for want of credentials. */
  readonly unauthorised: boolean;
}
