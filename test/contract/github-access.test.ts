/** What is read of GitHub about a token: from answers that GitHub gives to each kind of token, over a socket. */
import { expect, test } from "vitest";
import { createGitHubAccess } from "../../src/adapters/github-access.ts";
import { httpServer } from "../support/http-server.ts";

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

async function github(answers: Readonly<Record<string, Answer>>): Promise<ReturnType<typeof createGitHubAccess>> {
  const { url: baseUrl } = await httpServer(({ url }, response) => {
    const { status = 200, headers = {}, body } = answers[url] ?? { status: 404, body: { message: "no" } };
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  });
  return createGitHubAccess({ baseUrl, token: "github_pat_x", timeoutMs: 5_000 });
}

const repository = { private: true, permissions: { admin: false, push: true, pull: true } };

test("a classic token's scopes are told, also when it has none; another token has no scopes to tell", async () => {
  const scoped = (scopes: string): Answer => ({ headers: { "x-oauth-scopes": scopes }, body: repository });
  const access = await github({
    "/repos/acme/classic": scoped("repo, workflow"),
    "/repos/acme/bare": scoped(""),
    "/repos/acme/fine": { body: { private: false } },
  });
  const role = { push: true, pull: true };
  expect(await access.github("acme/classic")).toEqual({ isPrivate: true, role, scopes: ["repo", "workflow"] });
  expect(await access.github("acme/bare")).toEqual({ isPrivate: true, role, scopes: [] });
  expect(await access.github("acme/fine")).toEqual({ isPrivate: false });
});

test("a refused read says which permission it takes; a strange header is not repeated", async () => {
  const refused = (accepted: string): Answer => ({
    status: 403,
    headers: { "x-accepted-github-permissions": accepted },
    body: { message: "Resource not accessible by personal access token" },
  });
  const access = await github({
    "/repos/acme/app/actions/runs?per_page=1": refused("actions=read"),
    "/repos/acme/app/pulls?per_page=1": refused("<b>@everyone</b>"),
    "/repos/acme/app/commits?per_page=1": { body: [] },
  });
  await expect(access.githubRead("acme/app", "actions")).rejects.toMatchObject({
    kind: "unauthorised",
    message: expect.stringMatching(/by personal access token \(it takes the permission actions=read\)$/) as string,
  });
  await expect(access.githubRead("acme/app", "pull-requests")).rejects.toMatchObject({
    message: expect.stringMatching(/by personal access token$/) as string,
  });
  expect(await access.githubRead("acme/app", "contents")).toBeUndefined();
});
