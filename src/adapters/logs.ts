/** Cloud Logging over the official v2 client, one page a call; keeps nanoseconds and never pages by itself. */
import { z } from "zod";
import { PortFailure } from "../model/error.ts";
import type { LogPage, LogQuery, LogRecord, Logs } from "../ports/logs.ts";
import { bounded, callOptions, type GoogleConfig, nanosecondsOf, once, present } from "./google.ts";
import { logFilter } from "./log-filter.ts";
import { comesFrom, originOf } from "./log-origin.ts";

/** The API's largest. Its default of 50 would cost twenty times the project's read quota. */
const PAGE_SIZE = 1_000;
/** Longer texts are cut: a page must not need unbounded memory. */
const LONGEST_TEXT = 16_384;

export function createLogs(config: GoogleConfig): Logs {
  const client = once(() => connect(config));
  return {
    page: async (query, pageToken, signal) => {
      const order = { orderBy: "timestamp asc", pageSize: PAGE_SIZE, ...present({ pageToken }) };
      return pageOf(await list(query.target, logFilter(query), order, signal));
    },
    together: async (queries, signal) => {
      const [first, ...alike] = queries;
      if (first === undefined) return [];
      const order = { orderBy: "timestamp asc", pageSize: PAGE_SIZE };
      return apart(queries, await list(first.target, logFilter(first, ...alike), order, signal));
    },
    tail: async (query, most, signal) => {
      const order = { orderBy: "timestamp desc", pageSize: Math.min(most, PAGE_SIZE) };
      return pageOf(await list(query.target, logFilter(query), order, signal)).records.toReversed();
    },
    link: linkTo,
  };

  async function list(
    { project }: LogQuery["target"],
    filter: string,
    order: object,
    signal: AbortSignal | undefined,
  ): Promise<WirePage> {
    const what = `log entries of project ${project}`;
    const request = { resourceNames: [`projects/${project}`], filter, ...order };
    // With autoPaginate off the answer is [entries, next request, raw response]; the token is read from the raw one.
    const answer = await bounded(what, config, signal, async () =>
      (await client()).listLogEntries(request, { ...callOptions(config), autoPaginate: false }),
    );
    return checked(what, answer[2] ?? { entries: answer[0] });
  }
}

/** The package types its `v2` as any; this is the part of it that is used. */
interface LoggingClient {
  listLogEntries(request: object, options: object): Promise<readonly unknown[]>;
}

async function connect(config: GoogleConfig): Promise<LoggingClient> {
  const [{ v2 }, { clientOptions }] = await Promise.all([
    import("@google-cloud/logging") as Promise<{
      v2: { LoggingServiceV2Client: new (options: object) => LoggingClient };
    }>,
    import("./google-client.ts"),
  ]);
  return new v2.LoggingServiceV2Client(await clientOptions(config));
}

