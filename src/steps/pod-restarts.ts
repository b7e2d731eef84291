/** Restarts of containers since a switch, kept between looks: per pod and container, because counts start anew. Pure. */
import { z } from "zod";
import type { Instant } from "../model/time.ts";
import type { Pod } from "../ports/kubernetes.ts";

export const restartSampleSchema = z.strictObject({
  /** "pod uid/container" -> the count last seen, and how many of them happened since the switch. */
  containers: z.record(z.string(), z.strictObject({ last: z.number(), since: z.number() })),
  /** Restarts since the switch in pods that are no more. */
  gone: z.number(),
});
export type RestartSample = z.infer<typeof restartSampleSchema>;

/**
 * The sample after one more look. The kubelet may reset a count: a lower count than before counts from zero.
 * At the first look only pods made after `newSince` bring their restarts along; others begin at what they have.
 */
export function countRestarts(
  before: RestartSample | undefined,
  pods: readonly Pod[],
  newSince: Instant,
): RestartSample {
  const containers: Record<string, { last: number; since: number }> = {};
  for (const pod of pods) {
    for (const { name, restarts } of pod.containers) {
      const key = `${pod.uid}/${name}`;
      const known = before?.containers[key];
      const isNew = before !== undefined || pod.createdAt >= newSince;
      const delta = known === undefined ? (isNew ? restarts : 0) : restarts - known.last;
      containers[key] = { last: restarts, since: (known?.since ?? 0) + (delta < 0 ? restarts : delta) };
    }
  }
  const lost = Object.entries(before?.containers ?? {}).filter(([key]) => containers[key] === undefined);
  return { containers, gone: lost.reduce((sum, [, { since }]) => sum + since, before?.gone ?? 0) };
}

export function totalRestarts({ containers, gone }: RestartSample): number {
  return Object.values(containers).reduce((sum, { since }) => sum + since, gone);
}

export function restartsOf({ containers }: RestartSample, pod: Pod, container: string): number {
  return containers[`${pod.uid}/${container}`]?.since ?? 0;
}
