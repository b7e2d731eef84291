/** The view model that every screen shares, as types: where a run stands, in words and typed values. */
import type { Question } from "../model/event.ts";
import type { ItemProgress } from "../model/progress.ts";
import type { ServiceSnapshot } from "../model/service.ts";
import type { Instant } from "../model/time.ts";
import type { Verdict } from "../model/verdict.ts";

export type StateWord =
  | "deploying"
  | "switched, unjudged"
  | "monitoring"
  | "asking"
  | "rolling back"
  | "paused"
  | "completed"
  | "rolled back"
  | "failing"
  | "stopped"
  | "superseded"
  | "aborted";

export interface StepReport {
  readonly id: string;
  readonly uses: string;
  readonly state: ItemProgress["state"] | "not begun";
  /** What it did, why it was refused or skipped, what failed, or what it waits for. */
  readonly summary: string;
  readonly startedAt?: Instant;
  readonly since?: Instant;
  readonly deadline?: Instant;
  /** Only of a step that has ended. */
  readonly durationMs?: number;
  readonly link?: string;
  /** The id of a GitHub workflow run, where the step's link opens one. */
  readonly workflowRun?: string;
  /** The workflow's file, for steps that trigger one. */
  readonly workflow?: string;
}

export interface ServiceReport {
  readonly name: string;
  readonly platform: ServiceSnapshot["platform"] | "unknown";
  readonly before: string;
  readonly beforeImages: readonly string[];
  /** Absent until the service switched. */
  readonly after?: string;
  readonly images: readonly string[];
  readonly commit?: string;
  /** The service's T0; of a canary that has not got all of the traffic, when its present share began. */
  readonly switchedAt?: Instant;
  /** Percent of the traffic, where it is not all of it: then there is no T0 yet. */
  readonly share?: number;
  /** Its page in the cloud's console. */
  readonly console?: string;
  /** From its own T0 to the moment that the report tells of. */
  readonly elapsedMs?: number;
  /** "yes: …" or "no: …" in the snapshot's words. */
  readonly restorable: string;
  readonly canBeRestored: boolean;
  /** A command for what no rollback puts back. */
  readonly byHand?: string;
  readonly restored?: { readonly serving: string; readonly at: Instant; readonly remarks: readonly string[] };
  readonly restoreFailed?: string;
  readonly held: boolean;
  readonly supersededBy?: string;
}

export interface CheckpointReport {
  readonly name: string;
  readonly state: "judged" | "skipped" | "next" | "later";
  readonly verdict?: Verdict;
  readonly reason?: string;
  readonly judgedAt?: Instant;
  /** When it is judged, or was to be. Known once the services have switched. */
  readonly dueAt?: Instant;
  /** `dueAt` is only the end of what is judged: how much later its data is complete was not told yet. */
  readonly dataComesLater?: boolean;
  readonly lateMs?: number;
}

export interface Command {
  readonly does: string;
  readonly command: string;
}

export interface Report {
  readonly run: string;
  readonly runbook: string;
  readonly rehearsal: boolean;
  readonly repository?: string;
  readonly pullRequest?: number;
  readonly startedBy: string;
  readonly startedAt: Instant;
  /** The moment that the report tells of. */
  readonly asOf: Instant;
  readonly inputs: Readonly<Record<string, string>>;
  readonly state: { readonly word: StateWord; readonly sentence: string };
  readonly verdict?: Verdict;
  readonly verdictReason?: string;
  readonly steps: readonly StepReport[];
  readonly services: readonly ServiceReport[];
  readonly checkpoints: readonly CheckpointReport[];
  readonly question?: Question & { readonly askedAt: Instant };
  readonly rollback?: {
    readonly because: string;
    readonly by: string;
    readonly at: Instant;
    readonly complete: boolean;
  };
  readonly remarks: readonly string[];
  readonly halfDone: readonly string[];
  /** Services that serve what this run deployed while nobody looks any more. */
  readonly unwatched: readonly string[];
  readonly commands: readonly Command[];
  readonly abandonedPosts: readonly string[];
}
