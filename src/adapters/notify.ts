/** Messages to a webhook over fetch, as JSON that Slack and its likes understand. Never retries; the address is a secret. */
import { PortFailure } from "../model/error.ts";
import type { Notify } from "../ports/notify.ts";
import { fetchFailure, statusFailure } from "./fetch-failure.ts";

const TIMEOUT_MS = 10_000;

export function createNotify(): Notify {
  return {
    async post(url, message) {
      const address = URL.parse(url);
      if (address === null) throw new PortFailure("invalid", "the webhook's address is no URL");
      // The path of a webhook is its password: only the host is ever told.
      const what = `webhook at ${address.host}`;
      const response = await fetch(address, {
        method: "POST",
        redirect: "manual",
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: { "content-type": "application/json", "idempotency-key": message.id },
        body: JSON.stringify({ ...message.fields, text: message.text }),
      }).catch((error: unknown) => {
        throw fetchFailure(error, what);
      });
      await response.body?.cancel();
      if (!response.ok) throw statusFailure(response.status, what, response.headers.get("retry-after"));
    },
  };
}
