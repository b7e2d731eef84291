import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { clientOptions } from "../../../src/adapters/google-client.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "adc-"));
  const file = join(directory, "adc.json");
  const user = { type: "authorized_user", client_id: "a", client_secret: "b", refresh_token: "c" };
  writeFileSync(file, JSON.stringify(user));
  vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", file);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

it("only loopback is spoken to in plaintext and without credentials", async () => {
  expect(await clientOptions({ endpoint: "127.0.0.1:4000" })).toMatchObject({ apiEndpoint: "127.0.0.1", port: 4000 });
  expect(await clientOptions({ endpoint: "127.0.0.1:4000" })).toHaveProperty("sslCreds");
});

it.each([
  ["run.p.googleapis.example", 443],
  ["run.p.googleapis.example:8443", 8443],
  ["https://run.p.googleapis.example", 443],
])("another endpoint (%s) gets TLS and real credentials", async (endpoint, port) => {
  const options = await clientOptions({ endpoint });
  expect(options).toMatchObject({ apiEndpoint: "run.p.googleapis.example", port });
  expect(options).not.toHaveProperty("sslCreds");
});
