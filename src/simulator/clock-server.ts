/**
 * World time over a socket (newline-delimited JSON): time moves only when every connected client sleeps.
 * A client that disconnects no longer holds time back. It moves to the earliest wake-up, never further.
 *
 * Only a call that gets no answer moves it while nobody sleeps (World.waste); whoever is awake is told that, too.
 *
 * client: {"op":"register"} | {"op":"sleep","until":INSTANT} | {"op":"wake"}      server: {"now":INSTANT} to each
 * unasked: {"now":INSTANT,"wasted":true}
 */
import { createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { z } from "zod";
import { earliest, type Instant, instantSchema } from "../model/time.ts";
import type { World } from "./world.ts";

const requestSchema = z.discriminatedUnion("op", [
  z.strictObject({ op: z.literal("register") }),
  z.strictObject({ op: z.literal("sleep"), until: instantSchema }),
  z.strictObject({ op: z.literal("wake") }),
]);

interface Client {
  readonly socket: Socket;
  sleepingUntil: Instant | undefined;
}

export class ClockServer {
  readonly #world: World;
  readonly #clients = new Set<Client>();
  readonly #server: Server;

  private constructor(world: World) {
    this.#world = world;
    this.#server = createServer((socket) => this.#serve(socket));
    world.onWaste((now) => this.#tellWaste(now));
  }

  static async start(world: World, port = 0): Promise<ClockServer> {
    const clock = new ClockServer(world);
    await new Promise<void>((resolve, reject) => {
      clock.#server.once("error", reject).listen(port, "127.0.0.1", resolve);
    });
    return clock;
  }

  /** "127.0.0.1:PORT" */
  get address(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the clock server is not listening");
    return `127.0.0.1:${address.port}`;
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    socket.setNoDelay(true);
    const client: Client = { socket, sleepingUntil: undefined };
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      if (this.#clients.delete(client)) this.#move();
    });
    createInterface({ input: socket }).on("line", (line) => this.#receive(client, line));
  }

  #receive(client: Client, line: string): void {
    const request = requestSchema.safeParse(JSON.parse(line));
    if (!request.success) {
      client.socket.destroy();
      return;
    }
    switch (request.data.op) {
      case "register":
        this.#clients.add(client);
        this.#tell(client);
        return;
      case "wake":
        this.#tell(client);
        return;
      case "sleep":
        client.sleepingUntil = request.data.until;
        this.#move();
    }
  }

  #move(): void {
    const wakeUps = [...this.#clients].map((client) => client.sleepingUntil);
    if (wakeUps.length === 0 || wakeUps.includes(undefined)) return;
    const target = earliest(wakeUps as Instant[]);
    if (target === undefined) return;
    this.#world.advanceTo(target);
    for (const client of this.#clients) {
      if (client.sleepingUntil !== undefined && client.sleepingUntil <= this.#world.now) this.#tell(client);
    }
  }

  #tellWaste(now: Instant): void {
    for (const client of this.#clients) {
      if (client.sleepingUntil === undefined) client.socket.write(`${JSON.stringify({ now, wasted: true })}\n`);
      else if (client.sleepingUntil <= now) this.#tell(client);
    }
  }

  #tell(client: Client): void {
    client.sleepingUntil = undefined;
    client.socket.write(`${JSON.stringify({ now: this.#world.now })}\n`);
  }
}
