/** How a fetch ended badly, as a PortFailure. Says host and path, never a query, a user name or a header. */
import { type FailureKind, PortFailure, messageOf } from "../model/error.ts";

/** For what `fetch` or the reading of its body threw. `signal`: the operator's interruption, where there was one. */
export function fetchFailure(error: unknown, what: string, signal?: AbortSignal): PortFailure {
  if (signal?.aborted === true) return new PortFailure("aborted", `${what}: interrupted`, { cause: error });
  if (error instanceof Error && error.name === "TimeoutError") {
    return new PortFailure("timeout", `${what}: no answer in time`, { cause: error });
  }
  const reason = error instanceof Error && error.cause !== undefined ? reasonOf(error.cause) : messageOf(error);
  return new PortFailure("unavailable", `${what}: ${reason}`, { cause: error });
}

/** For an answer that is an error. `retryAfter`: the header as received. */
export function statusFailure(status: number, what: string, retryAfter?: string | null): PortFailure {
  const seconds = Number(retryAfter ?? Number.NaN);
  const options = Number.isFinite(seconds) ? { retryAfterMs: seconds * 1_000 } : {};
  return new PortFailure(kindOf(status), `${what}: HTTP ${status}`, options);
}

function kindOf(status: number): FailureKind {
  if (status === 401 || status === 403) return "unauthorised";
  if (status === 404 || status === 410) return "not-found";
  if (status === 409 || status === 412) return "conflict";
  if (status === 429) return "rate-limited";
  if (status >= 500) return "unavailable";
  // A redirect is not followed with a message in hand: the address is wrong.
  return "invalid";
}

/** undici wraps what went wrong; the code says it best ("ECONNREFUSED"). */
function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0]);
  if (cause instanceof Error && "code" in cause && typeof cause.code === "string") return cause.code;
  return messageOf(cause);
}
