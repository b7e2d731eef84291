/** Whose token this is: a user's, or an App installation's (the GITHUB_TOKEN of a workflow), which `/user` refuses. */
import { z } from "zod";
import { PortFailure } from "../model/error.ts";
import type { Viewer } from "../ports/workflows.ts";
import type { GitHub } from "./github.ts";

const userSchema = z.object({ login: z.string(), id: z.number() });
const viewerSchema = z.object({ data: z.object({ viewer: z.object({ login: z.string(), databaseId: z.number() }) }) });

export async function readViewer(github: GitHub, signal?: AbortSignal): Promise<Viewer> {
  try {
    const { data, at } = await github.call("GET /user", {}, userSchema, { signal });
    return { ...data, ...(at === undefined ? {} : { at }) };
  } catch (error) {
    if (!(error instanceof PortFailure && /not accessible by integration/i.test(error.message))) throw error;
    // GraphQL has its own path beside GitHub Enterprise Server's /api/v3.
    const url = `${github.baseUrl.replace(/\/api\/v3$/, "/api")}/graphql`;
    const query = "query { viewer { login databaseId } }";
    const { data, at } = await github.call(`POST ${url}`, { query }, viewerSchema, { signal });
    const { login, databaseId } = data.data.viewer;
    return { login, id: databaseId, ...(at === undefined ? {} : { at }) };
  }
}
