/** A server in front of a simulated gRPC API: gives its answers as they are and records them, then gives what it recorded changed. */
import {
  Client,
  credentials,
  type handleUnaryCall,
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
} from "@grpc/grpc-js";
import { onTestFinished } from "vitest";
import { serviceDefinition } from "../../src/simulator/grpc-api.ts";
import { mutatedJson, oneOf } from "./mutate.ts";

type Definitions = Parameters<typeof serviceDefinition>;

export interface MutatingGrpc {
  readonly endpoint: string;
  /** Set after the recording. */
  random: (() => number) | undefined;
}

export async function mutatingGrpc(target: string, services: readonly Definitions[]): Promise<MutatingGrpc> {
  const upstream = new Client(target.replace(/^https?:\/\//, ""), credentials.createInsecure());
  const server = new Server();
  const front: { endpoint: string; random: (() => number) | undefined } = { endpoint: "", random: undefined };
  for (const definition of services) {
    const methods = Object.entries(serviceDefinition(...definition)).filter(([, method]) => !method.responseStream);
    server.addService(
      Object.fromEntries(methods.map(([name, method]) => [name, raw(method)])),
      Object.fromEntries(methods.map(([name, method]) => [name, answering(method, upstream, front)])),
    );
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  onTestFinished(() => {
    upstream.close();
    server.forceShutdown();
  });
  front.endpoint = `127.0.0.1:${port}`;
  return front;
}

const identity = (bytes: Buffer): Buffer => bytes;

/** The bytes pass as they are, whatever they mean. */
function raw(method: MethodDefinition<object, object>): MethodDefinition<Buffer, Buffer> {
  return {
    ...method,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  };
}

function answering(
  method: MethodDefinition<object, object>,
  upstream: Client,
  front: { readonly random: (() => number) | undefined },
): handleUnaryCall<Buffer, Buffer> {
  const known = new Map<string, Buffer>();
  return ({ request }, reply) => {
    const key = request.toString("base64");
    const recorded = known.get(key);
    const { random } = front;
    if (random !== undefined && recorded !== undefined) {
      const answer = changed(recorded, method, random);
      if (Buffer.isBuffer(answer)) reply(null, answer);
      else reply({ code: answer, details: oneOf(random, DETAILS), metadata: odd(random) });
      return;
    }
    upstream.makeUnaryRequest(method.path, identity, identity, request, (error, bytes) => {
      if (bytes === undefined) return reply(error);
      known.set(key, bytes);
      reply(null, bytes);
    });
  };
}

const DETAILS = ["", "x", "\u0000\u202E", "__proto__", "y".repeat(2_000)] as const;

/** Another status, bytes that may be no message, or a message whose fields are others. */
function changed(bytes: Buffer, method: MethodDefinition<object, object>, random: () => number): Buffer | number {
  const act = random();
  if (act < 0.08) return Math.floor(random() * 17);
  if (act < 0.4) return mutatedBytes(bytes, random);
  try {
    const message = JSON.stringify(method.responseDeserialize(bytes));
    return method.responseSerialize(JSON.parse(mutatedJson(message, random)) as object);
  } catch {
    // A field of this type cannot hold that.
    return mutatedBytes(bytes, random);
  }
}

function mutatedBytes(bytes: Buffer, random: () => number): Buffer {
  let changedBytes = Buffer.from(bytes);
  for (let left = 1 + Math.floor(random() * 4); left > 0; left--) {
    const at = Math.floor(random() * changedBytes.length);
    const length = Math.floor(random() * 8);
    const insert = oneOf(random, [
      Buffer.alloc(0),
      changedBytes.subarray(at, at + 2 * length),
      Buffer.from(Array.from({ length: 1 + length }, () => Math.floor(random() * 256))),
      Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f]),
    ]);
    changedBytes = Buffer.concat([changedBytes.subarray(0, at), insert, changedBytes.subarray(at + length)]);
  }
  return changedBytes;
}

function odd(random: () => number): Metadata {
  const metadata = new Metadata();
  if (random() < 0.5) return metadata;
  metadata.set("grpc-status-details-bin", Buffer.from(Array.from({ length: 12 }, () => Math.floor(random() * 256))));
  return metadata;
}
