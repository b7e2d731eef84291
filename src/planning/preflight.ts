/** Asks the clouds, before anything is touched, whether the plan can be carried out and undone. Reads only. */
import { missingCredentialIn } from "../model/credentials.ts";
import { messageOf, PortFailure } from "../model/error.ts";
import type { Plan } from "../model/plan.ts";
import type { StepSpec } from "../model/runbook.ts";
import type { ServiceSnapshot, ServiceTarget } from "../model/service.ts";
import type { Instant } from "../model/time.ts";
import type { Platform } from "../platforms/platform.ts";
import type { Ports } from "../ports/ports.ts";
import { plannedCondition } from "./condition.ts";
import type { Fact, Finding, PreflightContext, StepKind } from "../steps/step.ts";

export interface PreflightDeps {
  readonly ports: Ports;
  readonly now: Instant;
  readonly signal: AbortSignal;
  kindOf(uses: string): StepKind<never> | undefined;
  platformOf(target: ServiceTarget): Platform<ServiceTarget, ServiceSnapshot>;
  /** A step's arguments as far as they are known before the run; undefined when they depend on the run itself. */
  argsOf(step: Pick<StepSpec, "id" | "uses" | "with">, plan: Plan): unknown;
}

export interface Preflight {
  /** Empty of a service that could not be read: then there is an error finding for it. */
  readonly snapshot: Readonly<Record<string, ServiceSnapshot>>;
  /** Each problem once, errors first. */
  readonly findings: readonly Finding[];
  /** What the steps will work on, by what it is about. */
  readonly facts: Readonly<Record<string, string>>;
}

export async function preflight(plan: Plan, deps: PreflightDeps): Promise<Preflight> {
  const [captured, asked, reported] = await Promise.all([
    captureServices(plan, deps),
    Promise.all(specsOf(plan).map((step) => askStep(plan, step, deps))),
    askPullRequest(plan, deps),
  ]);
  const told = asked.flat();
  const findings = [...captured.findings, ...told.filter((one) => one.severity !== "fact"), ...reported];
  return { snapshot: captured.snapshot, findings: distinct(findings), facts: factsOf(told) };
}

/** The steps, and the monitor's checks as if they were steps. What is known not to run needs nothing. */
function specsOf(plan: Plan): readonly StepSpec[] {
  const checks = plan.runbook.monitor?.checks ?? [];
  return [
    ...plan.runbook.steps.filter((step) => plannedCondition(step, plan)?.holds !== false),
    ...checks.map((check): StepSpec => ({ ...check, onInconclusive: "ask", irreversible: false })),
  ];
}

/** The facts among what steps found, by what they are about. */
export function factsOf(found: readonly (Finding | Fact)[]): Readonly<Record<string, string>> {
  return Object.fromEntries(found.flatMap((one) => (one.severity === "fact" ? [[one.about, one.is]] : [])));
}

async function captureServices(plan: Plan, deps: PreflightDeps): Promise<Omit<Preflight, "facts">> {
  const captures = await Promise.all(
    Object.entries(plan.runbook.services).map(async ([name, target]): Promise<Omit<Preflight, "facts">> => {
      try {
        const captured = await deps.platformOf(target).capture(target, deps.ports, deps.now, deps.signal);
        return { snapshot: { [name]: captured }, findings: restorability(name, captured) };
      } catch (error) {
        return { snapshot: {}, findings: [findingOf(error, `service ${name}`)] };
      }
    }),
  );
  return {
    // In the runbook's order, not in that of the answers.
    snapshot: Object.assign({}, ...captures.map(({ snapshot }) => snapshot)) as Preflight["snapshot"],
    findings: captures.flatMap(({ findings }) => findings),
  };
}

function restorability(name: string, { restorable }: ServiceSnapshot): readonly Finding[] {
  if (restorable.possible) return [];
  return [
    {
      severity: "remark",
      what: `${name} cannot be put back by this tool: ${restorable.because}`,
      next: "Know how you would restore it by hand before you deploy.",
    },
  ];
}

async function askStep(plan: Plan, step: StepSpec, deps: PreflightDeps): Promise<readonly (Finding | Fact)[]> {
  const kind = deps.kindOf(step.uses);
  if (kind?.preflight === undefined) return [];
  const { runbook } = plan;
  const context: PreflightContext<unknown> = {
    run: {
      runbook: runbook.name,
      startedBy: plan.startedBy,
      inputs: plan.inputs,
      ...(runbook.repository === undefined ? {} : { repository: runbook.repository }),
      ...(plan.pullRequest === undefined ? {} : { pullRequest: plan.pullRequest }),
    },
    step,
    args: deps.argsOf(step, plan),
    services: step.services.flatMap((name) => {
      const target = runbook.services[name];
      return target === undefined ? [] : [{ name, target }];
    }),
    now: deps.now,
    ports: deps.ports,
    signal: deps.signal,
  };
  try {
    return await kind.preflight(context as PreflightContext<never>);
  } catch (error) {
    return [findingOf(error, `step ${step.id}`)];
  }
}

/** A pull request that cannot be read costs the report, not the deploy. */
async function askPullRequest(plan: Plan, deps: PreflightDeps): Promise<readonly Finding[]> {
  const { repository, report } = plan.runbook;
  if (plan.pullRequest === undefined || repository === undefined || !report.pullRequest) return [];
  try {
    await deps.ports.pullRequests.get(repository, plan.pullRequest, deps.signal);
    return [];
  } catch (error) {
    return [
      {
        severity: "remark",
        what: `pull request #${plan.pullRequest} cannot be read, so nothing will be posted there: ${messageOf(error)}`,
        ...passing(error),
      },
    ];
  }
}

function findingOf(error: unknown, where: string): Finding {
  const isUnauthorised = error instanceof PortFailure && error.kind === "unauthorised";
  if (isUnauthorised) return { severity: "unauthorised", what: error.message };
  const message = messageOf(error);
  return { severity: "error", what: message.includes(where) ? message : `${where}: ${message}`, ...passing(error) };
}

function passing(error: unknown): Pick<Finding, "mayPass"> {
  return error instanceof PortFailure && error.isTransient ? { mayPass: true } : {};
}

const ORDER: Readonly<Record<Finding["severity"], number>> = { unauthorised: 0, error: 1, remark: 2 };

function distinct(findings: readonly Finding[]): readonly Finding[] {
  const byText = new Map(findings.map(withoutUser).map((finding) => [`${finding.severity} ${finding.what}`, finding]));
  return [...byText.values()].sort((a, b) => ORDER[a.severity] - ORDER[b.severity] || (a.what < b.what ? -1 : 1));
}

/** A missing credential is one problem however many services and steps need it. */
function withoutUser(finding: Finding): Finding {
  const missing = finding.severity === "unauthorised" ? missingCredentialIn(finding.what) : undefined;
  return missing === undefined ? finding : { severity: "unauthorised", what: missing };
}
