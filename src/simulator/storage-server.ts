/** The simulated Cloud Storage JSON API on loopback: upload, download, list and delete as the official client sends them. */
import { misbehave } from "./http-fault.ts";
import { listen } from "./listen.ts";
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { Refusal } from "./control-state.ts";
import type { Fault, Faults } from "./faults.ts";
import type { Listing, SimulatedObject, StorageState } from "./storage-state.ts";
import type { World } from "./world.ts";

export interface StorageServer {
  /** "http://127.0.0.1:PORT" */
  readonly url: string;
  close(): Promise<void>;
}

/** https://cloud.google.com/storage/docs/json_api/v1: the paths of `b/BUCKET/o`, and of uploads. */
/** `endsSilence`: a call without an answer is broken off once its world time has passed. A state's clients have no other bound than real time. */
export async function startStorageServer(
  state: StorageState,
  faults: Faults,
  world: World,
  { endsSilence = false, port = 0 }: { readonly endsSilence?: boolean; readonly port?: number } = {},
): Promise<StorageServer> {
  const server = createServer((request, response) => {
    const over = (): void => void (endsSilence && response.destroy());
    serve(state, faults, world, request, response, over).catch((error: unknown) => refuse(response, error));
  });
  return listen(server, port);
}

async function serve(
  state: StorageState,
  faults: Faults,
  world: World,
  request: IncomingMessage,
  response: ServerResponse,
  over: () => void,
): Promise<void> {
  const url = new URL(request.url ?? "/", "http://storage");
  const body = await buffer(request);
  const call = callOf(request, url, body);
  const fault = faults.take("storage", call.name, world.now);
  if (fault !== undefined && misbehave(response, fault, world, () => sendFault(response, fault), over)) return;
  const answer = call.act(state, fault?.kind === "empty-page");
  if (answer === undefined) response.writeHead(204).end();
  else if ("media" in answer) sendMedia(response, answer.media);
  else response.writeHead(200, JSON_TYPE).end(JSON.stringify(answer.json));
}

type Answer = { readonly json: object } | { readonly media: SimulatedObject } | undefined;

interface Call {
  /** As faults name it. */
  readonly name: "put" | "get" | "list" | "delete" | "metadata";
  /** `isHeldBack`: a listing begins with an empty page. */
  readonly act: (state: StorageState, isHeldBack: boolean) => Answer;
}

function callOf(request: IncomingMessage, url: URL, body: Buffer): Call {
  const upload = /^\/upload\/storage\/v1\/b\/([^/]+)\/o$/.exec(url.pathname);
  const path = /^\/storage\/v1\/b\/([^/]+)\/o(?:\/([^/]+))?$/.exec(url.pathname);
  const bucket = decodeURIComponent(upload?.[1] ?? path?.[1] ?? "");
  const name = decodeURIComponent(path?.[2] ?? "");
  const { method } = request;
  if (upload !== null && method === "POST") return put(bucket, request, url, body);
  if (path === null) throw new Refusal(404, `no such call: ${method} ${url.pathname}`);
  if (name === "" && method === "GET") return list(bucket, url);
  if (name !== "" && method === "GET") {
    return url.searchParams.get("alt") === "media"
      ? { name: "get", act: (state) => ({ media: state.read(bucket, name) }) }
      : { name: "metadata", act: (state) => ({ json: resourceOf(bucket, state.read(bucket, name)) }) };
  }
  if (name !== "" && method === "DELETE") {
    const ifGeneration = generationIn(url);
    return {
      name: "delete",
      act: (state) => {
        state.delete(bucket, name, ifGeneration);
        return undefined;
      },
    };
  }
  throw new Refusal(404, `no such call: ${method} ${url.pathname}`);
}

/** multipart/related with a JSON part and the content, or uploadType=media with the bare content. */
function put(bucket: string, request: IncomingMessage, url: URL, body: Buffer): Call {
  const contentType = request.headers["content-type"] ?? "application/octet-stream";
  const uploadType = url.searchParams.get("uploadType");
  if (uploadType !== "multipart" && uploadType !== "media") throw new Refusal(400, `uploadType ${uploadType}`);
  const { metadata, bytes, type } =
    uploadType === "media" ? { metadata: {}, bytes: body, type: contentType } : partsOf(contentType, body);
  const name = url.searchParams.get("name") ?? metadata.name ?? "";
  const object = { name, bytes, contentType: metadata.contentType ?? type, md5Hash: metadata.md5Hash };
  const ifGeneration = generationIn(url);
  return { name: "put", act: (state) => ({ json: resourceOf(bucket, state.write(bucket, object, ifGeneration)) }) };
}

