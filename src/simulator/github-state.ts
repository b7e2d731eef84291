/** What exists on the simulated GitHub, what scenarios put there, and what clients did to it. Speaks no HTTP. */
import { createHash } from "node:crypto";
import { HOUR, type Instant, plusMs } from "../model/time.ts";
import { SimulatedRun, type WorkflowBehaviour } from "./github-runs.ts";
import { acceptDispatch, workflowName } from "./github-workflow-file.ts";
import type { SimulatedDeployment, SimulatedDeploymentStatus } from "./github-deployment.ts";
import { hash, type World } from "./world.ts";

export interface SimulatedCommit {
  /** 40 hex digits; see `fullSha`. */
  readonly sha: string;
  readonly title: string;
  /** Default: the commit before it in the list. */
  readonly parents?: readonly string[];
}

export interface SimulatedWorkflow {
  readonly id: number;
  readonly file: string;
  readonly path: string;
  readonly name: string;
  readonly text: string;
  readonly behaviour: WorkflowBehaviour;
}

export interface SimulatedPull {
  readonly number: number;
  readonly title: string;
  readonly merged: boolean;
  /** Required when merged. */
  readonly mergeCommit?: string;
  readonly headSha: string;
  readonly author?: string;
}

export interface SimulatedComment {
  readonly id: number;
  readonly issue: number;
  readonly login: string;
  readonly createdAt: Instant;
  body: string;
  updatedAt: Instant;
}

export interface SimulatedStatus {
  readonly id: number;
  readonly sha: string;
  readonly context: string;
  readonly state: string;
  readonly description: string | undefined;
  readonly targetUrl: string | undefined;
  readonly createdAt: Instant;
}

/** How this GitHub treats `return_run_details`: gives the id (github.com), answers 204, or refuses the key (GHES <= 3.19). */
export type DispatchStyle = "details" | "no-content" | "refuses-details";

export interface GitHubOptions {
  /** Whose token the clients use. */
  readonly login: string;
  /** Any token is good where none is named. */
  readonly token?: string;
  readonly dispatch?: DispatchStyle;
  /** A token of an App installation (as in a workflow): `/user` answers 403. */
  readonly installation?: boolean;
}

/** `path`: without the /api/v3 of GitHub Enterprise. */
export interface GitHubAnswer {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/** What clients changed, in order; each effect once. */
export interface Effects {
  readonly dispatches: SimulatedRun[];
  readonly commentsCreated: number[];
  readonly commentsUpdated: number[];
  readonly commentsDeleted: number[];
  readonly statuses: SimulatedStatus[];
  readonly cancels: number[];
  readonly deployments: SimulatedDeployment[];
  readonly deploymentStatuses: (SimulatedDeploymentStatus & { readonly deployment: number })[];
}

export interface SimulatedRepository {
  readonly id: number;
  readonly fullName: string;
  readonly defaultBranch: string;
  readonly commits: Map<string, SimulatedCommit & { readonly parents: readonly string[] }>;
  readonly branches: Map<string, string>;
  readonly tags: Map<string, string>;
  readonly workflows: Map<string, SimulatedWorkflow>;
  readonly pulls: Map<number, SimulatedPull>;
  readonly runs: SimulatedRun[];
  readonly comments: SimulatedComment[];
  readonly statuses: SimulatedStatus[];
  readonly deployments: SimulatedDeployment[];
}

export class GitHubState {
  readonly world: World;
  readonly options: GitHubOptions;
  /** When everything that has no time of its own was made. */
  readonly madeAt: Instant;
  readonly effects: Effects = {
    dispatches: [],
    commentsCreated: [],
    commentsUpdated: [],
    commentsDeleted: [],
    statuses: [],
    cancels: [],
    deployments: [],
    deploymentStatuses: [],
  };
  /** Requests per call name; `notModified` of them were answered 304 and cost nothing. */
  readonly requests = new Map<string, { total: number; notModified: number }>();
  /** Told of each answer that is sent, but for faults. */
  observe: ((answer: GitHubAnswer) => void) | undefined;
  /** What came as Authorization to the storage behind a redirect, which is not GitHub: nothing ever should. */
  readonly storageTokens: (string | undefined)[] = [];
  /** Of the token, where it is a classic one. */
  scopes?: readonly string[];
  readonly rateLimit: { readonly limit: number; used: number; resetAt: Instant };
  readonly #repositories = new Map<string, SimulatedRepository>();
  #nextId = 24_000_000_000;

  constructor(world: World, options: GitHubOptions) {
    this.world = world;
    this.options = options;
    this.madeAt = world.now;
    this.rateLimit = { limit: 5_000, used: 0, resetAt: plusMs(world.now, HOUR) };
  }

  addRepository(options: {
    readonly fullName: string;
    readonly defaultBranch: string;
    /** Oldest first. */
    readonly commits: readonly SimulatedCommit[];
    /** Default: the default branch at the last commit. */
    readonly branches?: Readonly<Record<string, string>>;
    readonly tags?: Readonly<Record<string, string>>;
  }): SimulatedRepository {
    const { fullName, defaultBranch, commits } = options;
    const head = commits.at(-1);
    const repository: SimulatedRepository = {
      id: 100_000_000 + (hash(fullName) % 800_000_000),
      fullName,
      defaultBranch,
      commits: new Map(),
      branches: new Map(Object.entries(options.branches ?? (head === undefined ? {} : { [defaultBranch]: head.sha }))),
      tags: new Map(Object.entries(options.tags ?? {})),
      workflows: new Map(),
      pulls: new Map(),
      runs: [],
      comments: [],
      statuses: [],
      deployments: [],
    };
    this.#repositories.set(fullName.toLowerCase(), repository);
    for (const [index, commit] of commits.entries()) {
      const before = commits[index - 1]?.sha;
      this.addCommit(fullName, { parents: before === undefined ? [] : [before], ...commit });
    }
    return repository;
  }

