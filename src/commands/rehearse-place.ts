/** Where in the runbook's file the cause of a surprising rehearsal stands: file:line:column and what is there. Judges nothing. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import { openSource, type Path } from "../language/source.ts";
import { didYouMean } from "../language/suggest.ts";
import { RunbookError } from "../model/error.ts";
import type { Plan } from "../model/plan.ts";
import { formatDuration } from "../model/time.ts";
import type { MatrixRow } from "../rehearsal/matrix.ts";
import { servicesMeant, triggerSteps, workflowRuleFor } from "../rehearsal/roles.ts";
import { ROLES, type Scenario } from "../rehearsal/scenario.ts";
import type { Io } from "./io.ts";

/** "runbooks/x.yaml:33:5  step deploy-backend"; undefined when no one place is to blame. */
export async function placeOf({ surprises, trouble }: MatrixRow, plan: Plan, io: Io): Promise<string | undefined> {
  if (surprises.length === 0 || trouble === undefined) return undefined;
  const { position, steps } = await openFile(plan, io);
  if (trouble.service !== undefined) {
    return `${position(["services", trouble.service])}  service ${trouble.service}: it cannot be put back as it stands`;
  }
  const step = plan.runbook.steps.find(({ id }) => id === trouble.step);
  if (step === undefined) return undefined;
  const index = steps.indexOf(step.id);
  if (trouble.ranOutOfTime === true && step.timeoutMs !== undefined && index >= 0) {
    const timeout = formatDuration(step.timeoutMs);
    return `${position(["steps", index, "timeout"])}  step ${step.id}: its timeout of ${timeout} is too short for this`;
  }
  return `${plan.file}:${step.position.line}:${step.position.column}  step ${step.id}`;
}

/** What a scenario says must fit the runbook: a rule for nobody would rehearse another day than was meant. */
export async function requireFitting(plan: Plan, scenario: Scenario, io: Io): Promise<void> {
  const stranger = scenario.services.find(({ which }) => !isRole(which) && servicesMeant(which, plan).length === 0);
  if (stranger !== undefined) {
    const known = [...Object.keys(plan.runbook.services), ...ROLES];
    throw new RunbookError({
      what: `The scenario ${scenario.name} speaks of ${JSON.stringify(stranger.which)}, which is no service of ${plan.runbook.name} and no role.`,
      state: "Nothing was touched.",
      next: didYouMean(stranger.which, known) ?? `Those there are: ${known.join(", ")}.`,
    });
  }
  await requireNamedServices(plan, scenario, io);
}

function isRole(which: string): boolean {
  return ROLES.some((role) => role === which);
}

/** A workflow that deploys what the runbook does not name: nobody would judge it or put it back. */
async function requireNamedServices(plan: Plan, scenario: Scenario, io: Io): Promise<void> {
  const known = Object.keys(plan.runbook.services);
  for (const step of triggerSteps(plan)) {
    const unnamed = (workflowRuleFor(step, scenario, plan)?.deploys ?? []).filter((name) => !known.includes(name));
    if (unnamed.length === 0) continue;
    const place = (await openFile(plan, io)).position(["services"]);
    throw new RunbookError({
      what: `The workflow of step ${step.id} deploys ${unnamed.join(" and ")}, which the runbook's services do not name (${place}): nobody would judge it or put it back.`,
      state: "Nothing was touched.",
      next: `Add ${unnamed.join(" and ")} to \`services:\` at ${place}, and a step that waits for it.`,
    });
  }
}

interface OpenFile {
  /** "runbooks/x.yaml:33:5" */
  readonly position: (path: Path) => string;
  /** Ids of the steps at the top, in the file's order; of a group: none. */
  readonly steps: readonly (string | undefined)[];
}

async function openFile(plan: Plan, io: Io): Promise<OpenFile> {
  const { source } = openSource(plan.file, await readFile(resolve(io.cwd, plan.file), "utf8"));
  const { steps } = fileSchema.parse(source.value);
  return {
    position: (path) => {
      const { line, column } = source.positionOf(path);
      return `${plan.file}:${line}:${column}`;
    },
    steps: steps.map(({ id }) => id),
  };
}

const fileSchema = z.object({ steps: z.array(z.object({ id: z.string().optional() })).default([]) });
