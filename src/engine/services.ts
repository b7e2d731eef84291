/** The services of a run as the steps and checks see them. */
import type { Progress } from "../model/progress.ts";
import type { StepSpec } from "../model/runbook.ts";
import { identityOf } from "../model/service.ts";
import type { RunIdentity, StepService } from "../steps/step.ts";

export function identityOfRun(progress: Progress): RunIdentity {
  const { plan } = progress;
  return {
    id: progress.run,
    runbook: plan.runbook.name,
    startedBy: plan.startedBy,
    inputs: plan.inputs,
    ...(plan.runbook.repository === undefined ? {} : { repository: plan.runbook.repository }),
    ...(plan.pullRequest === undefined ? {} : { pullRequest: plan.pullRequest }),
  };
}

export function serviceOf(progress: Progress, name: string): StepService {
  const target = progress.plan.runbook.services[name];
  const before = progress.snapshot[name];
  if (target === undefined || before === undefined) throw new RangeError(`the plan has no service ${name}`);
  const switched = progress.switched[name];
  return { name, target, before, ...(switched === undefined ? {} : { switched }) };
}

/** The names under which the services of a plan are locked. */
export function identitiesOf(progress: Progress, services: readonly string[]): readonly string[] {
  return services.flatMap((name) => {
    const target = progress.plan.runbook.services[name];
    return target === undefined ? [] : [identityOf(target)];
  });
}

/** Switched by this run, and still serving what it deployed as far as we know. */
export function isWatched(progress: Progress, service: string): boolean {
  return (
    progress.switched[service] !== undefined &&
    progress.superseded[service] === undefined &&
    progress.restored[service] === undefined
  );
}

/** Kinds that may deploy a service without naming it. */
const DEPLOYING: readonly string[] = ["trigger-workflow", "run-command"];

/**
 * Nothing that this run did can have changed it yet. Which step deploys a service is not written anywhere: it is the last
 * one that may and names no service, before the first that names this one; of steps side by side it may be any.
 */
export function isUntouched(progress: Progress, service: string): boolean {
  const { steps } = progress.plan.runbook;
  const first = steps.find(({ services }) => services.includes(service));
  if (first === undefined || progress.switched[service] !== undefined) return false;
  // A step that was skipped deployed nothing: the one before it may have.
  const deploying = steps.filter(
    (step) =>
      step.services.length === 0 &&
      DEPLOYING.includes(step.uses) &&
      progress.items[`step:${step.id}`]?.state !== "skipped" &&
      (steps.indexOf(step) < steps.indexOf(first) || isBeside(step, first)),
  );
  const last = deploying.findLast((step) => !isBeside(step, first)) ?? first;
  const suspects = [last, ...deploying.filter((step) => isBeside(step, last) || isBeside(step, first))];
  return suspects.every((step) => !hasEffects(progress, `step:${step.id}`));
}

function isBeside(one: StepSpec, other: StepSpec): boolean {
  return one.group !== undefined && one.group === other.group;
}

/** Every step about it was skipped by its `if:`: this run deploys it not at all, and does not judge it. */
export function isLeftOut(progress: Progress, service: string): boolean {
  const about = progress.plan.runbook.steps.filter(({ services }) => services.includes(service));
  const isSkipped = about.every(
    (step) => step.if !== undefined && progress.items[`step:${step.id}`]?.state === "skipped",
  );
  return about.length > 0 && isSkipped && progress.switched[service] === undefined;
}

export function hasEffects(progress: Progress, item: string): boolean {
  return Object.values(progress.effects).some((effect) => effect.item === item && effect.state !== "rejected");
}
