/** A message to a webhook. */
import type { Instant } from "../model/time.ts";

export interface NotifyMessage {
  /** Lets the receiver drop a repeated message. */
  readonly id: string;
  readonly format: "json" | "slack";
  readonly text: string;
  readonly fields: Readonly<Record<string, string>>;
  /** The moment of this try: signed with the body, so that an old message cannot be replayed. */
  readonly at: Instant;
  /** Signs the message; of the format `json` only. */
  readonly secret?: string;
}

export interface Notify {
  /** Throws PortFailure. */
  post(url: string, message: NotifyMessage): Promise<void>;
}
