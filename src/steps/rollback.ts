/** Puts its services back to what they were before the run, in reverse order, verified: for drills and two-way runbooks. */
import { z } from "zod";
import type { Json } from "../model/json.ts";
import { earliest, type Instant, MINUTE } from "../model/time.ts";
import type { RestoreOutcome, StepContext, StepKind, StepOutcome } from "./step.ts";

const argsSchema = z.strictObject({});
type Args = z.infer<typeof argsSchema>;

export const rollback: StepKind<Args> = {
  uses: "rollback",
  summary: "Puts its services back to the snapshot that was taken before the run, in reverse order, and verifies it.",
  args: argsSchema,
  platforms: ["cloud-run", "kubernetes"],
  needsServices: true,
  needs: [],
  defaultTimeoutMs: 60 * MINUTE,
  turn,
};

async function turn(context: StepContext<Args>): Promise<StepOutcome> {
  const memos = (context.memo ?? {}) as Record<string, Json>;
  const outcomes: { service: string; outcome: RestoreOutcome }[] = [];
  for (const { name } of [...context.services].reverse()) {
    outcomes.push({ service: name, outcome: await context.restore(name, memos[name]) });
  }
  const refused = outcomes.flatMap(({ service, outcome }) =>
    outcome.kind === "refused" ? [`${service}: ${outcome.because}`] : [],
  );
  if (refused.length > 0) return { kind: "refused", because: refused.join("; ") };
  const waits = outcomes.flatMap(({ service, outcome }) =>
    outcome.kind === "waiting" ? [{ service, ...outcome }] : [],
  );
  const lookAt = earliest(waits.map((wait): Instant => wait.lookAt));
  if (lookAt === undefined)
    return { kind: "done", summary: `restored ${outcomes.map(({ service }) => service).join(", ")}` };
  return {
    kind: "waiting",
    for: waits.map((wait) => `${wait.service}: ${wait.for}`).join("; "),
    lookAt,
    memo: Object.fromEntries(waits.flatMap(({ service, memo }) => (memo === undefined ? [] : [[service, memo]]))),
  };
}
