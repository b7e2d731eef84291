/** One bucket over the official Cloud Storage client: each call one request, conditional where asked. Never retries. */
import { createHash } from "node:crypto";
import { globalAgent as httpAgent } from "node:http";
import { globalAgent as httpsAgent } from "node:https";
import { z } from "zod";
import { type FailureKind, messageOf, PortFailure } from "../model/error.ts";
import type { Generation, ObjectPage, Objects } from "../ports/objects.ts";
import { bounded, once } from "./google.ts";

export interface ObjectsConfig {
  readonly bucket: string;
  /** Without slashes around it; "" for the whole bucket. */
  readonly prefix: string;
  /** "http://127.0.0.1:PORT" of a simulated store, without credentials. Absent: Google, with ADC. */
  readonly endpoint?: string | undefined;
  /** Bound of one request. Default 10 s. */
  readonly timeoutMs?: number | undefined;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const GOOGLE = "https://storage.googleapis.com";
/** The API's largest. */
const PAGE_SIZE = 1_000;
const MOST_EMPTY_PAGES = 10;
/** A larger object is none of ours. */
const MOST_BYTES = 32 * 1024 * 1024;

export function createObjects(config: ObjectsConfig): Objects {
  const bucket = once(() => connect(config));
  const { host } = new URL(config.endpoint ?? GOOGLE);
  const base = config.prefix === "" ? "" : `${config.prefix}/`;
  const location = `gs://${config.bucket}${config.prefix === "" ? "" : `/${config.prefix}`}`;
  const call = async <T>(what: string, act: (bucket: Bucket) => Promise<T>): Promise<T> => {
    try {
      return await bounded(what, { timeoutMs: config.timeoutMs ?? DEFAULT_TIMEOUT_MS }, undefined, async () => {
        try {
          return await act(await bucket());
        } catch (error) {
          throw failureOf(what, error);
        }
      });
    } catch (error) {
      if (error instanceof PortFailure && error.kind === "timeout") abandon(host);
      throw error;
    }
  };
  return {
    location,
    get: (key) => call(`get ${location}/${key}`, (from) => download(from, base + key)),
    put: (key, bytes, ifGeneration) =>
      call(`put ${location}/${key}`, (to) => upload(to, base + key, bytes, ifGeneration)),
    list: (prefix, startAfter) => call(`list ${location}/${prefix}`, (from) => page(from, base, prefix, startAfter)),
    delete: (key, ifGeneration) =>
      call(`delete ${location}/${key}`, async (from) => {
        await from.file(base + key).delete({
          ignoreNotFound: true,
          ...(ifGeneration === undefined ? {} : { ifGenerationMatch: ifGeneration }),
        });
      }),
  };
}

type Bucket = Awaited<ReturnType<typeof connect>>;

/**
 * The client takes STORAGE_EMULATOR_HOST from the environment over everything else; an address that is set here and again
 * after the constructor is the one that is used. `forever: false` keeps its connections in Node's own agents, where a
 * request that is given up can be reached: the client's own time limit has no effect (its HTTP library ignores it).
 */
async function connect(
  config: ObjectsConfig,
): Promise<InstanceType<(typeof import("@google-cloud/storage"))["Bucket"]>> {
  const { Storage } = await import("@google-cloud/storage");
  const apiEndpoint = config.endpoint ?? GOOGLE;
  const storage = new Storage({
    apiEndpoint,
    useAuthWithCustomEndpoint: config.endpoint === undefined,
    retryOptions: { autoRetry: false },
  });
  storage.baseUrl = `${apiEndpoint}/storage/v1`;
  storage.interceptors.push({
    request: (options) => {
      options.forever = false;
      // The library's own two types of one thing.
      return options as never;
    },
  });
  return storage.bucket(config.bucket);
}

/** The content and its generation from one answer, so that they belong together. */
async function download(bucket: Bucket, name: string): Promise<Awaited<ReturnType<Objects["get"]>>> {
  const stream = bucket.file(name).createReadStream({ validation: "md5" });
  let generation: unknown;
  stream.on("response", (response: { headers?: unknown }) => (generation = generationIn(response.headers)));
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > MOST_BYTES) throw new PortFailure("malformed", `${name}: larger than ${MOST_BYTES} bytes`);
    }
  } catch (error) {
    // A bucket that is missing is another matter than an object that is.
    if (codeOf(error) === 404 && !/bucket/i.test(messageOf(error))) return undefined;
    throw error;
  }
  return { bytes: Buffer.concat(chunks), generation: generationSchema.parse(generation) };
}

function generationIn(headers: unknown): unknown {
  return headers instanceof Headers
    ? headers.get("x-goog-generation")
    : (headers as Readonly<Record<string, unknown>> | undefined)?.["x-goog-generation"];
}

