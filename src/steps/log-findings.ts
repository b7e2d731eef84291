/** Preflight of the checks that read logs: whether the logs can be read at all. One bounded read per service. */
import { PortFailure } from "../model/error.ts";
import { MINUTE, plusMs } from "../model/time.ts";
import type { LogQuery } from "../ports/logs.ts";
import type { Finding, PreflightContext } from "./step.ts";

export async function logFindings(
  context: PreflightContext<unknown>,
  query: Pick<LogQuery, "log">,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { name, target } of context.services) {
    try {
      const since = plusMs(context.now, -MINUTE);
      await context.ports.logs.page({ ...query, target, since, until: context.now }, undefined, context.signal);
    } catch (error) {
      if (!(error instanceof PortFailure) || error.kind === "aborted") throw error;
      findings.push(findingOf(name, error));
    }
  }
  return findings;
}

function findingOf(service: string, failure: PortFailure): Finding {
  const what = `${service}: its logs cannot be read, so it could not be judged: ${failure.message}`;
  return failure.kind === "unauthorised"
    ? {
        severity: "unauthorised",
        what,
        next: "grant roles/logging.viewer, or log in: gcloud auth application-default login",
      }
    : { severity: "error", what };
}
