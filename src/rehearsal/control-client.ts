/** The small ports of a rehearsal: thin clients of the control server. Nothing here can reach anything but that server. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { type FailureKind, messageOf, PortFailure } from "../model/error.ts";
import { clockTime, type Instant } from "../model/time.ts";
import type { Command, CommandState } from "../ports/command.ts";
import type { Helm } from "../ports/helm.ts";
import type { Http } from "../ports/http.ts";
import type { Notify } from "../ports/notify.ts";
import type { Operator } from "../ports/operator.ts";

export interface Controlled {
  readonly http: Http;
  readonly command: Command;
  readonly helm: Helm;
  readonly notify: Notify;
  readonly operator: Operator;
}

const TIMEOUT_MS = 10_000;

/**
 * `url`: of a control server; `now`: the world's time, for messages. Commands that another client started are unknown to
 * this one, as after a crash.
 */
export function createControlled({ url, now }: { readonly url: string; readonly now: () => Instant }): Controlled {
  const client = randomUUID();
  const call = <T>(path: string, body: object, schema: z.ZodType<T>, signal?: AbortSignal): Promise<T> =>
    post({ address: `${url}${path}`, now, body, schema, signal });
  return {
    http: {
      probe: ({ method, url, timeoutMs }, signal) => call("/http", { method, url, timeoutMs }, responseSchema, signal),
    },
    command: {
      start: (key, { argv, env, timeoutMs }) =>
        call("/command/start", { client, key, argv, env, timeoutMs }, nothingSchema),
      poll: (key) => call("/command/poll", { client, key }, commandStateSchema),
      stop: (key) => call("/command/stop", { client, key }, nothingSchema),
    },
    helm: {
      version: () => call("/helm/version", {}, z.string().optional()),
      history: ({ namespace }, release) => call("/helm/history", { release, namespace }, historySchema),
      rollback: ({ namespace }, release, revision) =>
        call("/helm/rollback", { release, namespace, revision }, nothingSchema),
    },
    notify: { post: (url, { id, text, fields }) => call("/notify", { url, id, text, fields }, nothingSchema) },
    operator: { poll: (question) => call("/operator", question, answerSchema) },
  };
}

const envelopeSchema = z.looseObject({ result: z.unknown().optional() });
const nothingSchema = z.undefined();
const responseSchema = z.strictObject({ status: z.number(), latencyMs: z.number(), body: z.string() });
const commandStateSchema: z.ZodType<CommandState> = z.discriminatedUnion("state", [
  z.strictObject({ state: z.literal("running") }),
  z.strictObject({ state: z.literal("unknown") }),
  z
    .strictObject({
      state: z.literal("exited"),
      exitCode: z.number().optional(),
      signal: z.string().exactOptional(),
      timedOut: z.boolean(),
      output: z.string(),
    })
    .transform((exited) => ({ ...exited, exitCode: exited.exitCode })),
]);
const historySchema = z.array(z.strictObject({ revision: z.number(), status: z.string(), updatedAt: z.string() }));
const answerSchema = z.strictObject({ answer: z.string(), by: z.string() }).optional();

interface Request<T> {
  readonly address: string;
  readonly now: () => Instant;
  readonly body: object;
  readonly schema: z.ZodType<T>;
  readonly signal: AbortSignal | undefined;
}

async function post<T>({ address, now, body, schema, signal }: Request<T>): Promise<T> {
  const bound = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: signal === undefined ? bound : AbortSignal.any([bound, signal]),
    });
    const answer = envelopeSchema.parse(await response.json());
    if (!response.ok) throw refusal(response.status, answer);
    return schema.parse(answer.result);
  } catch (error) {
    if (error instanceof PortFailure) throw error;
    if (signal?.aborted === true) throw new PortFailure("aborted", "interrupted", { cause: error });
    if (error instanceof z.ZodError) throw new PortFailure("malformed", z.prettifyError(error), { cause: error });
    throw new PortFailure(
      "unavailable",
      `no word from the simulated world at ${clockTime(now())}: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

const refusalSchema = z.looseObject({ message: z.string(), retryAfterSeconds: z.number().optional() });

function refusal(status: number, body: object): PortFailure {
  const { message, retryAfterSeconds } = refusalSchema.parse(body);
  const options = retryAfterSeconds === undefined ? {} : { retryAfterMs: retryAfterSeconds * 1_000 };
  return new PortFailure(KINDS[status] ?? (status >= 500 ? "unavailable" : "invalid"), message, options);
}

const KINDS: Readonly<Record<number, FailureKind>> = {
  401: "unauthorised",
  403: "unauthorised",
  404: "not-found",
  409: "conflict",
  429: "rate-limited",
  504: "timeout",
};
