/** Options of the generated Google clients, apart from google.ts because it loads gRPC and the credentials library. */
import { credentials } from "@grpc/grpc-js";
import type { ClientOptions } from "google-gax";
import { GoogleAuth, PassThroughClient } from "google-auth-library";
import type { GoogleConfig } from "./google.ts";

/**
 * With a plaintext endpoint the pass-through client keeps gax from asking the metadata server for a universe domain;
 * `sslCreds` alone is not enough. With real credentials they are looked for here, before a client exists: a generated
 * client that finds none rejects a promise that nobody can catch, and the process dies.
 */
export async function clientOptions(config: GoogleConfig): Promise<ClientOptions> {
  if (config.endpoint === undefined) {
    const auth = new GoogleAuth({ scopes: ["https://www.googleapis.com/auth/cloud-platform"] });
    await auth.getClient();
    return { auth: auth };
  }
  const [host, port] = config.endpoint.split(":");
  return {
    apiEndpoint: host ?? "127.0.0.1",
    port: Number(port),
    sslCreds: credentials.createInsecure(),
    auth: new GoogleAuth({ authClient: new PassThroughClient() }),
  };
}
