/** Asks everything that a runbook depends on one small question each, side by side. Reads only; decides nothing. */
import { missingCredentialIn } from "../model/credentials.ts";
import type { Diagnosis, DiagnosisState } from "../model/diagnosis.ts";
import { messageOf, PortFailure } from "../model/error.ts";
import type { Privileges } from "../model/needs.ts";
import type { Runbook } from "../model/runbook.ts";
import type { KubernetesTarget, ServiceTarget } from "../model/service.ts";
import { clockTime, type Instant, MINUTE, plusMs } from "../model/time.ts";
import type { Access } from "../ports/access.ts";
import type { Workload } from "../ports/kubernetes.ts";
import type { Ports } from "../ports/ports.ts";
import { orReason } from "./asked.ts";

export interface DiagnoseDeps {
  readonly ports: Ports;
  readonly access: Access;
  readonly now: Instant;
  readonly signal: AbortSignal;
}

type Answer = Pick<Diagnosis, "said"> & Partial<Pick<Diagnosis, "state" | "next">>;

/** Credentials alone, for who names no runbook. */
export async function diagnoseCredentials(deps: DiagnoseDeps): Promise<readonly Diagnosis[]> {
  const rows = await Promise.all([
    ...askGitHub(deps),
    ask("Google Cloud", "credentials", async () => ({ said: await deps.access.googleAccount(deps.signal) })),
  ]);
  return eachCredentialOnce(rows);
}

/** Only what `privileges` says the runbook calls: a runbook without a request log to read needs no Logging. */
export async function diagnoseRunbook(
  runbook: Runbook,
  privileges: Privileges,
  deps: DiagnoseDeps,
): Promise<readonly Diagnosis[]> {
  const services = Object.entries(runbook.services);
  const [github, repositories, targets, data] = await Promise.all([
    Promise.all(privileges.github.length === 0 ? [] : askGitHub(deps)),
    Promise.all(
      privileges.github.map(({ repository }) => ask("GitHub", repository, () => readRepository(repository, deps))),
    ),
    Promise.all(services.map(([name, target]) => diagnoseService(name, target, deps))),
    Promise.all(askProjects(runbook, privileges, deps)),
  ]);
  return eachCredentialOnce([...github, ...repositories, ...data, ...targets.flat()]);
}

function askGitHub({ ports, access, signal }: DiagnoseDeps): readonly Promise<Diagnosis>[] {
  return [
    ask("GitHub", "token", async () => ({ said: `of ${(await ports.workflows.viewer(signal)).login}` })),
    ask("GitHub", "rate limit", () => rateLimit(access, signal)),
  ];
}

function askProjects(runbook: Runbook, { google }: Privileges, deps: DiagnoseDeps): readonly Promise<Diagnosis>[] {
  return google.flatMap(({ kind, name, permissions }) => {
    if (kind !== "project") return [];
    const wants = (permission: string): boolean => permissions.some((one) => one.name === permission);
    const services = Object.values(runbook.services);
    const target = services.find(({ project }) => project === name);
    const isRead = wants("logging.logEntries.list") && target !== undefined;
    return [
      ...(isRead ? [ask("Logging", name, () => readLogs(target, deps))] : []),
      ...(wants("monitoring.timeSeries.list") ? [ask("Monitoring", name, () => readMetric(name, services, deps))] : []),
    ];
  });
}

/** A missing credential is one problem however many answers wait for it. */
function eachCredentialOnce(rows: readonly Diagnosis[]): readonly Diagnosis[] {
  const missing = rows.map(({ said }) => missingCredentialIn(said));
  return rows.flatMap((row, index) => {
    const credential = missing[index];
    if (credential === undefined) return [row];
    if (missing.indexOf(credential) !== index) return [];
    const others = missing.filter((other) => other === credential).length - 1;
    const about = others === 0 ? row.about : `${row.about}, and ${others} more`;
    return [{ ...row, about, said: credential }];
  });
}

async function rateLimit(access: Access, signal: AbortSignal): Promise<Answer> {
  const { remaining, limit, resetAt } = await access.rateLimit(signal);
  const said = `${remaining} of ${limit} requests left until ${clockTime(resetAt)}`;
  // A deploy with its checkpoints takes a few hundred.
  if (remaining >= 200) return { said };
  return { said, state: "wrong", next: "Wait until then, or use a token that nobody else uses." };
}

async function readRepository(repository: string, { access, signal }: DiagnoseDeps): Promise<Answer> {
  const { isPrivate } = await access.github(repository, signal);
  return { said: isPrivate ? "private, and readable" : "public" };
}

