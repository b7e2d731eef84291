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
import type { Fault, Faults } from "./faults.ts";
import type { World } from "./world.ts";

/** An answer with an error status. */
export class ApiError extends Error {
  readonly code: Status;
  constructor(code: Status, message: string) {
    super(message);
    this.code = code;
  }
}

/** The definition of a service, from the protocol files that the official client ships. */
export function serviceDefinition(client: keyof typeof PROTOCOLS, service: string): ServiceDefinition {
  let scope: unknown = protocol(client);
  for (const part of service.split(".")) scope = (scope as Record<string, unknown>)[part];
  return (scope as { service: ServiceDefinition }).service;
}

const PROTOCOLS = {
  run: { within: "@google-cloud/run", file: "@google-cloud/run/build/protos/protos.json" },
  // @google-cloud/logging brings its generated half as a package of its own.
  logging: { within: "@google-cloud/logging", file: "@google-cloud/logging-api/build/protos/protos.json" },
  monitoring: { within: "@google-cloud/monitoring", file: "@google-cloud/monitoring/build/protos/protos.json" },
} as const;

const loaded = new Map<string, ReturnType<typeof loadPackageDefinition>>();

function protocol(client: keyof typeof PROTOCOLS): ReturnType<typeof loadPackageDefinition> {
  const before = loaded.get(client);
  if (before !== undefined) return before;
  const { within, file } = PROTOCOLS[client];
  const here = createRequire(import.meta.url);
  const json = createRequire(here.resolve(within))(file) as object;
  const auth = new GoogleAuth({ authClient: new PassThroughClient() });
  const definitions = new GrpcClient({ auth }).loadProtoJSON(json);
  loaded.set(client, definitions);
  return definitions;
}

/** Wraps the answer to a call: takes the planned fault, turns an ApiError into its status. */
export function answering<Request>(
  place: { readonly world: World; readonly faults: Faults },
  api: Fault["api"],
  call: string,
  answer: (request: Request) => object,
): handleUnaryCall<Request, object> {
  return ({ request }, reply) => {
    const fault = place.faults.take(api, call, place.world.now);
    if (fault?.kind === "timeout") return;
    try {
      if (fault?.kind === "status") throw new ApiError(codeOfHttp(fault.status), `planned fault ${fault.status}`);
      const result = answer(request);
      if (fault?.kind === "applied") throw new ApiError(codeOfHttp(fault.status), `planned fault ${fault.status}`);
      reply(null, result);
    } catch (error) {
      const code = error instanceof ApiError ? error.code : Status.INTERNAL;
      reply({ code, details: error instanceof Error ? error.message : String(error), metadata: new Metadata() });
    }
  };
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
