/** Options of the generated Google clients, apart from google.ts because it loads gRPC and the credentials library. */
import { credentials } from "@grpc/grpc-js";
import type { ClientOptions } from "google-gax";
import { GoogleAuth, PassThroughClient } from "google-auth-library";
import type { GoogleConfig } from "./google.ts";

/**
 * Plaintext and without credentials on loopback only, where the simulated cloud is; any other endpoint (Private Service
 * Connect, a restricted VIP) is spoken to with TLS and real credentials, like Google itself. The pass-through client keeps gax
 * from asking the metadata server for a universe domain; `sslCreds` alone is not enough. Real credentials are looked for
 * here, before a client exists: a generated client that finds none rejects a promise that nobody can catch.
 */
export async function clientOptions(config: GoogleConfig): Promise<ClientOptions> {
  const place = config.endpoint === undefined ? undefined : placeOf(config.endpoint);
  if (place?.isLoopback === true) {
    return {
      apiEndpoint: place.host,
      port: place.port,
      sslCreds: credentials.createInsecure(),
      auth: new GoogleAuth({ authClient: new PassThroughClient() }),
    };
  }
  const auth = new GoogleAuth({ scopes: ["https://www.googleapis.com/auth/cloud-platform"] });
  await auth.getClient();
  return { auth, ...(place === undefined ? {} : { apiEndpoint: place.host, port: place.port }) };
}

const HTTPS_PORT = 443;

function placeOf(endpoint: string): { host: string; port: number; isLoopback: boolean } {
  const [host = "", port] = endpoint.replace(/^https?:\/\//, "").split(":");
  const isLoopback = host === "localhost" || /^127\.\d+\.\d+\.\d+$/.test(host);
  return { host, port: port === undefined ? HTTPS_PORT : Number(port), isLoopback };
}
