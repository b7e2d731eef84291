/** How one simulated workflow run lives: queued, perhaps waiting for approval, running, over. Speaks no HTTP. */
import { type Instant, plusMs, SECOND } from "../model/time.ts";
import type { World } from "./world.ts";

export type RunConclusion = "success" | "failure" | "cancelled" | "skipped" | "timed_out" | "startup_failure";

/** Milliseconds count from the moment the run starts to execute (after its queue and its approval). */
export interface JobBehaviour {
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  /** Default "success". */
  readonly conclusion?: "success" | "failure" | "cancelled" | "skipped" | "timed_out";
  /** The step whose failure makes the job fail; default "Run NAME". */
  readonly failedStep?: string;
  readonly log?: string;
}

export interface ApprovalBehaviour {
  readonly environment: string;
  readonly reviewers: readonly string[];
  /** After it began to wait; with neither it waits until somebody cancels. */
  readonly approvedAfterMs?: number;
  readonly rejectedAfterMs?: number;
}

/** What the world does because of the run: Cloud Run gets a revision, a Deployment rolls. */
export interface Happening {
  /** From the moment the run starts to execute. Not carried out once the run was cancelled or has failed. */
  readonly afterMs: number;
  readonly act: (run: SimulatedRun) => void;
}

export interface WorkflowBehaviour {
  /** Default 3 s. */
  readonly queuedMs?: number;
  /** Default: the end of the last job, or one minute. */
  readonly durationMs?: number;
  /** Default: one job "deploy" over the whole duration. */
  readonly jobs?: readonly JobBehaviour[];
  readonly approval?: ApprovalBehaviour;
  /** From its creation: a newer run of the same concurrency group, or a person. */
  readonly cancelledAfterMs?: number;
  /** Default: derived from the jobs. */
  readonly conclusion?: RunConclusion;
  readonly happenings?: readonly Happening[];
}

export interface SimulatedJob {
  readonly id: number;
  readonly name: string;
  readonly failedStep: string;
  readonly log: string;
  status: "queued" | "waiting" | "in_progress" | "completed";
  conclusion: "success" | "failure" | "cancelled" | "skipped" | "timed_out" | undefined;
  startedAt: Instant | undefined;
  completedAt: Instant | undefined;
}

/** What is known of a run when it is asked for. */
export interface RunOrigin {
  readonly id: number;
  readonly number: number;
  readonly repository: string;
  readonly file: string;
  readonly title: string;
  readonly actor: string;
  readonly headSha: string;
  readonly headBranch: string;
  readonly inputs: Readonly<Record<string, string>>;
}

export class SimulatedRun {
  readonly origin: RunOrigin;
  readonly createdAt: Instant;
  attempt = 1;
  status: "queued" | "waiting" | "in_progress" | "completed" = "queued";
  conclusion: RunConclusion | undefined;
  startedAt: Instant;
  updatedAt: Instant;
  /** When it began to wait for approval; undefined when it does not wait. */
  waitingSince: Instant | undefined;
  approval: ApprovalBehaviour | undefined;
  jobs: readonly SimulatedJob[] = [];
  readonly #world: World;
  /** Grows with every attempt: what was scheduled for an older one is void. */
  #epoch = 0;

  constructor(world: World, origin: RunOrigin, behaviour: WorkflowBehaviour) {
    this.#world = world;
    this.origin = origin;
    this.createdAt = this.startedAt = this.updatedAt = world.now;
    this.#begin(behaviour);
  }

  /** A person pressed "Re-run": the same id, one attempt more. */
  rerun(behaviour: WorkflowBehaviour): void {
    this.attempt++;
    this.#begin(behaviour);
  }

  /** Asked to cancel: it takes two seconds. False when it is over already. */
  cancel(): boolean {
    if (this.status === "completed") return false;
    this.#later(2 * SECOND, () => this.#complete("cancelled"));
    return true;
  }

