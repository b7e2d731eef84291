/** Turns whatever a GitHub request threw into a PortFailure; decides nothing about trying again. */
import { z } from "zod";
import { type FailureKind, messageOf, PortFailure } from "../model/error.ts";
import { formatDuration, SECOND } from "../model/time.ts";

/** GitHub asks for at least a minute when a limit names no time. https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api */
const UNNAMED_WAIT_MS = 60 * SECOND;

/** Octokit's HttpError: `response` is there only when GitHub really answered; without it `status` 500 is made up. */
const answeredSchema = z.looseObject({
  status: z.number(),
  response: z.looseObject({ headers: z.record(z.string(), z.unknown()), data: z.unknown() }),
});
type Headers = Readonly<Record<string, unknown>>;

export interface FailedRequest {
  /** "GET /repos/o/r/actions/runs/5": no query, no headers. */
  readonly what: string;
  /** A request that cannot have changed anything, whatever became of it. */
  readonly readOnly: boolean;
  readonly timeoutMs: number;
  readonly timedOut: boolean;
  readonly interrupted: boolean;
}

export function githubFailure(error: unknown, request: FailedRequest): PortFailure {
  if (error instanceof PortFailure) return error;
  const applied = request.readOnly ? ("no" as const) : ("unknown" as const);
  const answered = answeredSchema.safeParse(error);
  // A bound that was reached while the body was read leaves an answer behind, so it is asked first.
  if (request.interrupted) return new PortFailure("aborted", `interrupted: ${request.what}`, { applied });
  if (request.timedOut) {
    const message = `GitHub did not answer within ${formatDuration(request.timeoutMs)}: ${request.what}`;
    return new PortFailure("timeout", message, { applied });
  }
  if (!answered.success) return unreachable(error, request, applied);

  const { status, response } = answered.data;
  const said = textOf(response.data);
  const message = `GitHub answered ${status} to ${request.what}${said === "" ? "" : `: ${said}`}`;
  if (isRateLimit(status, response.headers, said)) {
    return new PortFailure("rate-limited", message, { retryAfterMs: waitOf(response.headers) });
  }
  const kind = kindOf(status);
  return new PortFailure(
    kind,
    `${message}${acceptedIn(status, response.headers)}`,
    kind === "unavailable" || kind === "malformed" ? { applied } : {},
  );
}

/** What the call takes, told to fine-grained tokens and Apps. https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api#insufficient-permission-errors */
function acceptedIn(status: number, headers: Headers): string {
  const accepted = headers["x-accepted-github-permissions"];
  const isTold =
    (status === 403 || status === 404) && typeof accepted === "string" && /^[\w=;, -]{3,200}$/.test(accepted);
  return isTold ? ` (it takes the permission ${accepted})` : "";
}

function kindOf(status: number): FailureKind {
  if (status === 401 || status === 403) return "unauthorised";
  if (status === 404 || status === 410) return "not-found";
  if (status === 409 || status === 412) return "conflict";
  if (status === 408 || status >= 500) return "unavailable";
  if (status >= 400) return "invalid";
  return "malformed";
}

const codedSchema = z.looseObject({ code: z.string() });

/** Refused connections never reached GitHub; resets may have. */
function unreachable(error: unknown, request: FailedRequest, applied: "no" | "unknown"): PortFailure {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const deepest: unknown = cause instanceof Error && cause.cause !== undefined ? cause.cause : (cause ?? error);
  const code = codedSchema.safeParse(deepest).data?.code;
  const neverSent = code === "ECONNREFUSED" || code === "ENOTFOUND" || code === "EAI_AGAIN";
  const why = cut(messageOf(deepest)) || code || "no connection";
  return new PortFailure("unavailable", `GitHub cannot be reached (${why}): ${request.what}`, {
    applied: neverSent ? "no" : applied,
  });
}

/** Primary and secondary limits come as 403 or 429; a plain 403 is a missing permission. */
function isRateLimit(status: number, headers: Headers, said: string): boolean {
  if (status === 429) return true;
  if (status !== 403) return false;
  return (
    headers["retry-after"] !== undefined || headers["x-ratelimit-remaining"] === "0" || /rate limit|abuse/i.test(said)
  );
}

function waitOf(headers: Headers): number {
  const seconds = Number(headers["retry-after"]);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds * SECOND;
  const reset = Number(headers["x-ratelimit-reset"]);
  // GitHub's own clock, not ours: the two may differ, and a simulated GitHub lives in another time.
  const now = Date.parse(String(headers["date"]));
  if (headers["x-ratelimit-remaining"] === "0" && Number.isFinite(reset) && Number.isFinite(now)) {
    return Math.max(reset * SECOND - now, SECOND);
  }
  return UNNAMED_WAIT_MS;
}

const errorBodySchema = z.looseObject({ message: z.string(), errors: z.array(z.unknown()).optional() });

function textOf(data: unknown): string {
  const body = errorBodySchema.safeParse(data);
  if (!body.success) return typeof data === "string" && !data.includes("<html") ? cut(data) : "";
  const details = (body.data.errors ?? []).map((each) => errorBodySchema.safeParse(each).data?.message ?? "");
  return cut([body.data.message, ...details.filter((detail) => detail !== "")].join("; "));
}

function cut(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what must not reach a terminal
  const flat = text.replaceAll(/[\u0000-\u001f\u007f-\u009f\s]+/g, " ").trim();
  return flat.length > 300 ? `${flat.slice(0, 299)}…` : flat;
}
