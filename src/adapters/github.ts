/** One bounded request to GitHub at a time, validated; never retries, throttles, waits or writes to the terminal. */
import { Octokit } from "@octokit/rest";
import type { z } from "zod";
import { NO_GITHUB_TOKEN } from "../model/credentials.ts";
import { PortFailure } from "../model/error.ts";
import { type Instant, instant, SECOND } from "../model/time.ts";
import { githubFailure } from "./github-failure.ts";

export interface GitHubConfig {
  /** "https://api.github.com" (default), "https://HOST/api/v3" for GitHub Enterprise Server. */
  readonly baseUrl?: string;
  /** Absent: every call fails as unauthorised without a request. */
  readonly token?: string;
  /** Bound on one request; default 15 s. */
  readonly timeoutMs?: number;
  /** Aborts after so many milliseconds; default: of real time. */
  readonly bound?: (ms: number) => AbortSignal;
}

/** Pinned: a newer default version would drop fields that are read here. https://docs.github.com/rest/about-the-rest-api/api-versions */
const API_VERSION = "2022-11-28";
const PER_PAGE = 100;
/** Parsed answers kept for conditional requests; a run is watched with two or three urls. */
const CACHED_ANSWERS = 50;

/** Values for the `{}` of the route; the rest becomes the query or the body. */
export type Parameters = Readonly<Record<string, unknown>>;

export interface Answer<T> {
  readonly status: number;
  readonly data: T;
  readonly hasNextPage: boolean;
  /** GitHub's own time as it answered, to the second. */
  readonly at?: Instant;
  /** Where a redirect points, with `redirect: "manual"`. */
  readonly location?: string;
  /** Of a classic token; other kinds of tokens have none. https://docs.github.com/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps */
  readonly scopes?: readonly string[];
}

interface CachedAnswer {
  readonly etag: string;
  readonly answer: Answer<unknown>;
}

interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Media type, where it is not the default JSON. */
  readonly accept?: string;
  /** Ask with the etag of the last answer: a 304 costs nothing of the rate limit. Etags belong to one token. */
  readonly conditional?: boolean;
  /** Redirects are followed with the token, within GitHub; `manual` hands their address back instead. */
  readonly redirect?: "manual";
}

const silent = { debug: noop, info: noop, warn: noop, error: noop };

export class GitHub {
  readonly #octokit: Octokit;
  readonly #timeoutMs: number;
  readonly #bound: (ms: number) => AbortSignal;
  readonly #authorised: boolean;
  readonly #cache = new Map<string, CachedAnswer>();
  readonly baseUrl: string;

  constructor(config: GitHubConfig) {
    this.baseUrl = (config.baseUrl ?? "https://api.github.com").replace(/\/+$/, "");
    this.#timeoutMs = config.timeoutMs ?? 15 * SECOND;
    this.#bound = config.bound ?? ((ms) => AbortSignal.timeout(ms));
    this.#authorised = config.token !== undefined && config.token !== "";
    this.#octokit = new Octokit({
      baseUrl: this.baseUrl,
      userAgent: "runbook",
      log: silent,
      request: { log: silent },
      ...(this.#authorised ? { auth: config.token } : {}),
    });
  }

  /** The validated answer to one request. Throws PortFailure only. */
  async call<T>(
    route: string,
    parameters: Parameters,
    schema: z.ZodType<T>,
    options: CallOptions = {},
  ): Promise<Answer<T>> {
    const endpoint = this.#octokit.request.endpoint(route, parameters);
    const readOnly = endpoint.method === "GET";
    const what = `${endpoint.method} ${new URL(endpoint.url).pathname}`;
    if (!this.#authorised) {
      throw new PortFailure("unauthorised", NO_GITHUB_TOKEN);
    }
    const cached = options.conditional === true ? this.#cache.get(endpoint.url) : undefined;
    const timeout = this.#bound(this.#timeoutMs);
    const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
    try {
      signal.throwIfAborted();
      const response = await this.#octokit.request(route, {
        ...parameters,
        headers: {
          "x-github-api-version": API_VERSION,
          accept: options.accept ?? "application/vnd.github+json",
          ...(cached === undefined ? {} : { "if-none-match": cached.etag }),
        },
        request: { signal, ...(options.redirect === undefined ? {} : { redirect: options.redirect }) },
      });
      const data: unknown = response.data;
      const parsed = schema.safeParse(data);
      if (!parsed.success) {
        // A body that ended early because of our own bound looks malformed too.
        signal.throwIfAborted();
        throw malformed(what, parsed.error, readOnly);
      }
      const hasNextPage = /rel="next"/.test(response.headers.link ?? "");
      const { location } = response.headers;
      const where = location === undefined ? {} : { location };
      const answer = {
        status: response.status,
        data: parsed.data,
        hasNextPage,
        ...where,
        ...timeIn(response.headers.date),
        ...scopesIn(response.headers["x-oauth-scopes"]),
      };
      if (options.conditional === true) this.#remember(endpoint.url, response.headers.etag, answer);
      return answer;
    } catch (error) {
      if (cached !== undefined && isNotModified(error)) return cached.answer as Answer<T>;
      throw githubFailure(error, {
        what,
        readOnly,
        timeoutMs: this.#timeoutMs,
        timedOut: timeout.aborted,
        interrupted: options.signal?.aborted === true,
      });
    }
  }

  /** All pages, in the server's order; a list longer than `maxPages` of 100 ends there. */
  async pages<P, T>(
    route: string,
    parameters: Parameters,
    schema: z.ZodType<P>,
    itemsOf: (page: P) => readonly T[],
    options: CallOptions & { readonly maxPages: number },
  ): Promise<readonly T[]> {
    const items: T[] = [];
    for (let page = 1; page <= options.maxPages; page++) {
      const answer = await this.call(route, { ...parameters, per_page: PER_PAGE, page }, schema, options);
      items.push(...itemsOf(answer.data));
      if (!answer.hasNextPage) break;
    }
    return items;
  }

  #remember(url: string, etag: string | undefined, answer: Answer<unknown>): void {
    this.#cache.delete(url);
    if (etag === undefined) return;
    this.#cache.set(url, { etag, answer });
    const [oldest] = this.#cache.keys();
    if (this.#cache.size > CACHED_ANSWERS && oldest !== undefined) this.#cache.delete(oldest);
  }
}

/** Owner and name for a route. Throws PortFailure (invalid). */
export function ownerAndRepo(repository: string): { owner: string; repo: string } {
  const [owner, repo, ...rest] = repository.split("/");
  if (owner === undefined || owner === "" || repo === undefined || repo === "" || rest.length > 0) {
    throw new PortFailure("invalid", `"${repository}" is not a repository: write it as owner/name`);
  }
  return { owner, repo };
}

function malformed(what: string, error: z.ZodError, readOnly: boolean): PortFailure {
  const [issue] = error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "the answer" : issue.path.join(".");
  return new PortFailure("malformed", `GitHub's answer to ${what} is not what its API promises (${where})`, {
    applied: readOnly ? "no" : "unknown",
  });
}

/** RFC 9110, "Date": HTTP's own form. */
function timeIn(date: string | undefined): { at?: Instant } {
  const ms = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(ms) ? {} : { at: instant(ms) };
}

function scopesIn(header: unknown): { scopes?: readonly string[] } {
  if (typeof header !== "string") return {};
  return { scopes: header.split(",").flatMap((scope) => (scope.trim() === "" ? [] : [scope.trim()])) };
}

/** Octokit throws on 304. */
function isNotModified(error: unknown): boolean {
  return error instanceof Error && "status" in error && error.status === 304;
}

function noop(): void {}
