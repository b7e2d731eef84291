/** A simulated cloud as JSON for people: its time, what serves, what ran, what was changed. Changes nothing. */
import type { SimulatedCloud } from "./simulated-cloud.ts";

/** Newest last, and at most so many of each list. */
const MOST_SHOWN = 50;

export function worldView({ world, github, cloudRun, cloudRunJobs, kubernetes, control }: SimulatedCloud): object {
  return {
    now: world.now,
    cloudRun: cloudRun.services.map(({ key, served, traffic, latestCreated, latestReady, revisions }) => ({
      service: key,
      served,
      traffic,
      latestCreated,
      latestReady,
      revisions: [...revisions.keys()].slice(-MOST_SHOWN),
    })),
    cloudRunJobs: cloudRunJobs.jobs.map(({ key, generation, image, executions }) => ({
      job: key,
      generation,
      image,
      executions: executions.slice(-MOST_SHOWN),
    })),
    kubernetes: kubernetes.deployments.map(({ options, pods }) => ({
      deployment: `${options.namespace}/${options.name}`,
      pods: pods
        .filter(({ deletedAt }) => deletedAt === undefined)
        .slice(-MOST_SHOWN)
        .map(({ name, image, digest, ready }) => ({ name, image, digest, ready })),
    })),
    github: {
      dispatches: github.effects.dispatches
        .slice(-MOST_SHOWN)
        .map(({ origin, status, conclusion, createdAt }) => ({ ...origin, status, conclusion, createdAt })),
      comments: github.effects.commentsCreated.length,
      statuses: github.effects.statuses.slice(-MOST_SHOWN),
      cancels: github.effects.cancels,
    },
    changes: { cloudRun: cloudRun.effects.slice(-MOST_SHOWN), kubernetes: kubernetes.patches.slice(-MOST_SHOWN) },
    helm: control.releases.map(({ release, namespace, revisions }) => ({ release, namespace, revisions })),
    notifications: control.notifications.slice(-MOST_SHOWN),
  };
}
