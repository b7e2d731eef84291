/** Whose Google credentials these are, and which permissions they have on a project. Reads only. */
import type { GoogleAuth } from "google-auth-library";
import { z } from "zod";
import { type FailureKind, PortFailure } from "../model/error.ts";
import type { CloudRunTarget } from "../model/service.ts";
import type { Access, GooglePlace } from "../ports/access.ts";
import { bounded, type GoogleConfig, once } from "./google.ts";

/** `isSimulated`: no credentials are looked for, and there is nobody to ask. */
export interface GoogleAccessConfig extends GoogleConfig {
  readonly isSimulated: boolean;
  /** Carries out one request with credentials; default: application default credentials. */
  readonly send?: Send;
}

interface Question {
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly data?: { readonly permissions: string[] };
}
export type Send = (question: Question & { readonly signal?: AbortSignal }) => Promise<{ readonly data: unknown }>;

const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
const grantedSchema = z.object({ permissions: z.array(z.string()).optional() });

export function createGoogleAccess(config: GoogleAccessConfig): Pick<Access, "googleAccount" | "google"> {
  const auth = once(async () => {
    const { GoogleAuth } = await import("google-auth-library");
    return new GoogleAuth({ scopes: [SCOPE] });
  });
  return {
    googleAccount: async (signal) => {
      if (config.isSimulated) return "none needed: the cloud is simulated";
      return bounded("Google credentials", config, signal, async () => {
        const found = await auth();
        await found.getAccessToken();
        const { client_email: account } = await found.getCredentials();
        return account === undefined ? "found, with a token" : `of ${account}`;
      });
    },
    google: async (place, permissions, signal) => {
      if (config.isSimulated) return "unknown";
      const what = `permissions on ${nameOf(place)}`;
      return bounded(what, config, signal, async () => {
        const send = config.send ?? (await sender(await auth()));
        const answer = await send({
          ...questionOf(place, permissions),
          ...(signal === undefined ? {} : { signal }),
        }).catch((error: unknown) => Promise.reject(httpFailure(what, error)));
        const granted = grantedSchema.safeParse(answer.data);
        if (!granted.success) throw new PortFailure("malformed", `${what}: the answer is not what the API promises`);
        return granted.data.permissions ?? [];
      });
    },
  };
}

/** Without credentials it says so before a request is made. */
async function sender(auth: GoogleAuth): Promise<Send> {
  await auth.getClient();
  return (question) => auth.request({ ...question, retry: false });
}

/**
 * https://cloud.google.com/resource-manager/reference/rest/v3/projects/testIamPermissions,
 * https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services/testIamPermissions,
 * https://cloud.google.com/storage/docs/json_api/v1/buckets/testIamPermissions
 */
function questionOf(place: GooglePlace, permissions: readonly string[]): Question {
  if (place.kind === "bucket") {
    const query = permissions.map((permission) => `permissions=${encodeURIComponent(permission)}`).join("&");
    const bucket = encodeURIComponent(place.name);
    return { url: `https://storage.googleapis.com/storage/v1/b/${bucket}/iam/testPermissions?${query}`, method: "GET" };
  }
  const resource = place.kind === "service" ? serviceUrl(place.target) : projectUrl(place.name);
  return { url: `${resource}:testIamPermissions`, method: "POST", data: { permissions: [...permissions] } };
}

function projectUrl(project: string): string {
  return `https://cloudresourcemanager.googleapis.com/v3/projects/${encodeURIComponent(project)}`;
}

function serviceUrl({ project, region, service }: CloudRunTarget): string {
  const [p, r, s] = [project, region, service].map(encodeURIComponent);
  return `https://run.googleapis.com/v2/projects/${p}/locations/${r}/services/${s}`;
}

function nameOf(place: GooglePlace): string {
  return place.kind === "service" ? `service ${place.target.service}` : `${place.kind} ${place.name}`;
}

const KINDS: Readonly<Record<number, FailureKind>> = {
  400: "invalid",
  401: "unauthorised",
  403: "unauthorised",
  404: "not-found",
  429: "rate-limited",
};
const httpErrorSchema = z.looseObject({ status: z.number(), message: z.string() });

/** What has no status is left to the translation that all Google calls share. */
function httpFailure(what: string, error: unknown): unknown {
  const answered = httpErrorSchema.safeParse(error);
  if (!answered.success) return error;
  const { status, message } = answered.data;
  const said = (message.split("\n")[0] ?? "").slice(0, 300);
  return new PortFailure(KINDS[status] ?? "unavailable", `${what}: ${said}`, { cause: error, applied: "no" });
}
