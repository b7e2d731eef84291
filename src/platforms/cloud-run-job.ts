/** A Cloud Run job as a platform: what its next execution would run, and the snapshot. Puts nothing back. */
import { type CloudRunJobSnapshot, type CloudRunJobTarget, type Restorable, jobVersion } from "../model/service.ts";
import type { Platform } from "./platform.ts";

/**
 * A job serves nobody: what it "serves" is the generation of its template. Restoring one would take its whole template, whose
 * variables may hold secrets and so are never recorded; the API has no field mask for a job that would leave them alone.
 */
export const cloudRunJobPlatform: Platform<CloudRunJobTarget, CloudRunJobSnapshot> = {
  needs: () => ({ capture: ["google:run.jobs.get"], restore: [] }),

  async capture(target, ports, now, signal) {
    const job = await ports.cloudRunJobs.job(target, signal);
    return {
      platform: "cloud-run-job",
      takenAt: now,
      generation: job.generation,
      images: [...job.images],
      restorable: notRestorable(target, job.images),
      ...(job.newestExecution === undefined ? {} : { newestExecution: job.newestExecution }),
      ...(job.commit === undefined ? {} : { commit: job.commit }),
    };
  },

  async serving(target, ports, signal) {
    return jobVersion((await ports.cloudRunJobs.job(target, signal)).generation);
  },

  versionOf: ({ generation }) => jobVersion(generation),

  async restore({ service, target, snapshot, ports, signal }) {
    const { generation } = await ports.cloudRunJobs.job(target, signal);
    if (generation === snapshot.generation) {
      return { kind: "restored", serving: jobVersion(generation), remarks: [`${service} was not changed`] };
    }
    return { kind: "refused", because: notRestorable(target, snapshot.images).because };
  },
};

function notRestorable(target: CloudRunJobTarget, images: readonly string[]): Extract<Restorable, { possible: false }> {
  const command = commandOf(target, images);
  const because = `a job's former template is not recorded, because its variables may hold secrets, and what an execution has done stays done; by hand: ${command ?? "deploy the former commit once more with its workflow"}`;
  return { possible: false, because, ...(command === undefined ? {} : { byHand: command }) };
}

/** Only of a job with one container, and of names that a shell takes as they are. */
function commandOf({ job, region, project }: CloudRunJobTarget, images: readonly string[]): string | undefined {
  const [only, ...others] = images;
  const isPlain = [only, job, region, project].every((word) => /^[\w./:@-]+$/.test(word ?? " "));
  if (others.length > 0 || !isPlain) return undefined;
  return `gcloud run jobs update ${job} --image ${only} --region ${region} --project ${project}`;
}