function linkTo(query: LogQuery): string {
  const range = `${query.since}/${query.until}`;
  const encode = (text: string): string =>
    encodeURIComponent(text).replaceAll(
      /[()'!*~]/g,
      (one) => `%${(one.codePointAt(0) ?? 0).toString(16).toUpperCase()}`,
    );
  return (
    `https://console.cloud.google.com/logs/query;query=${encode(logFilter(query))};timeRange=${encode(range)}` +
    `?project=${encode(query.target.project)}`
  );
}

const entrySchema = z.object({
  logName: z.string(),
  insertId: z.string(),
  timestamp: z.object({ seconds: z.union([z.string(), z.number()]).nullish(), nanos: z.number().nullish() }),
  severity: z.union([z.string(), z.number()]).nullish(),
  resource: z.object({ type: z.string().nullish(), labels: z.record(z.string(), z.string()).nullish() }).nullish(),
  labels: z.record(z.string(), z.string()).nullish(),
  textPayload: z.string().nullish(),
  jsonPayload: z.object({ fields: z.record(z.string(), z.unknown()).nullish() }).nullish(),
  httpRequest: z
    .object({
      requestMethod: z.string().nullish(),
      requestUrl: z.string().nullish(),
      status: z.number().nullish(),
      latency: z
        .object({ seconds: z.union([z.string(), z.number()]).nullish(), nanos: z.number().nullish() })
        .nullish(),
    })
    .nullish(),
});
type WireEntry = z.infer<typeof entrySchema>;

const responseSchema = z.object({ entries: z.array(entrySchema), nextPageToken: z.string().nullish() });
type WirePage = z.infer<typeof responseSchema>;

function checked(what: string, raw: unknown): WirePage {
  const response = responseSchema.safeParse(raw);
  if (!response.success) {
    throw new PortFailure("malformed", `${what}: an answer that is not what the API promises`, {
      cause: response.error,
    });
  }
  return response.data;
}

function pageOf({ entries, nextPageToken }: WirePage): LogPage {
  return { records: entries.map(recordOf), ...present({ nextPageToken: nextPageToken || undefined }) };
}

/** Undefined when there is more than a page of them, or when an entry cannot be told to be anybody's: nothing may be lost. */
function apart(queries: readonly LogQuery[], { entries, nextPageToken }: WirePage): readonly LogPage[] | undefined {
  const origins = queries.map(originOf);
  const isNobodys = (entry: WireEntry): boolean => !origins.some((origin) => comesFrom(origin, entry));
  if (Boolean(nextPageToken) || entries.some(isNobodys)) return undefined;
  return origins.map((origin) => ({ records: entries.filter((entry) => comesFrom(origin, entry)).map(recordOf) }));
}

function recordOf(entry: WireEntry): LogRecord {
  return {
    logName: entry.logName,
    insertId: entry.insertId,
    timestamp: nanosecondsOf(entry.timestamp),
    severity: String(entry.severity ?? "DEFAULT"),
    ...present({
      version:
        entry.resource?.labels?.["revision_name"] ??
        entry.labels?.["k8s-pod/pod-template-hash"] ??
        entry.labels?.["run.googleapis.com/execution_name"],
      pod: entry.resource?.labels?.["pod_name"],
      text: textOf(entry)?.slice(0, LONGEST_TEXT),
      request: requestOf(entry.httpRequest),
    }),
  };
}

function requestOf(http: WireEntry["httpRequest"]): LogRecord["request"] {
  if (http === null || http === undefined || http.status === null || http.status === undefined) return undefined;
  const latency = http.latency;
  return {
    method: http.requestMethod ?? "",
    url: http.requestUrl ?? "",
    status: http.status,
    ...(latency === null || latency === undefined
      ? {}
      : { latencyMs: Number(latency.seconds ?? 0) * 1_000 + (latency.nanos ?? 0) / 1_000_000 }),
  };
}

/** The text, the `message` of a structured payload, or the whole payload as JSON. */
function textOf(entry: WireEntry): string | undefined {
  if (typeof entry.textPayload === "string" && entry.textPayload !== "") return entry.textPayload;
  if (entry.jsonPayload === null || entry.jsonPayload === undefined) return undefined;
  const payload = structOf(entry.jsonPayload);
  const message = payload["message"];
  return typeof message === "string" ? message : JSON.stringify(payload);
}

function structOf(struct: { fields?: unknown }): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries((struct.fields ?? {}) as Record<string, WireValue>).map(([key, value]) => [key, valueOf(value)]),
  );
}

/** google.protobuf.Value as gax decodes it; one of these is set. */
interface WireValue {
  readonly stringValue?: string;
  readonly numberValue?: number;
  readonly boolValue?: boolean;
  readonly structValue?: { fields?: unknown } | null;
  readonly listValue?: { values?: readonly WireValue[] } | null;
  readonly kind?: string;
}

function valueOf(value: WireValue): unknown {
  const { structValue, listValue } = value;
  if (structValue !== null && structValue !== undefined) return structOf(structValue);
  if (listValue !== null && listValue !== undefined) return (listValue.values ?? []).map(valueOf);
  return value.stringValue ?? value.numberValue ?? value.boolValue ?? null;
}
