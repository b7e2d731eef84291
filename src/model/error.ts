/** The two kinds of error that cross a boundary here: what a user is told, and how a call to the outside world ended. */

/**
 * An error for a person, in three sentences: what happened, what is true of production now, what to do next.
 * Plain data plus a stack, so that the journal can keep it (`toJSON`).
 */
export class RunbookError extends Error {
  readonly state: string;
  readonly next: string;

  constructor(parts: { what: string; state: string; next: string; cause?: unknown }) {
    super(parts.what, { cause: parts.cause });
    this.name = "RunbookError";
    this.state = parts.state;
    this.next = parts.next;
  }

  toJSON(): { what: string; state: string; next: string } {
    return { what: this.message, state: this.state, next: this.next };
  }
}

/**
 * How a call failed, in the caller's terms.
 * - `invalid`: the other side says that the request makes no sense (400, 422, INVALID_ARGUMENT): retrying cannot help.
 * - `unauthorised`: 401, 403, UNAUTHENTICATED, PERMISSION_DENIED, no credentials at all.
 * - `not-found`: 404, NOT_FOUND.
 * - `conflict`: 409, 412, ABORTED, a stale etag or resourceVersion: read again and decide again.
 * - `rate-limited`: 429, RESOURCE_EXHAUSTED, GitHub's 403 with a rate limit; see `retryAfterMs`.
 * - `unavailable`: 5xx, UNAVAILABLE, refused or reset connections.
 * - `timeout`: our own bound on the call was reached.
 * - `aborted`: we stopped waiting because the operator interrupted.
 * - `malformed`: an answer that is not what the API promises.
 */
export type FailureKind =
  | "invalid"
  | "unauthorised"
  | "not-found"
  | "conflict"
  | "rate-limited"
  | "unavailable"
  | "timeout"
  | "aborted"
  | "malformed";

/** A failed call to the outside world. Adapters throw nothing else; secrets and headers are never in the message. */
export class PortFailure extends Error {
  readonly kind: FailureKind;
  /** `"no"`: the call certainly changed nothing. `"unknown"`: it may have been carried out (timeouts, 5xx, resets). */
  readonly applied: "no" | "unknown";
  readonly retryAfterMs: number | undefined;
  /** Nobody was asked, because our own limit is reached: a place in a queue rather than an outage. */
  readonly isQueued: boolean;

  constructor(
    kind: FailureKind,
    message: string,
    options: { applied?: "no" | "unknown"; retryAfterMs?: number; queued?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "PortFailure";
    this.kind = kind;
    this.applied = options.applied ?? (isDefinite(kind) ? "no" : "unknown");
    this.retryAfterMs = options.retryAfterMs;
    this.isQueued = options.queued ?? false;
  }

  /** Whether the same call may succeed later without anybody doing anything. */
  get isTransient(): boolean {
    return !isDefinite(this.kind) || this.kind === "rate-limited" || this.kind === "conflict";
  }
}

function isDefinite(kind: FailureKind): boolean {
  return (
    kind === "invalid" ||
    kind === "unauthorised" ||
    kind === "not-found" ||
    kind === "conflict" ||
    kind === "rate-limited"
  );
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
