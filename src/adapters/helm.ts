/** Helm releases by running the helm program. Never waits for a roll-out, never retries. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";
import { type FailureKind, PortFailure } from "../model/error.ts";
import type { Helm } from "../ports/helm.ts";

const TIMEOUT_MS = 30_000;
const OUTPUT_LIMIT = 4 * 1024 * 1024;
/** Helm keeps 10 by default; --max wants a number. */
const MOST_REVISIONS = "256";

const historySchema = z.array(z.object({ revision: z.number().int(), status: z.string(), updated: z.string() }));

/** `program`: for tests. */
export function createHelm(options: { program?: string } = {}): Helm {
  const program = options.program ?? "helm";
  return {
    async version() {
      try {
        return (await run(program, ["version", "--template", "{{.Version}}"])).trim();
      } catch (error) {
        if (error instanceof PortFailure && error.kind === "not-found") return undefined;
        throw error;
      }
    },
    async history(release, namespace, context) {
      const flags = ["--namespace", namespace, ...contextFlags(context), "--output", "json", "--max", MOST_REVISIONS];
      const revisions = parse(await run(program, ["history", ...flags, "--", release]));
      return revisions
        .map(({ revision, status, updated }) => ({ revision, status, updatedAt: updated }))
        .sort((a, b) => a.revision - b.revision);
    },
    async rollback(release, namespace, revision, context) {
      const flags = ["--namespace", namespace, ...contextFlags(context)];
      await run(program, ["rollback", ...flags, "--", release, String(revision)]);
    },
  };
}

function contextFlags(context: string | undefined): readonly string[] {
  return context === undefined ? [] : ["--kube-context", context];
}

function parse(output: string): z.infer<typeof historySchema> {
  try {
    return historySchema.parse(JSON.parse(output));
  } catch (cause) {
    throw new PortFailure("malformed", "helm history: the output is not the JSON it should be", { cause });
  }
}

async function run(program: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { timeout: TIMEOUT_MS, maxBuffer: OUTPUT_LIMIT });
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
