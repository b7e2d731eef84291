/** Cloud Run jobs of the simulated cloud and how their executions go over world time; speaks no protocol. */
import type { Instant } from "../model/time.ts";
import { RunRefusal } from "./cloud-run-model.ts";
import { token, type World } from "./world.ts";
import { WrittenLog } from "./written-log.ts";

export interface SimulatedExecution {
  readonly name: string;
  readonly createdAt: Instant;
  readonly image: string;
  readonly commit?: string;
  readonly tasks: number;
  running: number;
  succeeded: number;
  failed: number;
  cancelled: number;
  completedAt?: Instant;
  /** Why it failed, as the API says it. */
  reason?: "NON_ZERO_EXIT_CODE" | "CANCELLED";
  message?: string;
}

export interface SimulatedJob {
  /** "PROJECT/REGION/NAME" */
  readonly key: string;
  readonly project: string;
  readonly region: string;
  readonly name: string;
  generation: number;
  image: string;
  commit: string | undefined;
  updatedAt: Instant;
  readonly executions: SimulatedExecution[];
}

export interface ExecutionBehaviour {
  /** Default 1. */
  readonly tasks?: number;
  /** Default: a minute. */
  readonly durationMs?: number;
  /** So many of the tasks fail; default: none. */
  readonly failedTasks?: number;
  readonly cancelled?: boolean;
  /** What each failing task writes to stderr. */
  readonly log?: readonly string[];
}

const DURATION_MS = 60_000;

export class CloudRunJobsState {
  readonly #world: World;
  readonly #jobs = new Map<string, SimulatedJob>();
  readonly #random: () => number;
  /** What executions write. */
  readonly log = new WrittenLog();

  constructor(world: World) {
    this.#world = world;
    this.#random = world.random("cloud-run-jobs");
  }

  get jobs(): readonly SimulatedJob[] {
    return [...this.#jobs.values()];
  }

  /** A job that was deployed long ago and has run once since. Returns its key. */
  addJob(options: {
    project: string;
    region: string;
    name: string;
    image: string;
    commit?: string;
    updatedAt: Instant;
  }): string {
    const { project, region, name, image, commit, updatedAt } = options;
    const key = `${project}/${region}/${name}`;
    const job = { key, project, region, name, generation: 6, image, commit, updatedAt, executions: [] };
    this.#jobs.set(key, job);
    const first = this.#begin(job, updatedAt, 1);
    Object.assign(first, { running: 0, succeeded: 1, completedAt: updatedAt });
    return key;
  }

  /** Throws RunRefusal NOT_FOUND. */
  job(key: string): SimulatedJob {
    const job = this.#jobs.get(key);
    if (job === undefined) throw new RunRefusal("NOT_FOUND", `Resource '${key.split("/").at(-1)}' was not found.`);
    return job;
  }

  /** Gives the job another template. */
  deploy(key: string, { image, commit }: { image: string; commit?: string }): void {
    const job = this.job(key);
    job.generation++;
    job.image = image;
    job.commit = commit;
    job.updatedAt = this.#world.now;
  }

  /** Runs the job as it is now; returns the execution's name. */
  execute(key: string, behaviour: ExecutionBehaviour = {}): string {
    const job = this.job(key);
    const execution = this.#begin(job, this.#world.now, behaviour.tasks ?? 1);
    this.#world.after(behaviour.durationMs ?? DURATION_MS, () => this.#end(job, execution, behaviour));
    return execution.name;
  }

  #begin(job: SimulatedJob, createdAt: Instant, tasks: number): SimulatedExecution {
    const execution: SimulatedExecution = {
      name: `${job.name}-${token(this.#random, 5)}`,
      createdAt,
      image: job.image,
      tasks,
      running: tasks,
      succeeded: 0,
      failed: 0,
      cancelled: 0,
      ...(job.commit === undefined ? {} : { commit: job.commit }),
    };
    job.executions.push(execution);
    return execution;
  }

  #end(job: SimulatedJob, execution: SimulatedExecution, { failedTasks = 0, cancelled, log = [] }: ExecutionBehaviour) {
    execution.running = 0;
    execution.completedAt = this.#world.now;
    if (cancelled === true) {
      execution.cancelled = execution.tasks;
      execution.reason = "CANCELLED";
      execution.message = `Execution ${execution.name} was cancelled.`;
      return;
    }
    execution.failed = failedTasks;
    execution.succeeded = execution.tasks - failedTasks;
    if (failedTasks === 0) return;
    execution.reason = "NON_ZERO_EXIT_CODE";
    execution.message = `Task ${execution.name}-task0 failed with message: The container exited with an error.`;
    for (const text of log) this.#write(job, execution, "stderr", text);
    this.#write(job, execution, "varlog/system", "Container called exit(1).");
  }

  #write(job: SimulatedJob, execution: SimulatedExecution, log: string, text: string): void {
    this.log.write(this.#world.now, {
      logName: `projects/${job.project}/logs/run.googleapis.com%2F${encodeURIComponent(log)}`,
      severity: "ERROR",
      resource: {
        type: "cloud_run_job",
        labels: { project_id: job.project, location: job.region, job_name: job.name },
      },
      labels: {
        "run.googleapis.com/execution_name": execution.name,
        "run.googleapis.com/task_index": "0",
        "run.googleapis.com/task_attempt": "0",
      },
      textPayload: text,
    });
  }
}
