/** The last lines that a failed workflow job wrote, as a person wants to see them. Hostile text: redacted, cut, judged by nobody. */
import type { Redaction } from "../model/redact.ts";
import type { WorkflowJob } from "../ports/workflows.ts";
import { cutLines } from "./last-output.ts";
import type { StepContext } from "./step.ts";

/** Soft: where the log cannot be read that is said, and nothing else changes. */
export async function lastWordsOf(
  { ports, signal, redaction }: Pick<StepContext<unknown>, "ports" | "signal" | "redaction">,
  repository: string,
  job: WorkflowJob,
): Promise<readonly string[]> {
  try {
    return lastLines(await ports.workflows.jobLog(repository, job.id, signal), redaction);
  } catch (error) {
    if (signal.aborted) throw error;
    return [`(the log of job "${job.name}" could not be read)`];
  }
}

/** After the step that failed, clean-up steps write too: what counts ends with the last error that the runner marked. */
export function lastLines(log: string, redaction: Redaction): readonly string[] {
  const lines = log.split(/\r\n|\r|\n/).map(withoutTime);
  const end = lines.findLastIndex((line) => line.startsWith("##[error]"));
  return cutLines(
    (end === -1 ? lines : lines.slice(0, end + 1))
      .filter((line) => !/^##\[(?:group|endgroup|debug)\]/.test(line))
      .map((line) => line.replace(/^##\[(error|warning|notice|command)\]/, "$1: ")),
    redaction,
  );
}

/** "2026-04-12T04:00:01.1234567Z text", in a file that begins with a byte order mark. */
function withoutTime(line: string): string {
  return line.replace(/^\uFEFF?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z /, "");
}
