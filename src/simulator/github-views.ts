/** Users, repositories and commits as the simulated GitHub answers them, typed by its official client. Decides nothing. */
import type { RestEndpointMethodTypes } from "@octokit/rest";
import type { Instant } from "../model/time.ts";
import type { GitHubState, SimulatedRepository } from "./github-state.ts";
import { hash } from "./world.ts";

type Endpoints = RestEndpointMethodTypes;
type CommitBody = Endpoints["repos"]["getCommit"]["response"]["data"];
type RepositoryBody = Endpoints["actions"]["getWorkflowRun"]["response"]["data"]["repository"];
export type FullRepositoryBody = Endpoints["pulls"]["get"]["response"]["data"]["head"]["repo"];
type UserBody = NonNullable<Endpoints["issues"]["getComment"]["response"]["data"]["user"]>;

export const WEB = "https://github.com";

/** GitHub writes whole seconds. */
export function githubTime(at: Instant): string {
  return `${at.slice(0, 19)}Z`;
}

export function nodeId(kind: string, id: number | string): string {
  return Buffer.from(`${kind}:${id}`).toString("base64url");
}

/** `github-actions[bot]` has the id that it has for real. */
export function userId(login: string): number {
  return login === "github-actions[bot]" ? 41_898_282 : 1_000 + (hash(login) % 100_000_000);
}

/** Builds bodies whose links point at `api`, the address under which the client reached the server. */
export class GitHubViews {
  readonly state: GitHubState;
  readonly api: string;

  constructor(state: GitHubState, api: string) {
    this.state = state;
    this.api = api;
  }

  user(login: string): UserBody {
    const url = `${this.api}/users/${encodeURIComponent(login)}`;
    return {
      login,
      id: userId(login),
      node_id: nodeId("User", userId(login)),
      avatar_url: `https://avatars.githubusercontent.com/u/${userId(login)}?v=4`,
      gravatar_id: "",
      url,
      html_url: `${WEB}/${encodeURIComponent(login)}`,
      followers_url: `${url}/followers`,
      following_url: `${url}/following{/other_user}`,
      gists_url: `${url}/gists{/gist_id}`,
      starred_url: `${url}/starred{/owner}{/repo}`,
      subscriptions_url: `${url}/subscriptions`,
      organizations_url: `${url}/orgs`,
      repos_url: `${url}/repos`,
      events_url: `${url}/events{/privacy}`,
      received_events_url: `${url}/received_events`,
      type: login.endsWith("[bot]") ? "Bot" : "User",
      site_admin: false,
    };
  }

  repository(repository: SimulatedRepository): RepositoryBody {
    const [owner = "", name = ""] = repository.fullName.split("/");
    const url = `${this.api}/repos/${repository.fullName}`;
    return {
      id: repository.id,
      node_id: nodeId("Repository", repository.id),
      name,
      full_name: repository.fullName,
      owner: { ...this.user(owner), type: "Organization" },
      private: false,
      html_url: `${WEB}/${repository.fullName}`,
      description: null,
      fork: false,
      url,
      archive_url: `${url}/{archive_format}{/ref}`,
      assignees_url: `${url}/assignees{/user}`,
      blobs_url: `${url}/git/blobs{/sha}`,
      branches_url: `${url}/branches{/branch}`,
      collaborators_url: `${url}/collaborators{/collaborator}`,
      comments_url: `${url}/comments{/number}`,
      commits_url: `${url}/commits{/sha}`,
      compare_url: `${url}/compare/{base}...{head}`,
      contents_url: `${url}/contents/{+path}`,
      contributors_url: `${url}/contributors`,
      deployments_url: `${url}/deployments`,
      downloads_url: `${url}/downloads`,
      events_url: `${url}/events`,
      forks_url: `${url}/forks`,
      git_commits_url: `${url}/git/commits{/sha}`,
      git_refs_url: `${url}/git/refs{/sha}`,
      git_tags_url: `${url}/git/tags{/sha}`,
      hooks_url: `${url}/hooks`,
      issue_comment_url: `${url}/issues/comments{/number}`,
      issue_events_url: `${url}/issues/events{/number}`,
      issues_url: `${url}/issues{/number}`,
      keys_url: `${url}/keys{/key_id}`,
      labels_url: `${url}/labels{/name}`,
      languages_url: `${url}/languages`,
      merges_url: `${url}/merges`,
      milestones_url: `${url}/milestones{/number}`,
      notifications_url: `${url}/notifications{?since,all,participating}`,
      pulls_url: `${url}/pulls{/number}`,
      releases_url: `${url}/releases{/id}`,
      stargazers_url: `${url}/stargazers`,
      statuses_url: `${url}/statuses/{sha}`,
      subscribers_url: `${url}/subscribers`,
      subscription_url: `${url}/subscription`,
      tags_url: `${url}/tags`,
      teams_url: `${url}/teams`,
      trees_url: `${url}/git/trees{/sha}`,
    };
  }

  fullRepository(repository: SimulatedRepository): FullRepositoryBody {
    const base = this.repository(repository);
    const web = `${WEB}/${repository.fullName}`;
    const at = githubTime(this.state.madeAt);
    return {
      ...(base as FullRepositoryBody),
      default_branch: repository.defaultBranch,
      permissions: { admin: false, maintain: false, push: true, triage: true, pull: true },
      clone_url: `${web}.git`,
      git_url: `git://github.com/${repository.fullName}.git`,
      ssh_url: `git@github.com:${repository.fullName}.git`,
      svn_url: web,
      mirror_url: null,
      homepage: null,
      language: "Python",
      license: null,
      forks: 0,
      forks_count: 0,
      stargazers_count: 0,
      watchers: 0,
      watchers_count: 0,
      open_issues: 0,
      open_issues_count: 0,
      size: 1,
      archived: false,
      disabled: false,
      has_issues: true,
      has_projects: true,
      has_wiki: true,
      has_pages: false,
      has_downloads: true,
      has_discussions: false,
      topics: [],
      visibility: "public",
      pushed_at: at,
      created_at: at,
      updated_at: at,
    };
  }

  commit(repository: SimulatedRepository, sha: string): CommitBody {
    const commit = repository.commits.get(sha);
    const api = `${this.api}/repos/${repository.fullName}`;
    const web = `${WEB}/${repository.fullName}/commit`;
    const author = { name: "The author", email: "author@example.com", date: githubTime(this.state.madeAt) };
    return {
      url: `${api}/commits/${sha}`,
      sha,
      node_id: nodeId("Commit", sha),
      html_url: `${web}/${sha}`,
      comments_url: `${api}/commits/${sha}/comments`,
      commit: {
        url: `${api}/git/commits/${sha}`,
        author,
        committer: author,
        message: commit?.title ?? "",
        comment_count: 0,
        tree: { sha, url: `${api}/git/trees/${sha}` },
      },
      author: null,
      committer: null,
      parents: (commit?.parents ?? []).map((parent) => ({
        sha: parent,
        url: `${api}/commits/${parent}`,
        html_url: `${web}/${parent}`,
      })),
    };
  }
}
