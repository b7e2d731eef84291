/** The last lines that a revision or an execution of a job wrote, as a person wants to see them. Hostile text: redacted, cut, judged by nobody. */
import { PortFailure } from "../model/error.ts";
import { type Redaction, redact } from "../model/redact.ts";
import type { CloudRunJobTarget, CloudRunTarget, ServiceTarget } from "../model/service.ts";
import { type Instant, MINUTE, plusMs } from "../model/time.ts";
import type { StepContext } from "./step.ts";

const SHOWN_LINES = 8;
const LONGEST_LINE = 300;

type Context = Pick<StepContext<unknown>, "ports" | "signal" | "now" | "redaction">;

/** Soft: where the log cannot be read, or is empty still, that is said, and nothing else changes. One read. */
export async function lastOutputOf(
  { ports, signal, now, redaction }: Context,
  target: CloudRunTarget | CloudRunJobTarget,
  version: { readonly name: string; readonly createdAt: Instant },
): Promise<readonly string[]> {
  const query = {
    target,
    log: "output",
    version: version.name,
    // The clocks of this machine and of what writes may differ.
    since: plusMs(version.createdAt, -MINUTE),
    until: plusMs(now, MINUTE),
  } as const;
  try {
    const records = await ports.logs.tail(query, SHOWN_LINES, signal);
    const lines = cutLines(
      records.flatMap(({ text }) => text?.split(/\r\n|\r|\n/) ?? []),
      redaction,
    );
    return lines.length > 0 ? lines : [`(${version.name} has written nothing that Cloud Logging shows yet)`];
  } catch (error) {
    if (signal.aborted || !(error instanceof PortFailure)) throw error;
    return [`(the log of ${version.name} could not be read)`];
  }
}

/** Of a refused stage: nothing where no revision has failed. */
export async function lastOutputOfFailed(
  context: Context,
  target: ServiceTarget,
  { failed }: { readonly failed?: { readonly name: string; readonly createdAt: Instant } },
): Promise<readonly string[]> {
  if (failed === undefined || target.platform !== "cloud-run") return [];
  return lastOutputOf(context, target, failed);
}

/** The last lines that say anything. */
export function cutLines(lines: readonly string[], redaction: Redaction): readonly string[] {
  return lines
    .filter((line) => line.trim() !== "")
    .slice(-SHOWN_LINES)
    .map((line) => redact(line, redaction).slice(0, LONGEST_LINE));
}
