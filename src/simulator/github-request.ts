/** What a route of the simulated GitHub gets and gives, and the look-ups that routes share. Knows no sockets. */
import type { z } from "zod";
import type { GitHubState, SimulatedPull, SimulatedRepository } from "./github-state.ts";
import type { GitHubViews } from "./github-views.ts";

export interface GitHubRequest {
  readonly state: GitHubState;
  readonly views: GitHubViews;
  /** Values of the path's `{}`, decoded. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly accept: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

export interface GitHubReply {
  readonly status: number;
  readonly body?: unknown;
  /** Plain text instead of JSON. */
  readonly text?: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What a scenario made of the answer: nothing that GitHub would say. */
  readonly isFault?: boolean;
  /** The whole list, to be cut into pages; `body` is then made by `page`. */
  readonly list?: { readonly items: readonly unknown[]; page(items: readonly unknown[], total: number): unknown };
}

export interface GitHubRoute {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly path: string;
  /** The name in faults and request counts. */
  readonly call: string;
  /** Answers without a token, as the storage behind a redirect does. */
  readonly open?: boolean;
  handle(request: GitHubRequest): GitHubReply;
}

/** An answer that is no success; thrown by the look-ups below and by handlers, sent by the server. */
export class GitHubRefusal extends Error {
  readonly status: number;
  readonly errors: readonly unknown[] | undefined;

  constructor(status: number, message: string, errors?: readonly unknown[]) {
    super(message);
    this.status = status;
    this.errors = errors;
  }
}

export function ok(body: unknown): GitHubReply {
  return { status: 200, body };
}

/** A bare array, or `{ total_count, [key]: items }`. */
export function list(items: readonly unknown[], key?: string): GitHubReply {
  const page = (some: readonly unknown[], total: number): unknown =>
    key === undefined ? some : { total_count: total, [key]: some };
  return { status: 200, list: { items, page } };
}

export function parsed<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const errors = result.error.issues.map(({ path, message }) => ({ field: path.join("."), code: "invalid", message }));
  throw new GitHubRefusal(422, "Validation Failed", errors);
}

export function found<T>(value: T | undefined): T {
  if (value === undefined) throw new GitHubRefusal(404, "Not Found");
  return value;
}

export function repositoryOf({ state, path }: GitHubRequest): SimulatedRepository {
  return found(state.findRepository(`${path["owner"]}/${path["repo"]}`));
}

export function shaOf(request: GitHubRequest, ref: string): string {
  const sha = request.state.commitOf(repositoryOf(request), ref);
  if (sha === undefined) throw new GitHubRefusal(422, `No commit found for SHA: ${ref}`);
  return sha;
}

export function pullOf(request: GitHubRequest): SimulatedPull {
  return found(repositoryOf(request).pulls.get(Number(request.path["number"])));
}
