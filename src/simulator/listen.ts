/** A server of the simulated cloud on 127.0.0.1. */
import type { Server } from "node:http";

export interface Listening {
  /** "http://127.0.0.1:PORT" */
  readonly url: string;
  close(): Promise<void>;
}

/** `port` 0: a free one. `close` ends open watches and unanswered calls too. */
export async function listen(server: Server, port = 0): Promise<Listening> {
  // Seconds in which a busy machine did not get round to us are none of the world's: an idle connection stays open.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the simulated server is not listening");
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // Requests that a fault left without an answer would hold the server open.
        server.closeAllConnections();
      }),
  };
}