async function diagnoseService(name: string, target: ServiceTarget, deps: DiagnoseDeps): Promise<readonly Diagnosis[]> {
  if (target.platform === "cloud-run") {
    const row = await ask("Cloud Run", name, async () => {
      const { served } = await deps.ports.cloudRun.service(target, deps.signal);
      const shares = served.filter(({ percent }) => percent > 0);
      return { said: `serves ${shares.map(({ revision, percent }) => `${revision} (${percent} %)`).join(", ")}` };
    });
    return [row];
  }
  if (target.platform === "cloud-run-job") {
    const row = await ask("Cloud Run job", name, async () => {
      const { images, newestExecution } = await deps.ports.cloudRunJobs.job(target, deps.signal);
      return { said: `runs ${images.join(", ")}; last execution: ${newestExecution ?? "none"}` };
    });
    return [row];
  }
  let workload: Workload | undefined;
  const row = await ask("Kubernetes", name, async () => {
    workload = await deps.ports.kubernetes.workload(target, deps.signal);
    const { replicas } = workload;
    const { cluster, namespace, kind } = target;
    return { said: `${kind} ${namespace}/${target.name} of ${cluster}: ${replicas.ready}/${replicas.wanted} ready` };
  });
  if (workload?.manager !== "helm") return [row];
  const { release } = workload;
  return [row, await ask("Helm", name, () => readRelease(target, release, deps))];
}

/** Which services' workloads Helm owns; `unread`: those of which it could not be found out. */
export async function releasesOf(
  runbook: Runbook,
  { ports, signal }: DiagnoseDeps,
): Promise<{ readonly releases: readonly string[]; readonly unread: readonly string[] }> {
  const managers = await Promise.all(
    Object.entries(runbook.services).map(async ([name, target]) => {
      if (target.platform !== "kubernetes") return { name, manager: "none" };
      const asked = await orReason(() => ports.kubernetes.workload(target, signal));
      return { name, manager: "answer" in asked ? asked.answer.manager : "unread" };
    }),
  );
  const namesOf = (wanted: string): readonly string[] =>
    managers.filter(({ manager }) => manager === wanted).map(({ name }) => name);
  return { releases: namesOf("helm"), unread: namesOf("unread") };
}

async function readRelease(
  target: KubernetesTarget,
  release: string | undefined,
  { ports }: DiagnoseDeps,
): Promise<Answer> {
  if (release === undefined) return { said: "the workload does not name its release", state: "unknown" };
  const version = await ports.helm.version();
  if (version === undefined) {
    const next =
      "Install helm; without it a rollback patches the workload, and Helm's next upgrade applies its own again.";
    return { said: `release ${release}, and there is no helm here`, state: "wrong", next };
  }
  const deployed = (await ports.helm.history(target, release)).findLast(({ status }) => status === "deployed");
  return { said: `release ${release}, revision ${deployed?.revision ?? "unknown"}, helm ${version}` };
}

/** One page of what is rarest. */
async function readLogs(target: ServiceTarget, { ports, now, signal }: DiagnoseDeps): Promise<Answer> {
  const since = plusMs(now, -MINUTE);
  await ports.logs.page({ target, log: "application", since, until: now, minSeverity: "CRITICAL" }, undefined, signal);
  return { said: "entries can be listed" };
}

/** The requests of one service; where the project has none of ours, of no service: an answer without points is one too. */
async function readMetric(
  project: string,
  services: readonly ServiceTarget[],
  { ports, now, signal }: DiagnoseDeps,
): Promise<Answer> {
  const service = services.find((target) => target.platform === "cloud-run" && target.project === project);
  const name = service?.platform === "cloud-run" ? service.service : "none";
  const filter = [
    'metric.type="run.googleapis.com/request_count"',
    'resource.type="cloud_run_revision"',
    `resource.labels.service_name=${JSON.stringify(name)}`,
  ].join(" AND ");
  const since = plusMs(now, -5 * MINUTE);
  await ports.metrics.query({ project, filter, since, until: now, aligner: "delta", reducer: "sum" }, signal);
  return { said: "time series can be listed" };
}

/** Never throws but what is no PortFailure: a fault of this tool. */
export async function ask(what: string, about: string, read: () => Promise<Answer>): Promise<Diagnosis> {
  try {
    return { what, about, state: "ok", ...(await read()) };
  } catch (error) {
    if (!(error instanceof PortFailure)) throw error;
    return { what, about, ...failed(error) };
  }
}

function failed(error: PortFailure): Pick<Diagnosis, "state" | "said" | "next"> {
  const state = STATES[error.kind] ?? "unreachable";
  const next = NEXT[state];
  const knowsRemedy = error.message.includes("set GITHUB_TOKEN") || error.message.includes("gcloud ");
  return { state, said: messageOf(error), ...(next === undefined || knowsRemedy ? {} : { next }) };
}

const STATES: Readonly<Partial<Record<PortFailure["kind"], DiagnosisState>>> = {
  unauthorised: "unauthorised",
  "not-found": "wrong",
  invalid: "wrong",
  aborted: "unknown",
};

const NEXT: Readonly<Partial<Record<DiagnosisState, string>>> = {
  unauthorised: "`runbook doctor NAME --permissions` says which permission it takes.",
  unreachable: "Look at the network, the proxy and the cloud's status page, then ask again.",
  wrong: "Correct its name in the runbook, or use other credentials; what they may not see is not found either.",
};
