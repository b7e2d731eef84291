/** What `runbook doctor` found out about one thing that a runbook depends on. */

/**
 * - `unauthorised`: there are no credentials, or they are refused.
 * - `unreachable`: it did not answer, or not as its API promises.
 * - `wrong`: it answered, and what the runbook names is not there, or makes no sense to it.
 * - `unknown`: nobody could be asked.
 */
export type DiagnosisState = "ok" | "unauthorised" | "unreachable" | "wrong" | "unknown";

export interface Diagnosis {
  /** "GitHub", "Cloud Run" */
  readonly what: string;
  /** Of what exactly: a repository, a service, a project. */
  readonly about: string;
  readonly state: DiagnosisState;
  /** Hostile text: what the other side answered. */
  readonly said: string;
  /** What to do about it. */
  readonly next?: string;
}
