/** Messages to a webhook over fetch, as JSON: signed, or in the form that Slack takes. Never retries; the address is a secret. */
import { createHmac } from "node:crypto";
import { PortFailure } from "../model/error.ts";
import { msOf } from "../model/time.ts";
import type { Notify, NotifyMessage } from "../ports/notify.ts";
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
        ...requestOf(message),
      }).catch((error: unknown) => {
        throw fetchFailure(error, what);
      });
      await response.body?.cancel();
      if (!response.ok) throw statusFailure(response.status, what, response.headers.get("retry-after"));
    },
  };
}

function requestOf(message: NotifyMessage): { headers: Record<string, string>; body: string } {
  const headers = { "content-type": "application/json", "idempotency-key": message.id };
  if (message.format === "slack") return { headers, body: JSON.stringify(slackMessage(message.text)) };
  const body = JSON.stringify({ ...message.fields, id: message.id, text: message.text });
  if (message.secret === undefined) return { headers, body };
  const timestamp = String(Math.floor(msOf(message.at) / 1_000));
  return {
    headers: {
      ...headers,
      "x-runbook-timestamp": timestamp,
      "x-runbook-signature-256": signature(message.secret, timestamp, body),
    },
    body,
  };
}

/** A receiver computes the same over the raw body, compares in constant time, and refuses a timestamp that is minutes old. */
function signature(secret: string, timestamp: string, body: string): string {
  return `sha256=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`;
}

/** Plain text: no markup, no previews; Slack mentions with angle brackets, its likes with a bare at sign. */
function slackMessage(text: string): object {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return {
    text: escaped.replaceAll("@", "@\u200B"),
    mrkdwn: false,
    parse: "none",
    link_names: false,
    unfurl_links: false,
    unfurl_media: false,
  };
}
