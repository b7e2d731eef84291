/** The services of a run as the steps and checks see them. */
import type { Progress } from "../model/progress.ts";
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

/**
 * Nothing that this run did can have changed it yet. Which step deploys a service is not written anywhere: it is the last
 * one that names no service, before the first that names this one.
 */
export function isUntouched(progress: Progress, service: string): boolean {
  const { steps } = progress.plan.runbook;
  const first = steps.findIndex(({ services }) => services.includes(service));
  if (first === -1 || progress.switched[service] !== undefined) return false;
  const deploying = steps.slice(0, first).findLast(({ services }) => services.length === 0) ?? steps[first];
  return deploying !== undefined && !hasEffects(progress, `step:${deploying.id}`);
}

export function hasEffects(progress: Progress, item: string): boolean {
  return Object.values(progress.effects).some((effect) => effect.item === item && effect.state !== "rejected");
}
