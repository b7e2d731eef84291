/** A server in front of a simulated HTTP API: gives its answers as they are and records them, then gives what it recorded changed. */
import { request } from "node:http";
import { httpServer, type ReceivedRequest } from "./http-server.ts";
import { mutatedJson, mutatedText, oneOf } from "./mutate.ts";

interface Recorded {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface MutatingFront {
  readonly url: string;
  /** Set after the recording. */
  random: (() => number) | undefined;
}

export async function mutatingHttp(target: string): Promise<MutatingFront> {
  const known = new Map<string, Recorded>();
  const front: { url: string; random: (() => number) | undefined } = { url: "", random: undefined };
  const { url } = await httpServer((received, response) => {
    void (async () => {
      const key = `${received.method} ${received.url}`;
      const recorded = known.get(key) ?? (await recordedFrom(target, received));
      if (front.random === undefined) known.set(key, recorded);
      const { status, headers, body } = front.random === undefined ? recorded : changed(recorded, front.random);
      response.writeHead(status, headers).end(body);
    })();
  });
  front.url = url;
  return front;
}

function recordedFrom(target: string, { method, url, headers, body }: ReceivedRequest): Promise<Recorded> {
  return new Promise((resolve, reject) => {
    const own = { ...headers, host: new URL(target).host };
    const sent = request(new URL(url, target), { method, headers: own }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => {
        const kept = Object.entries(answer.headers).filter(([name]) => /^(content-type|etag|x-goog-.*)$/.test(name));
        const type = { "content-type": "application/json" };
        resolve({
          status: answer.statusCode ?? 500,
          headers: { ...type, ...Object.fromEntries(kept.map(([name, value]) => [name, String(value)])) },
          body: Buffer.concat(chunks).toString(),
        });
      });
    });
    sent.on("error", reject).end(body);
  });
}

const STATUSES = [200, 204, 301, 400, 404, 409, 412, 422, 429, 500, 503] as const;
const TYPES = ["text/html", "application/octet-stream", "x"] as const;

function changed(recorded: Recorded, random: () => number): Recorded {
  const { headers, body } = recorded;
  const act = random();
  if (act < 0.05) return { ...recorded, status: oneOf(random, [...STATUSES]) };
  if (act < 0.1) return { ...recorded, headers: { ...headers, "content-type": oneOf(random, [...TYPES]) } };
  if (act < 0.15) return { ...recorded, headers: withoutOne(headers, random) };
  if (act < 0.35 || !/^[[{]/.test(body)) {
    return { ...recorded, body: mutatedText(body, random, ['"', "{", "]", "null"]) };
  }
  return { ...recorded, body: mutatedJson(body, random) };
}

/** Left out, or with another value. */
function withoutOne(headers: Recorded["headers"], random: () => number): Recorded["headers"] {
  const [first = "", ...others] = Object.keys(headers);
  const name = oneOf(random, [first, ...others]);
  const { [name]: _gone, ...rest } = headers;
  return random() < 0.5 ? rest : { ...rest, [name]: oneOf(random, ["", "0", "-1", "9".repeat(40), "__proto__"]) };
}
