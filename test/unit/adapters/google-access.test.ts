/** The questions about IAM permissions as they go out, and what becomes of the answers. No network. */
import { expect, it } from "vitest";
import { createGoogleAccess, type Send } from "../../../src/adapters/google-access.ts";
import { PortFailure } from "../../../src/model/error.ts";
import type { GooglePlace } from "../../../src/ports/access.ts";

const project: GooglePlace = { kind: "project", name: "my-project" };
const access = (send: Send): ReturnType<typeof createGoogleAccess> => createGoogleAccess({ isSimulated: false, send });

it.each<[GooglePlace, string, unknown]>([
  [
    project,
    "POST https://cloudresourcemanager.googleapis.com/v3/projects/my-project:testIamPermissions",
    { permissions: ["a.b.c", "d.e.f"] },
  ],
  [
    { kind: "service", target: { platform: "cloud-run", project: "p", region: "r", service: "s" } },
    "POST https://run.googleapis.com/v2/projects/p/locations/r/services/s:testIamPermissions",
    { permissions: ["a.b.c", "d.e.f"] },
  ],
  [
    { kind: "bucket", name: "my-team" },
    "GET https://storage.googleapis.com/storage/v1/b/my-team/iam/testPermissions?permissions=a.b.c&permissions=d.e.f",
    undefined,
  ],
])("asks %j in one request, and gives what is granted", async (place, expected, body) => {
  const sent: unknown[] = [];
  const { google } = access(async ({ method, url, data }) => {
    sent.push(`${method} ${url}`, data);
    return { data: { permissions: ["a.b.c"] } };
  });
  expect(await google(place, ["a.b.c", "d.e.f"])).toEqual(["a.b.c"]);
  expect(sent).toEqual([expected, body]);
});

it("takes an empty answer for nothing granted, and a strange one for none at all", async () => {
  expect(await access(async () => ({ data: {} })).google(project, ["a.b.c"])).toEqual([]);
  const strange = access(async () => ({ data: "<html>" })).google(project, ["a.b.c"]);
  await expect(strange).rejects.toMatchObject({ kind: "malformed" });
});

it.each([
  [403, "unauthorised"],
  [404, "not-found"],
  [429, "rate-limited"],
  [503, "unavailable"],
])("calls HTTP %i %s", async (status, kind) => {
  const refused = access(() => Promise.reject(Object.assign(new Error("said no\nand more"), { status })));
  const failure = await refused.google(project, ["a.b.c"]).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(PortFailure);
  expect(failure).toMatchObject({ kind, message: "permissions on project my-project: said no" });
});

it("asks nobody in a simulated cloud", async () => {
  const { google } = createGoogleAccess({ isSimulated: true, send: () => Promise.reject(new Error("asked")) });
  expect(await google(project, ["a.b.c"])).toBe("unknown");
});
