/** What the Google Cloud adapters share: one bounded call and the translation of its failure; loads no SDK. */
import { noGoogleCredentials } from "../model/credentials.ts";
import { type FailureKind, messageOf, PortFailure } from "../model/error.ts";
import { type Instant, instant } from "../model/time.ts";

export interface GoogleConfig {
  /**
   * "127.0.0.1:PORT" of a simulated cloud: plaintext without credentials. Any other "HOST[:PORT]": TLS with ADC.
   * Absent: Google.
   */
  readonly endpoint?: string | undefined;
  /** Bound of one request. Default 15 s. */
  readonly timeoutMs?: number | undefined;
}

const DEFAULT_TIMEOUT_MS = 15_000;

/** Per-call options: our bound, and never gax's own retries. */
export function callOptions(config: GoogleConfig): { timeout: number; retry: { retryCodes: number[] } } {
  return { timeout: config.timeoutMs ?? DEFAULT_TIMEOUT_MS, retry: { retryCodes: [] } };
}

/**
 * Carries out one request and turns whatever goes wrong into a PortFailure. The bound is kept here too, because looking
 * for credentials happens outside the client's own timeout.
 */
export async function bounded<T>(
  what: string,
  config: GoogleConfig,
  signal: AbortSignal | undefined,
  call: () => Promise<T>,
): Promise<T> {
  if (signal?.aborted === true) throw new PortFailure("aborted", `${what}: interrupted`, { applied: "no" });
  const limit = AbortSignal.timeout((config.timeoutMs ?? DEFAULT_TIMEOUT_MS) + 1_000);
  const either = signal === undefined ? limit : AbortSignal.any([signal, limit]);
  let stop: (() => void) | undefined;
  const stopped = new Promise<never>((_resolve, reject) => {
    stop = () => {
      reject(
        signal?.aborted === true
          ? new PortFailure("aborted", `${what}: interrupted`)
          : new PortFailure("timeout", `${what}: no answer within ${config.timeoutMs ?? DEFAULT_TIMEOUT_MS} ms`),
      );
    };
    either.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([call(), stopped]);
  } catch (error) {
    throw failureOf(what, error);
  } finally {
    if (stop !== undefined) either.removeEventListener("abort", stop);
  }
}

const KIND_OF_CODE: Readonly<Record<number, FailureKind>> = {
  1: "aborted",
  3: "invalid",
  4: "timeout",
  5: "not-found",
  6: "conflict",
  7: "unauthorised",
  8: "rate-limited",
  9: "invalid",
  10: "conflict",
  11: "invalid",
  12: "invalid",
  16: "unauthorised",
};

/** google-auth-library and gcp-metadata report these without a gRPC code, or with UNAVAILABLE around them. */
const WITHOUT_CREDENTIALS =
  /could not load the default credentials|could not refresh access token|invalid_grant|invalid_rapt|reauth related error|unable to detect a project id|does not exist, or it is not a file|unable to read the credential file|getting metadata from plugin failed/i;

/** The one translation of a failed Google call. Messages are cut to the first line; tokens never appear in them. */
export function failureOf(what: string, error: unknown): PortFailure {
  if (error instanceof PortFailure) return error;
  const raw = error as { code?: unknown; details?: unknown; statusDetails?: unknown };
  const text = typeof raw?.details === "string" && raw.details !== "" ? raw.details : messageOf(error);
  const message = `${what}: ${firstLine(text)}`;
  const whole = `${text} ${messageOf(error)}`;
  if (WITHOUT_CREDENTIALS.test(whole)) {
    return new PortFailure("unauthorised", `${what}: ${noGoogleCredentials(withoutAdvice(firstLine(text)))}`, {
      cause: error,
    });
  }
  const code = typeof raw?.code === "number" ? raw.code : undefined;
  // gax reports a refused connection as DEADLINE_EXCEEDED with the real cause in the text.
  const kind = code === 4 && /UNAVAILABLE|ECONNREFUSED/.test(whole) ? "unavailable" : kindOf(code, whole);
  // Cloud quotas are per minute, and mostly their answer does not say when to come back.
  const waitMs = askedMs(raw?.statusDetails) ?? (kind === "rate-limited" ? 30_000 : undefined);
  return new PortFailure(kind ?? "unavailable", message, { cause: error, ...present({ retryAfterMs: waitMs }) });
}

function kindOf(code: number | undefined, text: string): FailureKind | undefined {
  // grpc-js's own words for bytes that are no message; the code is the one of a server's inner error.
  return code === 13 && /message parsing error/i.test(text) ? "malformed" : KIND_OF_CODE[code ?? -1];
}

/** Of google.rpc.RetryInfo, as gax decodes it. */
function askedMs(details: unknown): number | undefined {
  if (!Array.isArray(details)) return undefined;
  const delays = details.map((one: { retryDelay?: WireTimestamp | null } | null) => one?.retryDelay);
  const delay = delays.find((one) => one !== undefined && one !== null);
  return delay === undefined || delay === null
    ? undefined
    : Number(delay.seconds ?? 0) * 1_000 + Math.floor((delay.nanos ?? 0) / 1_000_000);
}

/** The library's own advice is a link to read; ours is a command to run. */
function withoutAdvice(text: string): string {
  return text.replace(/\.? Browse to https:\S+ for more information\.?$/, "");
}

function firstLine(text: string): string {
  const line = (text.split("\n")[0] ?? "").replaceAll(/(bearer\s+|ya29\.)[\w.~+/=-]+/gi, "$1***");
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

/** protobuf's Timestamp as gax decodes it. */
export interface WireTimestamp {
  readonly seconds?: string | number | null | undefined;
  readonly nanos?: number | null | undefined;
}

/** To the millisecond; undefined for an absent timestamp. */
export function instantOf(timestamp: WireTimestamp | null | undefined): Instant | undefined {
  return timestamp === null || timestamp === undefined ? undefined : instant(msOfWire(timestamp));
}

/** Epoch milliseconds. */
export function msOfWire(timestamp: WireTimestamp): number {
  return secondsOf(timestamp) * 1_000 + Math.floor((timestamp.nanos ?? 0) / 1_000_000);
}

/** With all nine digits of the fraction. */
export function nanosecondsOf(timestamp: WireTimestamp): string {
  const seconds = new Date(secondsOf(timestamp) * 1_000).toISOString().slice(0, 19);
  return `${seconds}.${String(timestamp.nanos ?? 0).padStart(9, "0")}Z`;
}

/** From year 1 to 9999, as google.protobuf.Timestamp promises: others have no RFC 3339 form. */
function secondsOf({ seconds }: WireTimestamp): number {
  const given = Number(seconds ?? 0);
  if (given >= -62_135_596_800 && given <= 253_402_300_799) return given;
  throw new PortFailure("malformed", `a timestamp of ${String(seconds).slice(0, 40)} seconds is none`);
}

/**
 * Makes a client once, at its first use, so that nothing of a cloud's SDK is loaded by commands that do not call it.
 * A failure (no credentials yet) is not kept.
 */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return async () => {
    made ??= make();
    try {
      return await made;
    } catch (error) {
      made = undefined;
      throw error;
    }
  };
}

/** Leaves out the keys whose value is undefined, so that optional properties stay absent. */
export function present<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
