/** How a planned fault looks on an HTTP connection. Knows no API: what an error says is the server's own. */
import type { ServerResponse } from "node:http";
import { SECOND } from "../model/time.ts";
import type { Fault } from "./faults.ts";
import type { World } from "./world.ts";

/** Longer than any client waits for an answer. */
export const PAST_EVERY_BOUND_MS = 20 * SECOND;
const DRIPS = 4;

/**
 * Has the answer go wrong. True: the call must not be carried out, and nothing more is to be sent. False: carry it out and
 * send the answer, which is lost or damaged where the fault says so. `refuse` sends the API's own error; `over` is told when
 * the world has passed the bound of a call without a whole answer.
 */
export function misbehave(
  response: ServerResponse,
  fault: Fault,
  world: World,
  refuse: () => void,
  over: () => void = () => undefined,
): boolean {
  switch (fault.kind) {
    case "status":
      refuse();
      return true;
    case "timeout":
      world.waste(PAST_EVERY_BOUND_MS);
      over();
      return true;
    case "reset":
      response.socket?.resetAndDestroy();
      return true;
    case "applied":
      instead(response, refuse);
      return false;
    case "malformed":
      instead(response, () => response.writeHead(200, { "content-type": "application/json" }).end('{"answer": <html>'));
      return false;
    case "truncated":
      instead(response, (body) => sendPart(response, body, () => response.socket?.destroy()));
      return false;
    case "drip":
      instead(response, (body) => sendPart(response, body, () => drip(response, world, over)));
      return false;
    case "empty-page":
      return false;
  }
}

/** What the server sends is taken off its way, and `send` does something else with it. */
function instead(response: ServerResponse, send: (body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  const keep = (chunk: unknown): void => {
    if (typeof chunk === "string" || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
  };
  Object.assign(response, {
    writeHead: () => response,
    write: (chunk: unknown) => {
      keep(chunk);
      return true;
    },
    end: (chunk?: unknown) => {
      keep(chunk);
      // The response's own methods are on its prototype.
      for (const name of ["writeHead", "write", "end"]) Reflect.deleteProperty(response, name);
      send(Buffer.concat(chunks));
      return response;
    },
  });
}

/** The first half of the body, with a header that promises the whole. */
function sendPart(response: ServerResponse, body: Buffer, then: () => void): void {
  const promised = Math.max(body.length, 64);
  response.writeHead(200, { "content-type": "application/json", "content-length": promised });
  response.write(body.length === 0 ? " " : body.subarray(0, Math.ceil(body.length / 2)), then);
}

function drip(response: ServerResponse, world: World, over: () => void): void {
  for (let drop = 0; drop < DRIPS; drop++) {
    if (!response.destroyed) response.write(" ");
    world.waste(PAST_EVERY_BOUND_MS / DRIPS);
  }
  over();
}
