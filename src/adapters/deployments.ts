/** GitHub deployments over REST: translates between the wire and ports/deployments.ts, nothing else. */
import { z } from "zod";
import { shortDescription } from "../model/short-description.ts";
import { instant } from "../model/time.ts";
import type { Deployment, DeploymentRequest, Deployments, DeploymentStatus } from "../ports/deployments.ts";
import type { Repository } from "../ports/workflows.ts";
import { GitHub, type GitHubConfig, ownerAndRepo } from "./github.ts";

export function createDeployments(config: GitHubConfig): Deployments {
  return new GitHubDeployments(new GitHub(config));
}

const DEPLOYMENTS = "/repos/{owner}/{repo}/deployments";
/** What we write into a deployment's payload; anybody's may hold anything, as an object or as text. */
const payloadSchema = z.object({ runbook: z.string() });
const deploymentSchema = z.object({ id: z.number(), created_at: z.string(), payload: z.unknown() });
const statusSchema = z.object({ state: z.string(), description: z.string().nullish() });

class GitHubDeployments implements Deployments {
  readonly #github: GitHub;

  constructor(github: GitHub) {
    this.#github = github;
  }

  async find(
    repository: Repository,
    of: { sha: string; environment: string },
    signal?: AbortSignal,
  ): Promise<readonly Deployment[]> {
    const parameters = { ...ownerAndRepo(repository), sha: of.sha, environment: of.environment, per_page: 100 };
    const { data } = await this.#github.call(`GET ${DEPLOYMENTS}`, parameters, z.array(deploymentSchema), { signal });
    return data.map(deploymentOf).sort((a, b) => b.id - a.id);
  }

  async create(repository: Repository, request: DeploymentRequest): Promise<Deployment> {
    const parameters = {
      ...ownerAndRepo(repository),
      ref: request.sha,
      environment: request.environment,
      description: shortDescription(request.description),
      payload: { runbook: request.run },
      // GitHub's defaults would merge the default branch into the commit, and refuse it while any status is not green.
      auto_merge: false,
      required_contexts: [],
    };
    return deploymentOf((await this.#github.call(`POST ${DEPLOYMENTS}`, parameters, deploymentSchema)).data);
  }

  async statuses(
    repository: Repository,
    id: number,
    signal?: AbortSignal,
  ): Promise<readonly { state: string; description: string }[]> {
    const parameters = { ...ownerAndRepo(repository), deployment_id: id, per_page: 100 };
    const route = `GET ${DEPLOYMENTS}/{deployment_id}/statuses`;
    const { data } = await this.#github.call(route, parameters, z.array(statusSchema), { signal });
    return data.map(({ state, description }) => ({ state, description: description ?? "" }));
  }

  async setStatus(repository: Repository, id: number, status: DeploymentStatus): Promise<void> {
    const { state, description, logUrl, autoInactive } = status;
    const parameters = {
      ...ownerAndRepo(repository),
      deployment_id: id,
      state,
      description: shortDescription(description),
      auto_inactive: autoInactive,
      ...(logUrl === undefined ? {} : { log_url: logUrl }),
    };
    await this.#github.call(`POST ${DEPLOYMENTS}/{deployment_id}/statuses`, parameters, statusSchema);
  }
}

function deploymentOf({ id, created_at, payload }: z.infer<typeof deploymentSchema>): Deployment {
  const ours = payloadSchema.safeParse(typeof payload === "string" ? jsonOf(payload) : payload);
  return { id, createdAt: instant(created_at), ...(ours.success ? { run: ours.data.runbook } : {}) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
