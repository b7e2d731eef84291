/** What preflight says about a Cloud Run service or job that cannot be read. Reads nothing itself. */
import { PortFailure } from "../model/error.ts";
import type { CloudRunJobTarget, CloudRunTarget } from "../model/service.ts";
import type { Finding } from "./step.ts";

/** Throws what is neither a missing service nor a missing permission. */
export function unreadable(name: string, target: CloudRunTarget, error: unknown): Finding {
  if (error instanceof PortFailure && error.kind === "not-found") {
    return {
      severity: "error",
      what: `${name}: there is no Cloud Run service ${target.service} in ${target.region} of project ${target.project}`,
      next: `compare with \`gcloud run services list --project ${target.project}\``,
    };
  }
  if (error instanceof PortFailure && error.kind === "unauthorised") {
    return {
      severity: "unauthorised",
      what: `${name}: ${error.message}`,
      next: `run.services.get on project ${target.project} is needed (roles/run.viewer)`,
    };
  }
  throw error;
}

/** The same for a job. */
export function unreadableJob(name: string, target: CloudRunJobTarget, error: unknown): Finding {
  if (error instanceof PortFailure && error.kind === "not-found") {
    return {
      severity: "error",
      what: `${name}: there is no Cloud Run job ${target.job} in ${target.region} of project ${target.project}`,
      next: `compare with \`gcloud run jobs list --project ${target.project}\``,
    };
  }
  if (error instanceof PortFailure && error.kind === "unauthorised") {
    return {
      severity: "unauthorised",
      what: `${name}: ${error.message}`,
      next: `run.jobs.get on project ${target.project} is needed (roles/run.viewer)`,
    };
  }
  throw error;
}
