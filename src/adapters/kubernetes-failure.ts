/** Translates what client-node throws into PortFailure, in one place. Keeps headers, bodies and secrets out of messages. */
import { type FailureKind, messageOf, PortFailure } from "../model/error.ts";

/** `what`: the call in the infinitive ("read deployment a/b"). */
export function kubernetesFailure(what: string, error: unknown, signal?: AbortSignal): PortFailure {
  if (error instanceof PortFailure) return error;
  if (signal?.aborted === true) return new PortFailure("aborted", `could not ${what}: interrupted`, { cause: error });
  const code = statusCodeOf(error);
  if (code !== undefined) return statusFailure(what, code, error);
  if (isTimeout(error)) return new PortFailure("timeout", `could not ${what}: no answer in time`, { cause: error });
  if (error instanceof SyntaxError) {
    return new PortFailure("malformed", `could not ${what}: the answer is not JSON`, { cause: error });
  }
  return new PortFailure("unavailable", `could not ${what}: ${connectionProblem(error)}`, { cause: error });
}

/** ApiException's own message is a dump with headers and body: only the Status object's message is shown. */
function statusFailure(what: string, code: number, error: unknown): PortFailure {
  const { body, headers } = error as { body?: unknown; headers?: Record<string, string> };
  const message = statusMessage(body) ?? `HTTP ${code}`;
  const retryAfter = Number(headers?.["retry-after"]);
  return new PortFailure(kindOf(code, message), `could not ${what}: ${message}`, {
    ...(retryAfter > 0 && { retryAfterMs: retryAfter * 1000 }),
  });
}

function kindOf(code: number, message: string): FailureKind {
  if (code === 401 || code === 403) return "unauthorised";
  if (code === 404) return "not-found";
  if (code === 409 || code === 412) return "conflict";
  // A JSON patch whose `test` fails is a 422 with exactly this sentence; a patch that is invalid names its field.
  if (code === 422) return message.includes("rejected our request due to an error") ? "conflict" : "invalid";
  if (code === 429) return "rate-limited";
  if (code >= 500) return "unavailable";
  return code >= 400 ? "invalid" : "malformed";
}

function statusCodeOf(error: unknown): number | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "number" && code >= 100 && code < 600 ? code : undefined;
}

function statusMessage(body: unknown): string | undefined {
  if (typeof body !== "string") return undefined;
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    return typeof message === "string" && message !== "" ? message.slice(0, 500) : undefined;
  } catch {
    return undefined;
  }
}

function isTimeout(error: unknown): boolean {
  const { name, cause } = (error ?? {}) as { name?: string; cause?: { name?: string } };
  return name === "TimeoutError" || cause?.name === "TimeoutError";
}

/** "fetch failed" says nothing: its cause does. */
function connectionProblem(error: unknown): string {
  const cause = (error as { cause?: unknown }).cause;
  const code = (cause as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? `connection failed (${code})` : messageOf(cause ?? error).slice(0, 300);
}