  /** `branch`: which one it moves. */
  addCommit(fullName: string, commit: SimulatedCommit, branch?: string): void {
    if (!/^[0-9a-f]{40}$/.test(commit.sha)) throw new Error(`${commit.sha} is no full sha: use fullSha()`);
    const repository = this.repository(fullName);
    repository.commits.set(commit.sha, { parents: [], ...commit });
    if (branch !== undefined) repository.branches.set(branch, commit.sha);
  }

  addWorkflow(
    fullName: string,
    workflow: { readonly file: string; readonly text: string; readonly behaviour: WorkflowBehaviour },
  ): void {
    const path = `.github/workflows/${workflow.file}`;
    const id = 1_000_000 + (hash(`${fullName}/${path}`) % 90_000_000);
    const name = workflowName(workflow.text, path);
    this.repository(fullName).workflows.set(workflow.file, { id, path, name, ...workflow });
  }

  addPullRequest(fullName: string, pull: SimulatedPull): void {
    if (pull.merged && pull.mergeCommit === undefined) throw new Error("a merged pull request has a merge commit");
    this.repository(fullName).pulls.set(pull.number, pull);
  }

  /** By a client (the default login), or by anybody else for a scenario. */
  addComment(fullName: string, issue: number, body: string, login = this.options.login): SimulatedComment {
    const { now } = this.world;
    const comment = { id: this.nextId(), issue, login, createdAt: now, body, updatedAt: now };
    this.repository(fullName).comments.push(comment);
    return comment;
  }

  /** Throws for a repository that no scenario made. */
  repository(fullName: string): SimulatedRepository {
    const repository = this.findRepository(fullName);
    if (repository === undefined) throw new Error(`the simulated GitHub has no repository ${fullName}`);
    return repository;
  }

  findRepository(fullName: string): SimulatedRepository | undefined {
    return this.#repositories.get(fullName.toLowerCase());
  }

  /** A branch, a tag, or a commit by at least seven digits. */
  commitOf(repository: SimulatedRepository, ref: string): string | undefined {
    const named = this.branchOrTag(repository, ref);
    if (named !== undefined || !/^[0-9a-f]{7,40}$/.test(ref)) return named;
    return [...repository.commits.keys()].find((sha) => sha.startsWith(ref));
  }

  branchOrTag(repository: SimulatedRepository, ref: string): string | undefined {
    const short = ref.replace(/^refs\/(heads|tags)\//, "");
    return repository.branches.get(short) ?? repository.tags.get(short);
  }

  /** The run that a dispatch makes, or the message of the 422. Scenarios call it for another person's deploy. */
  dispatch(
    repository: SimulatedRepository,
    workflow: SimulatedWorkflow,
    ref: string,
    given: Readonly<Record<string, string>>,
    actor = this.options.login,
  ): SimulatedRun | { readonly refused: string } {
    const headSha = this.branchOrTag(repository, ref);
    if (headSha === undefined) return { refused: `No ref found for: ${ref}` };
    const headBranch = ref.replace(/^refs\/(heads|tags)\//, "");
    const accepted = acceptDispatch(workflow.text, workflow.path, given, { actor, ref_name: headBranch, sha: headSha });
    if ("refused" in accepted) return accepted;
    const number = repository.runs.filter((run) => run.origin.file === workflow.file).length + 1;
    const origin = { id: this.nextId(), number, repository: repository.fullName, file: workflow.file };
    const run = new SimulatedRun(
      this.world,
      { ...origin, ...accepted, actor, headSha, headBranch },
      workflow.behaviour,
    );
    repository.runs.push(run);
    return run;
  }

  setStatus(
    repository: SimulatedRepository,
    status: Pick<SimulatedStatus, "sha" | "context" | "state" | "description" | "targetUrl">,
  ): SimulatedStatus {
    const made = { id: this.nextId(), createdAt: this.world.now, ...status };
    repository.statuses.push(made);
    this.effects.statuses.push(made);
    return made;
  }

  /** By a client (the default login), or by a workflow's job with an `environment:`. */
  addDeployment(
    fullName: string,
    made: Pick<SimulatedDeployment, "sha" | "environment"> & Partial<SimulatedDeployment>,
  ): SimulatedDeployment {
    const deployment: SimulatedDeployment = {
      id: this.nextId(),
      ref: made.sha,
      task: "deploy",
      payload: {},
      description: undefined,
      login: this.options.login,
      createdAt: this.world.now,
      statuses: [],
      ...made,
    };
    this.repository(fullName).deployments.push(deployment);
    return deployment;
  }

  addDeploymentStatus(
    deployment: SimulatedDeployment,
    told: { state: string; description?: string | undefined; logUrl?: string | undefined; login?: string },
  ): SimulatedDeploymentStatus {
    const { state, description = "", logUrl = "", login = this.options.login } = told;
    const status = { id: this.nextId(), state, description, logUrl, login, createdAt: this.world.now };
    deployment.statuses.push(status);
    return status;
  }

  nextId(): number {
    return this.#nextId++;
  }
}

/** 40 hex digits that begin as given: "9b6168c" -> "9b6168c…". */
export function fullSha(prefix: string): string {
  return (prefix + createHash("sha1").update(prefix).digest("hex")).slice(0, 40);
}