  #begin(behaviour: WorkflowBehaviour): void {
    this.#epoch++;
    this.status = "queued";
    this.conclusion = undefined;
    this.approval = behaviour.approval;
    this.startedAt = this.updatedAt = this.#world.now;
    const plan = jobsOf(behaviour);
    this.jobs = plan.map((job, index) => queuedJob(this.origin.id * 100 + this.attempt * 20 + index, job));
    const { cancelledAfterMs, approval } = behaviour;
    if (cancelledAfterMs !== undefined) this.#later(cancelledAfterMs, () => this.#complete("cancelled"));
    this.#later(behaviour.queuedMs ?? 3 * SECOND, () => {
      if (approval === undefined) this.#execute(behaviour, plan);
      else this.#await(approval, () => this.#execute(behaviour, plan));
    });
  }

  #await(approval: ApprovalBehaviour, approved: () => void): void {
    this.#become("waiting");
    this.waitingSince = this.#world.now;
    for (const job of this.jobs) job.status = "waiting";
    if (approval.approvedAfterMs !== undefined) this.#later(approval.approvedAfterMs, approved);
    if (approval.rejectedAfterMs !== undefined) this.#later(approval.rejectedAfterMs, () => this.#complete("failure"));
  }

  #execute(behaviour: WorkflowBehaviour, plan: readonly JobBehaviour[]): void {
    this.#become("in_progress");
    for (const happening of behaviour.happenings ?? []) {
      const epoch = this.#epoch;
      this.#world.after(happening.afterMs, () => {
        const failed = this.status === "completed" && this.conclusion !== "success";
        if (epoch === this.#epoch && !failed) happening.act(this);
      });
    }
    for (const [index, job] of plan.entries()) {
      this.#later(job.startMs, () => this.#startJob(index));
      this.#later(job.endMs, () => this.#endJob(index, job));
    }
    this.#later(durationOf(behaviour, plan), () => this.#complete(behaviour.conclusion ?? conclusionOf(this.jobs)));
  }

  #startJob(index: number): void {
    const job = this.jobs[index];
    if (job === undefined) return;
    job.status = "in_progress";
    job.startedAt = this.updatedAt = this.#world.now;
  }

  #endJob(index: number, behaviour: JobBehaviour): void {
    const job = this.jobs[index];
    if (job === undefined) return;
    job.status = "completed";
    job.conclusion = behaviour.conclusion ?? "success";
    job.completedAt = this.updatedAt = this.#world.now;
  }

  #complete(conclusion: RunConclusion): void {
    this.#become("completed");
    this.conclusion = conclusion;
    for (const job of this.jobs) {
      if (job.status === "completed") continue;
      job.status = "completed";
      job.conclusion = conclusion === "startup_failure" ? "failure" : conclusion;
      job.completedAt = this.#world.now;
    }
  }

  #become(status: SimulatedRun["status"]): void {
    this.status = status;
    this.waitingSince = undefined;
    this.updatedAt = this.#world.now;
  }

  /** Happens only while this attempt is still going on. */
  #later(ms: number, act: () => void): void {
    const epoch = this.#epoch;
    this.#world.at(plusMs(this.#world.now, ms), () => {
      if (epoch === this.#epoch && this.status !== "completed") act();
    });
  }
}

function jobsOf(behaviour: WorkflowBehaviour): readonly JobBehaviour[] {
  if (behaviour.jobs !== undefined) return behaviour.jobs;
  const wanted = behaviour.conclusion ?? "success";
  const conclusion = wanted === "startup_failure" ? "failure" : wanted;
  return [{ name: "deploy", startMs: 0, endMs: behaviour.durationMs ?? 60 * SECOND, conclusion }];
}

function durationOf(behaviour: WorkflowBehaviour, plan: readonly JobBehaviour[]): number {
  return Math.max(behaviour.durationMs ?? 0, ...plan.map((job) => job.endMs));
}

function conclusionOf(jobs: readonly SimulatedJob[]): RunConclusion {
  const seen = new Set(jobs.map((job) => job.conclusion));
  if (seen.has("failure") || seen.has("timed_out")) return "failure";
  if (seen.has("cancelled")) return "cancelled";
  return seen.size === 1 && seen.has("skipped") ? "skipped" : "success";
}

function queuedJob(id: number, behaviour: JobBehaviour): SimulatedJob {
  return {
    id,
    name: behaviour.name,
    failedStep: behaviour.failedStep ?? `Run ${behaviour.name}`,
    log: behaviour.log ?? "",
    status: "queued",
    conclusion: undefined,
    startedAt: undefined,
    completedAt: undefined,
  };
}
