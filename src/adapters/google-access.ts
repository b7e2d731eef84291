/** Whose Google credentials these are, and which permissions they have on a project. Reads only. */
import { z } from "zod";
import { type FailureKind, PortFailure } from "../model/error.ts";
import type { Access } from "../ports/access.ts";
import { bounded, type GoogleConfig, once } from "./google.ts";

/** `isSimulated`: no credentials are looked for, and there is nobody to ask. */
export interface GoogleAccessConfig extends GoogleConfig {
  readonly isSimulated: boolean;
}

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
    // https://cloud.google.com/resource-manager/reference/rest/v3/projects/testIamPermissions
    google: async (project, permissions, signal) => {
      if (config.isSimulated) return "unknown";
      const what = `permissions on project ${project}`;
      return bounded(what, config, signal, async () => {
        const found = await auth();
        await found.getClient();
        const url = `https://cloudresourcemanager.googleapis.com/v3/projects/${encodeURIComponent(project)}:testIamPermissions`;
        const data = { permissions: [...permissions] };
        const answer = await found
          .request({ url, method: "POST", data, retry: false, ...(signal === undefined ? {} : { signal }) })
          .catch((error: unknown) => Promise.reject(httpFailure(what, error)));
        const granted = grantedSchema.safeParse(answer.data);
        if (!granted.success) throw new PortFailure("malformed", `${what}: the answer is not what the API promises`);
        return granted.data.permissions ?? [];
      });
    },
  };
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
