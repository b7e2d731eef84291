/** The token that the GitHub CLI keeps, for who has logged in there and set no variable. Never shows it, never fails. */
import { execFile } from "node:child_process";
import { SECOND } from "../model/time.ts";

const TIMEOUT_MS = 5 * SECOND;
const MOST_BYTES = 4_096;

/** Undefined where there is no `gh`, it is not logged in, or it takes too long. `baseUrl`: of the API, for Enterprise hosts. */
export function ghToken(
  env: Readonly<Record<string, string | undefined>>,
  baseUrl?: string,
): Promise<string | undefined> {
  const host = baseUrl === undefined ? undefined : URL.parse(baseUrl)?.hostname.replace(/^api\./, "");
  const argv = ["auth", "token", ...(host === undefined ? [] : ["--hostname", host])];
  return new Promise((resolve) => {
    execFile("gh", argv, { env, timeout: TIMEOUT_MS, maxBuffer: MOST_BYTES }, (error, stdout) => {
      const token = stdout.trim();
      resolve(error === null && /^[\w.-]{10,}$/.test(token) ? token : undefined);
    });
  });
}
