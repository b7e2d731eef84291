/** A Cloud Run job as a platform: what its next execution would run, and the snapshot. Puts nothing back. */
import { type CloudRunJobSnapshot, type CloudRunJobTarget, jobVersion } from "../model/service.ts";
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
      restorable: { possible: false, because: byHand(target, job.images) },
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
    return { kind: "refused", because: byHand(target, snapshot.images) };
  },
};

function byHand({ job, region, project }: CloudRunJobTarget, images: readonly string[]): string {
  const [only, ...others] = images;
  const command =
    only === undefined || others.length > 0
      ? "deploy the former commit once more with its workflow"
      : `gcloud run jobs update ${job} --image ${only} --region ${region} --project ${project}`;
  return (
    `a job's former template is not recorded, because its variables may hold secrets, and what an execution has done ` +
    `stays done; by hand: ${command}`
  );
}