interface Metadata {
  readonly name?: string;
  readonly contentType?: string;
  readonly md5Hash?: string;
}

function partsOf(contentType: string, body: Buffer): { metadata: Metadata; bytes: Buffer; type: string } {
  const boundary = /boundary="?([^";]+)/.exec(contentType)?.[1];
  if (boundary === undefined) throw new Refusal(400, "no multipart boundary");
  const mark = `--${boundary}`;
  const first = body.indexOf(mark);
  const second = body.indexOf(`\r\n${mark}`, first + 1);
  const end = body.lastIndexOf(`\r\n${mark}--`);
  if (first !== 0 || second === -1 || end <= second) throw new Refusal(400, "not two parts");
  const json = partOf(body.subarray(mark.length + 2, second));
  const content = partOf(body.subarray(second + 2 + mark.length + 2, end));
  return { metadata: JSON.parse(json.bytes.toString()) as Metadata, bytes: content.bytes, type: content.type };
}

function partOf(part: Buffer): { type: string; bytes: Buffer } {
  const blank = part.indexOf("\r\n\r\n");
  if (blank === -1) throw new Refusal(400, "a part without headers");
  const type = /content-type: *([^\r\n]+)/i.exec(part.subarray(0, blank).toString())?.[1];
  return { type: type ?? "application/octet-stream", bytes: part.subarray(blank + 4) };
}

function list(bucket: string, url: URL): Call {
  const query = {
    prefix: url.searchParams.get("prefix") ?? "",
    startOffset: url.searchParams.get("startOffset") ?? "",
    maxResults: Number(url.searchParams.get("maxResults") ?? 1_000),
    pageToken: url.searchParams.get("pageToken") ?? undefined,
  };
  return {
    name: "list",
    act: (state, isHeldBack) => {
      const { objects, nextPageToken } = isHeldBack ? HELD_BACK : state.list(bucket, query);
      // Like the real one, an empty page has no items at all.
      const items = objects.length === 0 ? {} : { items: objects.map((object) => resourceOf(bucket, object)) };
      return { json: { kind: "storage#objects", nextPageToken, ...items } };
    },
  };
}

/** Its token leads to the beginning: every name comes after the empty one. */
const HELD_BACK: Listing = { objects: [], nextPageToken: "AA" };

function generationIn(url: URL): number | undefined {
  const text = url.searchParams.get("ifGenerationMatch");
  if (text === null) return undefined;
  const generation = Number(text);
  if (!Number.isInteger(generation)) throw new Refusal(400, `Invalid ifGenerationMatch: ${text}`);
  return generation;
}

/** int64 are text in this API's JSON. */
function resourceOf(bucket: string, { name, bytes, generation, contentType }: SimulatedObject): object {
  return {
    kind: "storage#object",
    id: `${bucket}/${name}/${generation}`,
    bucket,
    name,
    generation: String(generation),
    metageneration: "1",
    contentType,
    size: String(bytes.length),
    md5Hash: md5Of(bytes),
  };
}

function sendMedia(response: ServerResponse, { bytes, generation, contentType }: SimulatedObject): void {
  response
    .writeHead(200, {
      "content-type": contentType,
      "content-length": bytes.length,
      "x-goog-generation": String(generation),
      "x-goog-hash": `md5=${md5Of(bytes)}`,
      "x-goog-stored-content-encoding": "identity",
    })
    .end(bytes);
}

function md5Of(bytes: Buffer): string {
  return createHash("md5").update(bytes).digest("base64");
}

const JSON_TYPE = { "content-type": "application/json; charset=UTF-8" };

function sendFault(response: ServerResponse, { status, retryAfterSeconds }: Fault): void {
  if (retryAfterSeconds !== undefined) response.setHeader("retry-after", String(retryAfterSeconds));
  refuse(response, new Refusal(status, `HTTP ${status}, by plan`));
}

function refuse(response: ServerResponse, error: unknown): void {
  const code = error instanceof Refusal ? error.status : 500;
  const message = error instanceof Error ? error.message : String(error);
  response.writeHead(code, JSON_TYPE).end(JSON.stringify({ error: { code, message, errors: [{ message }] } }));
}
