/** What the simulated Google APIs share: published service definitions, gRPC statuses, and faults; knows no API's rules. */
import { createRequire } from "node:module";
import {
  type handleUnaryCall,
  loadPackageDefinition,
  Metadata,
  type ServiceDefinition,
  status as Status,
} from "@grpc/grpc-js";
import { GoogleAuth, PassThroughClient } from "google-auth-library";
import { GrpcClient } from "google-gax";
import { type Instant, msOf } from "../model/time.ts";
import type { Fault, FaultApi, Faults } from "./faults.ts";
import { PAST_EVERY_BOUND_MS } from "./http-fault.ts";
import type { World } from "./world.ts";

/** An answer with an error status. */
export class ApiError extends Error {
  readonly code: Status;
  readonly metadata: Metadata;
  constructor(code: Status, message: string, metadata = new Metadata()) {
    super(message);
    this.code = code;
    this.metadata = metadata;
  }
}

/** The definition of a service, from the protocol files that the official client ships. */
export function serviceDefinition(client: GoogleClient, service: string, observe?: Observe): ServiceDefinition {
  let scope: unknown = protocol(client);
  for (const part of service.split(".")) scope = (scope as Record<string, unknown>)[part];
  const { service: defined } = scope as { service: ServiceDefinition };
  return Object.fromEntries(
    Object.entries(defined).map(([name, method]) => [
      name,
      {
        ...method,
        responseSerialize: (message: object) => {
          if (message === GARBAGE) return Buffer.from("<html>");
          observe?.({ client, path: method.path, message });
          return method.responseSerialize(message);
        },
      },
    ]),
  );
}

/** A message as the simulator made it, before it is written: what the protocol does not know is silently left out then. */
export interface GoogleAnswer {
  readonly client: GoogleClient;
  /** "/google.cloud.run.v2.Services/GetService" */
  readonly path: string;
  readonly message: object;
}
export type Observe = (answer: GoogleAnswer) => void;

/** What every API of the simulated Google Cloud has. */
export interface GooglePlace {
  readonly world: World;
  readonly faults: Faults;
  readonly observe?: Observe | undefined;
}

/** An answer that is not the protocol's. */
const GARBAGE = {};

const PROTOCOLS = {
  run: { within: "@google-cloud/run", file: "@google-cloud/run/build/protos/protos.json" },
  // @google-cloud/logging brings its generated half as a package of its own.
  logging: { within: "@google-cloud/logging", file: "@google-cloud/logging-api/build/protos/protos.json" },
  container: { within: "@google-cloud/container", file: "@google-cloud/container/build/protos/protos.json" },
  monitoring: { within: "@google-cloud/monitoring", file: "@google-cloud/monitoring/build/protos/protos.json" },
} as const;

export type GoogleClient = keyof typeof PROTOCOLS;

const loaded = new Map<string, ReturnType<typeof loadPackageDefinition>>();

/** The protocol that an official client ships, as protobuf.js has it in JSON. */
export function publishedProtocol(client: GoogleClient): object {
  const { within, file } = PROTOCOLS[client];
  const here = createRequire(import.meta.url);
  return createRequire(here.resolve(within))(file) as object;
}

function protocol(client: GoogleClient): ReturnType<typeof loadPackageDefinition> {
  const before = loaded.get(client);
  if (before !== undefined) return before;
  const auth = new GoogleAuth({ authClient: new PassThroughClient() });
  const definitions = new GrpcClient({ auth }).loadProtoJSON(publishedProtocol(client));
  loaded.set(client, definitions);
  return definitions;
}

/**
 * Wraps the answer to a call: takes the planned fault, turns an ApiError into its status. What goes wrong below gRPC is
 * answered as the client library would report it. `answer` is told whether a listing begins with an empty page.
 */
export function answering<Request>(
  place: GooglePlace,
  api: FaultApi,
  call: string,
  answer: (request: Request, isHeldBack: boolean) => object,
): handleUnaryCall<Request, object> {
  return ({ request }, reply) => {
    const fault = place.faults.take(api, call, place.world.now);
    try {
      if (fault !== undefined) failBefore(fault, place.world);
      const result = answer(request, fault?.kind === "empty-page");
      if (fault !== undefined) failAfter(fault, place.world);
      reply(null, fault?.kind === "malformed" ? GARBAGE : result);
    } catch (error) {
      const code = error instanceof ApiError ? error.code : Status.INTERNAL;
      const details = error instanceof Error ? error.message : String(error);
      reply({ code, details, metadata: error instanceof ApiError ? error.metadata : new Metadata() });
    }
  };
}

function failBefore(fault: Fault, world: World): void {
  if (fault.kind === "status") throw planned(fault);
  if (fault.kind === "reset") throw new ApiError(Status.UNAVAILABLE, "read ECONNRESET");
  if (fault.kind === "timeout") throw outOfTime(world);
}

function failAfter(fault: Fault, world: World): void {
  if (fault.kind === "applied") throw planned(fault);
  if (fault.kind === "drip") throw outOfTime(world);
  if (fault.kind === "truncated") {
    throw new ApiError(Status.INTERNAL, "Received RST_STREAM with code 2 (Internal server error)");
  }
}

function planned({ status, retryAfterSeconds }: Fault): ApiError {
  const metadata = new Metadata();
  if (retryAfterSeconds !== undefined) metadata.set("grpc-status-details-bin", retryInfo(status, retryAfterSeconds));
  return new ApiError(codeOfHttp(status), `planned fault ${status}`, metadata);
}

function outOfTime(world: World): ApiError {
  world.waste(PAST_EVERY_BOUND_MS);
  return new ApiError(Status.DEADLINE_EXCEEDED, "Deadline exceeded: no answer in time");
}

/**
 * google.rpc.Status with one google.rpc.RetryInfo, written by hand: three nested messages with one field each.
 * https://cloud.google.com/apis/design/errors#error_details
 */
function retryInfo(http: number, seconds: number): Buffer {
  const delay = Buffer.from([0x08, (seconds & 0x7f) | 0x80, (seconds >> 7) & 0x7f]);
  const info = field(1, delay);
  const any = Buffer.concat([field(1, Buffer.from("type.googleapis.com/google.rpc.RetryInfo")), field(2, info)]);
  return Buffer.concat([Buffer.from([0x08, codeOfHttp(http)]), field(3, any)]);
}

function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2, content.length]), content]);
}

function codeOfHttp(http: number): Status {
  switch (http) {
    case 400:
      return Status.INVALID_ARGUMENT;
    case 401:
      return Status.UNAUTHENTICATED;
    case 403:
      return Status.PERMISSION_DENIED;
    case 404:
      return Status.NOT_FOUND;
    case 409:
      return Status.ABORTED;
    case 429:
      return Status.RESOURCE_EXHAUSTED;
    case 500:
      return Status.INTERNAL;
    case 504:
      return Status.DEADLINE_EXCEEDED;
    default:
      return Status.UNAVAILABLE;
  }
}

export interface WireTime {
  readonly seconds: string;
  readonly nanos: number;
}

export function wireTime(at: Instant): WireTime {
  return { seconds: String(Math.floor(msOf(at) / 1_000)), nanos: (msOf(at) % 1_000) * 1_000_000 };
}

export { Status };
