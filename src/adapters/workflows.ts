/** GitHub Actions over REST: translates between the wire and ports/workflows.ts, nothing else. */
import { z } from "zod";
import { PortFailure } from "../model/error.ts";
import type {
  DispatchRequest,
  PendingApproval,
  Repository,
  RunFilter,
  WorkflowDefinition,
  WorkflowJob,
  WorkflowRun,
  Workflows,
} from "../ports/workflows.ts";
import { GitHub, type GitHubConfig, ownerAndRepo } from "./github.ts";
import { readViewer } from "./github-viewer.ts";
import { readStoredLog } from "./stored-log.ts";
import { workflowDefinition } from "./workflow-file.ts";
import {
  approvalOf,
  contentSchema,
  dispatchedSchema,
  jobOf,
  jobsSchema,
  pendingSchema,
  runOf,
  runSchema,
  runsSchema,
  shaSchema,
} from "./workflow-wire.ts";

export function createWorkflows(config: GitHubConfig): Workflows {
  return new GitHubWorkflows(new GitHub(config));
}

const RUN = "GET /repos/{owner}/{repo}/actions/runs/{run_id}";
const DISPATCH = "POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches";
/** A filtered listing ends at 1,000 runs. */
const MAX_RUN_PAGES = 10;
/** A matrix makes at most 256 jobs; a workflow may hold several. */
const MAX_JOB_PAGES = 20;

class GitHubWorkflows implements Workflows {
  readonly #github: GitHub;
  #viewer: { login: string; id: number } | undefined;

  constructor(github: GitHub) {
    this.#github = github;
  }

  async viewer(signal?: AbortSignal): Promise<{ login: string; id: number }> {
    this.#viewer ??= await readViewer(this.#github, signal);
    return this.#viewer;
  }

  async definition(
    repository: Repository,
    file: string,
    ref: string,
    signal?: AbortSignal,
  ): Promise<WorkflowDefinition> {
    const at = ownerAndRepo(repository);
    const name = file.split("/").at(-1) ?? file;
    const sha = await this.#commitOf(repository, ref, signal);
    const route = "GET /repos/{owner}/{repo}/contents/.github/workflows/{file}";
    const { data } = await this.#github
      .call(route, { ...at, file: name, ref: sha }, contentSchema, { signal })
      .catch(named("not-found", `${repository} has no workflow file .github/workflows/${name} on ${ref}`));
    return workflowDefinition(name, sha, Buffer.from(data.content, "base64").toString("utf8"));
  }

  async dispatch(request: DispatchRequest): Promise<{ runId?: number }> {
    const body = {
      ...ownerAndRepo(request.repository),
      workflow_id: request.file.split("/").at(-1),
      ref: request.ref,
      inputs: request.inputs,
    };
    try {
      return await this.#dispatch({ ...body, return_run_details: true });
    } catch (error) {
      // GitHub Enterprise Server up to 3.19 refuses the key: it certainly did nothing, so this is no second dispatch.
      if (!isRefusedKey(error)) throw error;
      return this.#dispatch(body);
    }
  }

  async findRuns(filter: RunFilter, signal?: AbortSignal): Promise<readonly WorkflowRun[]> {
    const runs = await this.#github.pages(
      "GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs",
      {
        ...ownerAndRepo(filter.repository),
        workflow_id: filter.file.split("/").at(-1),
        ...(filter.anyEvent === true ? {} : { event: "workflow_dispatch" }),
        // Runs carry whole seconds.
        created: `>=${filter.since.slice(0, 19)}Z`,
        ...(filter.headSha === undefined ? {} : { head_sha: filter.headSha }),
        ...(filter.actor === undefined ? {} : { actor: filter.actor }),
      },
      runsSchema,
      (page) => page.workflow_runs,
      { signal, maxPages: MAX_RUN_PAGES },
    );
    return runs
      .map(runOf)
      .sort((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : b.id - a.id));
  }

  async run(repository: Repository, id: number, signal?: AbortSignal): Promise<WorkflowRun> {
    const parameters = { ...ownerAndRepo(repository), run_id: id };
    const { data } = await this.#github.call(RUN, parameters, runSchema, { signal, conditional: true });
    return runOf(data);
  }

  async jobs(repository: Repository, id: number, signal?: AbortSignal): Promise<readonly WorkflowJob[]> {
    const parameters = { ...ownerAndRepo(repository), run_id: id, filter: "latest" };
    const options = { signal, conditional: true, maxPages: MAX_JOB_PAGES };
    const jobs = await this.#github.pages(`${RUN}/jobs`, parameters, jobsSchema, (page) => page.jobs, options);
    return jobs.map(jobOf);
  }

  async jobLog(repository: Repository, jobId: number, signal?: AbortSignal): Promise<string> {
    const route = "GET /repos/{owner}/{repo}/actions/jobs/{job_id}/logs";
    const parameters = { ...ownerAndRepo(repository), job_id: jobId };
    const { location } = await this.#github.call(route, parameters, z.unknown(), { signal, redirect: "manual" });
    return readStoredLog(location, this.#github.baseUrl, signal);
  }

  async pendingApprovals(
    repository: Repository,
    id: number,
    signal?: AbortSignal,
  ): Promise<readonly PendingApproval[]> {
    const parameters = { ...ownerAndRepo(repository), run_id: id };
    const { data } = await this.#github.call(`${RUN}/pending_deployments`, parameters, pendingSchema, { signal });
    return data.map(approvalOf);
  }

  async cancel(repository: Repository, id: number): Promise<void> {
    const route = "POST /repos/{owner}/{repo}/actions/runs/{run_id}/cancel";
    try {
      await this.#github.call(route, { ...ownerAndRepo(repository), run_id: id }, z.unknown());
    } catch (error) {
      // 409: it is over already.
      if (!(error instanceof PortFailure && error.kind === "conflict")) throw error;
    }
  }

  async #dispatch(parameters: Readonly<Record<string, unknown>>): Promise<{ runId?: number }> {
    const { data } = await this.#github.call(DISPATCH, parameters, dispatchedSchema);
    return typeof data === "object" && data !== null ? { runId: data.workflow_run_id } : {};
  }

  /** A branch, a tag or a commit. GitHub says 422 for a name that it does not know, 404 for the repository. */
  async #commitOf(repository: Repository, ref: string, signal: AbortSignal | undefined): Promise<string> {
    const parameters = { ...ownerAndRepo(repository), ref };
    const { data } = await this.#github
      .call("GET /repos/{owner}/{repo}/commits/{ref}", parameters, shaSchema, {
        signal,
        accept: "application/vnd.github.sha",
      })
      .catch(named("invalid", `${repository} has no branch, tag or commit "${ref}"`))
      .catch(named("not-found", `the repository ${repository} does not exist, or the token may not see it`));
    return data;
  }
}

/** Says which thing was not found, for a failure of this kind. */
function named(kind: "invalid" | "not-found", message: string): (error: unknown) => never {
  return (error) => {
    const matches = error instanceof PortFailure && error.kind === kind && error.message.startsWith("GitHub answered");
    throw matches ? new PortFailure("not-found", message) : error;
  };
}

function isRefusedKey(error: unknown): boolean {
  return error instanceof PortFailure && error.kind === "invalid" && error.message.includes("return_run_details");
}
