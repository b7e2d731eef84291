/** Helm releases by running the helm program. Never waits for a roll-out, never retries. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { type FailureKind, PortFailure } from "../model/error.ts";
import type { KubernetesTarget } from "../model/service.ts";
import type { Helm } from "../ports/helm.ts";
import { once } from "./google.ts";
import type { KubernetesConfig } from "./kubernetes-config.ts";

const TIMEOUT_MS = 30_000;
const OUTPUT_LIMIT = 4 * 1024 * 1024;
/** Helm keeps 10 by default; --max wants a number. */
const MOST_REVISIONS = "256";

const historySchema = z.array(z.object({ revision: z.number().int(), status: z.string(), updated: z.string() }));

/** `cluster`: where the Kubernetes port finds its clusters, so that helm speaks to the same; `program`: for tests. */
export function createHelm(cluster: KubernetesConfig, options: { program?: string } = {}): Helm {
  const program = options.program ?? "helm";
  // The cluster's client is heavy: whoever only asks for helm's version does without it.
  const clusters = once(async () => new (await import("./kubernetes-client.ts")).Clusters(cluster));
  const inCluster = async (target: KubernetesTarget, args: (flags: readonly string[]) => readonly string[]) => {
    const access = await (await clusters()).access(target);
    const namespace = ["--namespace", target.namespace];
    if ("context" in access) {
      const env = cluster.kubeconfig === undefined ? {} : { KUBECONFIG: cluster.kubeconfig };
      return run(program, args([...namespace, "--kube-context", access.context]), env);
    }
    return withFile(access.kubeconfig, (file) => run(program, args([...namespace, "--kubeconfig", file])));
  };
  return {
    async version() {
      try {
        return (await run(program, ["version", "--template", "{{.Version}}"])).trim();
      } catch (error) {
        if (error instanceof PortFailure && error.kind === "not-found") return undefined;
        throw error;
      }
    },
    async history(target, release) {
      const rest = ["--output", "json", "--max", MOST_REVISIONS, "--", release];
      const revisions = parse(await inCluster(target, (flags) => ["history", ...flags, ...rest]));
      return revisions
        .map(({ revision, status, updated }) => ({ revision, status, updatedAt: updated }))
        .sort((a, b) => a.revision - b.revision);
    },
    async rollback(target, release, revision) {
      await inCluster(target, (flags) => ["rollback", ...flags, "--", release, String(revision)]);
    },
  };
}

/** A token is never an argument, which every user of the machine may read: it stands in a file that only we may read. */
async function withFile<T>(text: string, use: (file: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "runbook-helm-"));
  try {
    const file = join(directory, "kubeconfig");
    await writeFile(file, text, { mode: 0o600 });
    return await use(file);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function parse(output: string): z.infer<typeof historySchema> {
  try {
    return historySchema.parse(JSON.parse(output));
  } catch (cause) {
    throw new PortFailure("malformed", "helm history: the output is not the JSON it should be", { cause });
  }
}

async function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  try {
    const limits = { timeout: TIMEOUT_MS, maxBuffer: OUTPUT_LIMIT };
    const { stdout } = await promisify(execFile)(program, args, { ...limits, env: { ...process.env, ...env } });
    return stdout;
  } catch (error) {
    throw failureOf(error, `helm ${args[0] ?? ""}`);
  }
}

const exitSchema = z.object({ code: z.unknown(), killed: z.boolean().optional(), stderr: z.string().optional() });

function failureOf(cause: unknown, what: string): PortFailure {
  const { code, killed, stderr = "" } = exitSchema.parse(cause);
  if (code === "ENOENT" || code === "EACCES") {
    return new PortFailure("not-found", `${what}: there is no helm program here`, { cause });
  }
  if (killed === true) return new PortFailure("timeout", `${what}: no end within ${TIMEOUT_MS / 1_000} s`, { cause });
  const said = stderr.trim().split("\n").at(-1)?.slice(0, 500) ?? "";
  return new PortFailure(kindOf(stderr), `${what}: ${said || `exit code ${String(code)}`}`, { cause });
}

/** Helm has one exit code for everything; its words are stable (pkg/storage/driver, pkg/action). */
function kindOf(stderr: string): FailureKind {
  if (/release: not found|has no \d+ version|no revision/i.test(stderr)) return "not-found";
  if (/another operation .* is in progress/i.test(stderr)) return "conflict";
  if (/forbidden|unauthorized|must be logged in/i.test(stderr)) return "unauthorised";
  if (/invalid|unknown flag|context .* does not exist/i.test(stderr)) return "invalid";
  return "unavailable";
}
