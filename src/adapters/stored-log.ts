/** Reads the end of a log from the storage behind a redirect: without our token, bounded, and never telling the signed address. */
import { PortFailure } from "../model/error.ts";
import { SECOND } from "../model/time.ts";
import { fetchFailure, statusFailure } from "./fetch-failure.ts";

const TIMEOUT_MS = 20 * SECOND;
/** Storage gives no suffix of a file: what is before the end is read and thrown away, up to here. */
const MOST_READ_BYTES = 64 * 1_048_576;
const KEPT_BYTES = 64 * 1_024;

/** `location`: of the redirect; a signed address, whose query is a secret. Throws PortFailure. */
export async function readStoredLog(
  location: string | undefined,
  baseUrl: string,
  signal?: AbortSignal,
): Promise<string> {
  const url = location === undefined ? null : URL.parse(location, baseUrl);
  const isSafe = url?.protocol === "https:" || url?.protocol === new URL(baseUrl).protocol;
  if (url === null || !isSafe) {
    throw new PortFailure("malformed", "GitHub did not say where the job's log is", { applied: "no" });
  }
  const what = `the job's log at ${url.host}`;
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetch(url, { signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]) });
    if (!response.ok) throw statusFailure(response.status, what);
    return await endOf(response, what);
  } catch (error) {
    throw error instanceof PortFailure ? error : fetchFailure(error, what, signal);
  }
}

async function endOf(response: Response, what: string): Promise<string> {
  let kept = Buffer.alloc(0);
  let read = 0;
  for await (const chunk of response.body ?? []) {
    read += chunk.length;
    if (read > MOST_READ_BYTES) throw new PortFailure("invalid", `${what} is longer than ${MOST_READ_BYTES} bytes`);
    kept = Buffer.concat([kept, chunk]).subarray(-KEPT_BYTES);
  }
  const text = kept.toString("utf8");
  // Cut within a line: the rest of it would read as a whole one.
  return read > KEPT_BYTES ? text.slice(text.indexOf("\n") + 1) : text;
}