/** The digest goes with the content: what arrives damaged is refused by the store, before it becomes an object. */
async function upload(
  bucket: Bucket,
  name: string,
  bytes: Uint8Array,
  ifGeneration: Generation | "absent" | undefined,
): Promise<Generation> {
  const file = bucket.file(name);
  await file.save(Buffer.from(bytes), {
    resumable: false,
    // The client's own check would delete what it finds damaged.
    validation: false,
    metadata: { contentType: "application/json", md5Hash: createHash("md5").update(bytes).digest("base64") },
    ...(ifGeneration === undefined
      ? {}
      : { preconditionOpts: { ifGenerationMatch: ifGeneration === "absent" ? 0 : ifGeneration } }),
  });
  return generationSchema.parse(file.metadata.generation);
}

/**
 * `startOffset` includes its key, which is left out here. An empty page may have a token: only that leads on, so it is
 * followed here.
 */
async function page(bucket: Bucket, base: string, prefix: string, startAfter: string | undefined): Promise<ObjectPage> {
  let pageToken: string | undefined;
  for (let empty = 0; empty < MOST_EMPTY_PAGES; empty++) {
    // Not `getFiles`, which ends the process where `items` is no list: it throws where nobody can catch it.
    const [answer] = await bucket.request({
      uri: "/o",
      qs: {
        prefix: base + prefix,
        maxResults: PAGE_SIZE,
        fields: "kind,items(name),nextPageToken",
        ...(startAfter === undefined ? {} : { startOffset: base + startAfter }),
        ...(pageToken === undefined ? {} : { pageToken }),
      },
    });
    const { items, nextPageToken } = listingSchema.parse(answer);
    const keys = items.map(({ name }) => name.slice(base.length)).filter((key) => key !== startAfter);
    if (keys.length > 0 || nextPageToken === undefined) return { keys, more: nextPageToken !== undefined };
    pageToken = nextPageToken;
  }
  throw new PortFailure("unavailable", `${base}${prefix}: nothing but empty pages`);
}

const generationSchema = z
  .union([z.string().regex(/^\d+$/), z.number().int().transform(String)])
  .transform((text) => text as Generation);

const listingSchema = z.object({
  // An answer without it is no listing, and must not be taken for an empty one.
  kind: z.literal("storage#objects"),
  items: z.array(z.object({ name: z.string() })).default([]),
  nextPageToken: z.string().optional(),
});

/** Nobody waits for these answers any more; open, they would keep the process from ending. */
function abandon(host: string): void {
  const name = host.includes(":") ? host : `${host}:`;
  for (const agent of [httpAgent, httpsAgent]) {
    for (const [key, sockets] of Object.entries(agent.sockets)) {
      if (key.startsWith(name)) for (const socket of sockets ?? []) socket.destroy();
    }
  }
}

const KIND_OF_STATUS: Readonly<Record<number, FailureKind>> = {
  400: "invalid",
  401: "unauthorised",
  403: "unauthorised",
  404: "not-found",
  408: "timeout",
  409: "conflict",
  412: "conflict",
  429: "rate-limited",
};

/** A download without the store's digest, or that does not match it. */
const UNSOUND = new Set<unknown>(["MD5_NOT_AVAILABLE", "CONTENT_DOWNLOAD_MISMATCH"]);

/** The one translation of a failed call. What has no status never had an answer. */
function failureOf(what: string, error: unknown): PortFailure {
  if (error instanceof PortFailure) return error;
  const message = `${what}: ${told(error)}`;
  if (error instanceof z.ZodError || UNSOUND.has((error as { code?: unknown } | undefined)?.code)) {
    return new PortFailure("malformed", `${what}: an answer that is not what the API promises`, { cause: error });
  }
  if (/could not load the default credentials|could not refresh access token|invalid_grant/i.test(message)) {
    const advice = "(run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS)";
    return new PortFailure("unauthorised", `${message} ${advice}`, { cause: error });
  }
  const status = codeOf(error);
  const kind = KIND_OF_STATUS[status ?? 0] ?? (status !== undefined && status < 500 ? "invalid" : "unavailable");
  return new PortFailure(kind, message, { cause: error });
}

function codeOf(error: unknown): number | undefined {
  const code = Number((error as { code?: unknown } | undefined)?.code);
  return Number.isInteger(code) && code >= 300 ? code : undefined;
}

/** The first line that says something, without what is not for logs. A failed download has the answer's JSON as its text. */
function told(error: unknown): string {
  const text = messageOf(error);
  const inner = /"message":\s*"([^"]+)"/.exec(text)?.[1];
  const line = (inner ?? text.split("\n").find((one) => one.trim() !== "") ?? "no answer").trim();
  return line.replaceAll(/(bearer\s+|ya29\.)[\w.~+/=-]+/gi, "$1***").slice(0, 300);
}
