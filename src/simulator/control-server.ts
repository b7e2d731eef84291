/** The scenario's answers over HTTP on loopback. Misbehaves by plan and models nothing itself. */
import { listen } from "./listen.ts";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { z } from "zod";
import { type ControlState, Refusal } from "./control-state.ts";
import type { Fault, Faults } from "./faults.ts";
import { misbehave, PAST_EVERY_BOUND_MS } from "./http-fault.ts";

interface Call {
  readonly api: Fault["api"] | undefined;
  /** As faults name it. */
  readonly name: string;
  readonly act: (body: unknown) => unknown;
}

/** Every call is a POST with a JSON body, and its answer is `{"result": …}`, or `{"message": …}` under an error status. */
export async function startControlServer(
  state: ControlState,
  faults: Faults,
  port = 0,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const calls = callsOf(state);
  const server = createServer((request, response) => void serve(request, response, state, faults, calls));
  return listen(server, port);
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  state: ControlState,
  faults: Faults,
  calls: Readonly<Record<string, Call>>,
): Promise<void> {
  try {
    if (request.method === "GET" && request.url === "/state") return answer(response, 200, summaryOf(state));
    const call = request.method === "POST" ? calls[request.url ?? ""] : undefined;
    if (call === undefined) throw new Refusal(404, `no such call: ${request.method} ${request.url}`);
    const fault = call.api === undefined ? undefined : faults.take(call.api, call.name, state.world.now);
    const body = await json(request);
    if (fault !== undefined && isTold(response, call, fault, state, body)) return;
    answer(response, 200, { result: call.act(body) });
  } catch (error) {
    const status = error instanceof Refusal ? error.status : 400;
    answer(response, status, { message: error instanceof Error ? error.message : String(error) });
  }
}

/**
 * For a probe a status is what the probed address answers. A call without an answer in time is told so, once that time has
 * passed in the world.
 */
function isTold(response: ServerResponse, call: Call, fault: Fault, { world }: ControlState, body: unknown): boolean {
  if (fault.kind === "timeout" || fault.kind === "drip") {
    if (fault.kind === "drip") call.act(body);
    world.waste(PAST_EVERY_BOUND_MS);
    answer(response, 504, { message: `${call.name}: no answer in time` });
    return true;
  }
  const { retryAfterSeconds, status } = fault;
  return misbehave(response, fault, world, () => {
    if (call.api === "http") answer(response, 200, { result: { status, latencyMs: 1, body: "" } });
    else answer(response, status, { message: `${call.name}: HTTP ${status}`, retryAfterSeconds });
  });
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

const probeSchema = z.strictObject({ method: z.enum(["GET", "HEAD", "POST"]), url: z.string(), timeoutMs: z.number() });
const commandSchema = z.strictObject({ client: z.string(), key: z.string() });
const startSchema = commandSchema.extend({
  argv: z.array(z.string()).min(1),
  env: z.record(z.string(), z.string()),
  timeoutMs: z.number(),
});
const releaseSchema = z.strictObject({ release: z.string(), namespace: z.string() });
const rollbackSchema = releaseSchema.extend({ revision: z.number() });
const messageSchema = z.strictObject({
  url: z.string(),
  id: z.string(),
  text: z.string(),
  fields: z.record(z.string(), z.string()),
});
const questionSchema = z.object({ id: z.string(), about: z.string(), options: z.array(z.string()) });

function callsOf(state: ControlState): Readonly<Record<string, Call>> {
  return {
    "/http": call("http", "probe", probeSchema, ({ url, timeoutMs }) => state.probe(url, timeoutMs)),
    "/command/start": call("command", "start", startSchema, ({ client, key, ...spec }) =>
      state.start(client, key, spec),
    ),
    "/command/poll": call("command", "poll", commandSchema, ({ client, key }) => state.poll(client, key)),
    "/command/stop": call("command", "stop", commandSchema, ({ client, key }) => state.stop(client, key)),
    "/helm/version": call("helm", "version", z.strictObject({}), () => state.helmVersion),
    "/helm/history": call(
      "helm",
      "history",
      releaseSchema,
      ({ release, namespace }) => state.release(release, namespace).revisions,
    ),
    "/helm/rollback": call("helm", "rollback", rollbackSchema, ({ release, namespace, revision }) =>
      state.rollback(release, namespace, revision),
    ),
    "/notify": call("notify", "post", messageSchema, (message) => state.notify(message)),
    "/operator": call(undefined, "operator", questionSchema, (question) => state.ask(question)),
  };
}

function call<T>(api: Fault["api"] | undefined, name: string, schema: z.ZodType<T>, act: (body: T) => unknown): Call {
  return { api, name, act: (body) => act(schema.parse(body)) };
}

function summaryOf(state: ControlState): object {
  return {
    now: state.world.now,
    probed: state.probed,
    commands: state.started.map(({ key, argv, startedAt, endsAt, exitCode }) => ({
      key,
      argv,
      startedAt,
      endsAt,
      exitCode,
    })),
    releases: state.releases.map(({ release, namespace, revisions }) => ({ release, namespace, revisions })),
    notifications: state.notifications,
    questions: Object.fromEntries(state.asked),
  };
}
