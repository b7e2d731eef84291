/** Builds the event streams of realistic `backend-prod` runs by hand, as an engine would write them; decides nothing. */
import type { EventBody, RunEvent } from "../../src/model/event.ts";
import type { Plan } from "../../src/model/plan.ts";
import { type Progress, progressOf } from "../../src/model/progress.ts";
import type { ServiceSnapshot, ServiceTarget } from "../../src/model/service.ts";
import { DAY, HOUR, MINUTE, SECOND, type Instant, instant, msOf, plusMs } from "../../src/model/time.ts";
import type { CheckResult, GroupFinding } from "../../src/model/verdict.ts";

export const RUN = "20260412-0400-7k2q";
export const START = instant("2026-04-12T04:00:02.000Z");
export const MERGE = "9b6168c0d1e2f3a4b5c6d7e8f90123456789abcd";
export const AFTER = "3fabf10a1b2c3d4e5f60718293a4b5c6d7e8f901";
export const BEFORE = "77aa0042f1e2d3c4b5a697887766554433221100";

const CLOUD_RUN = ["backend", "backend-sync", "backend-integration"] as const;
const PODS = ["listen", "pusher"] as const;
const CRITICAL = ["ImportError", "ModuleNotFoundError", "cannot import name"];

/** Appends events to a stream, each at a given time of day. */
export class Stream {
  readonly events: RunEvent[] = [];

  add(at: string | Instant, body: EventBody): this {
    const when = at.length <= 8 ? instant(`2026-04-12T${at}.000Z`) : instant(at);
    // A switch and a restoration carry their own moment; the others take the envelope's.
    this.events.push({ v: 1, run: RUN, seq: this.events.length + 1, at: when, ...body });
    return this;
  }

  get progress(): Progress {
    return progressOf(this.events);
  }
}

export function targetOf(name: string): ServiceTarget {
  return name === "listen" || name === "pusher"
    ? {
        platform: "kubernetes",
        project: "based-hardware",
        cluster: "prod-omi-gke",
        namespace: "prod-omi-backend",
        kind: "Deployment",
        name: name === "listen" ? "prod-omi-backend-listen" : "prod-omi-pusher",
      }
    : { platform: "cloud-run", project: "based-hardware", region: "us-central1", service: name };
}

export function planOf(change: { plan?: Partial<Plan>; runbook?: Partial<Plan["runbook"]> } = {}): Plan {
  const position = { line: 1, column: 1 };
  const step = (id: string, uses: string, services: string[], args: Record<string, unknown> = {}) => ({
    id,
    uses,
    services,
    with: args,
    onInconclusive: "ask" as const,
    irreversible: false,
    position,
  });
  const check = (id: string, services: string[]) => ({ id, uses: id, services, with: {}, position });
  return {
    runbook: {
      name: "backend-prod",
      repository: "BasedHardware/omi",
      inputs: { branch: { default: "main" } },
      services: Object.fromEntries([...CLOUD_RUN, ...PODS].map((name) => [name, targetOf(name)])),
      steps: [
        step("deploy-backend", "trigger-workflow", [], { workflow: "gcp_backend.yml", ref: "main" }),
        step("backend-serving", "wait-for-revision", [...CLOUD_RUN]),
        step("listen-rollout", "rollout-status", ["listen"]),
        step("backend-errors", "check-errors", [...CLOUD_RUN], { for: "5m" }),
        step("deploy-pusher", "trigger-workflow", [], { workflow: "gcp_backend_pusher.yml", ref: "main" }),
        step("pusher-rollout", "rollout-status", ["pusher"]),
      ],
      monitor: {
        baselineMs: DAY,
        checkpointsMs: [5 * MINUTE, 20 * MINUTE, HOUR, 4 * HOUR, DAY],
        foregroundUntilMs: 20 * MINUTE,
        checks: [
          check("check-errors", [...CLOUD_RUN]),
          check("check-logs", [...CLOUD_RUN, ...PODS]),
          check("check-pods", [...PODS]),
          check("http-check", []),
        ],
      },
      rollback: { onFail: "ask", automaticUntilMs: HOUR, askTimeoutMs: 15 * MINUTE, askDefault: "keep" },
      report: { pullRequest: true, commitStatus: true, deployment: false },
      notify: { webhook: "${{ env.RUNBOOK_WEBHOOK }}" },
      ...change.runbook,
    },
    file: "runbooks/backend-prod.yaml",
    digest: "0".repeat(64),
    inputs: { branch: "main" },
    pullRequest: 6411,
    startedBy: "beastoin",
    rehearsal: false,
    ...change.plan,
  };
}

function snapshotOf(name: string): ServiceSnapshot {
  if (name === "listen" || name === "pusher") {
    const image = name === "pusher" ? "gcr.io/based-hardware/pusher:77aa004" : "gcr.io/based-hardware/backend:latest";
    return {
      platform: "kubernetes",
      takenAt: START,
      generation: 41,
      revision: name === "pusher" ? "112" : "98",
      templateHash: name === "pusher" ? "6b7d9c5f4d" : "5c9f8d7b6c",
      images: { [name]: image },
      digests: { [name]: [`sha256:${"ab".repeat(32)}`] },
      replicas: { wanted: 27, ready: 27 },
      manager: name === "pusher" ? "helm" : "plain",
      restorable: {
        possible: true,
        how: name === "pusher" ? "helm rollback to revision 41" : "by the digest that runs",
      },
    };
  }
  const revision = BEFORE_REVISION[name] ?? "unknown";
  return {
    platform: "cloud-run",
    takenAt: START,
    generation: "907",
    revision,
    traffic: [{ revision, percent: 100, latest: true }],
    images: ["gcr.io/based-hardware/backend:latest"],
    commit: BEFORE,
    pinned: false,
    restorable: { possible: true, how: "traffic back to its revision" },
  };
}

const BEFORE_REVISION: Readonly<Record<string, string>> = {
  backend: "backend-00906-wtz",
  "backend-sync": "backend-sync-00511-q2x",
  "backend-integration": "backend-integration-00488-m4p",
};
const AFTER_REVISION: Readonly<Record<string, string>> = {
  backend: "backend-00907-kpc",
  "backend-sync": "backend-sync-00512-h7d",
  "backend-integration": "backend-integration-00489-z9s",
  listen: "7f8c6d5b49",
  pusher: "84d9f6c7b5",
};

const LINK =
  "https://console.cloud.google.com/logs/query;query=resource.type%3D%22cloud_run_revision%22?project=based-hardware";
const runLink = (id: number): string => `https://github.com/BasedHardware/omi/actions/runs/${id}`;

/** Up to the moment when all five services have switched. */
export function deployed(change: Parameters<typeof planOf>[0] = {}): Stream {
  const plan = planOf(change);
  const names = Object.keys(plan.runbook.services);
  const stream = new Stream();
  const started = (at: string, id: string, args: Record<string, unknown> = {}): void => {
    stream.add(at, {
      type: "item-started",
      item: `step:${id}`,
      args,
      deadline: plusMs(stream.progress.updatedAt, 25 * MINUTE),
    });
  };
  const waiting = (at: string, id: string, what: string, link?: string): void => {
    stream.add(at, { type: "item-waiting", item: `step:${id}`, for: what, ...(link === undefined ? {} : { link }) });
  };
  const done = (at: string, id: string, summary: string, link?: string): void => {
    stream.add(at, {
      type: "item-done",
      item: `step:${id}`,
      summary,
      output: {},
      ...(link === undefined ? {} : { link }),
    });
  };
  stream.add(START, {
    type: "run-planned",
    plan,
    snapshot: Object.fromEntries(names.map((name) => [name, snapshotOf(name)])),
    remarks: ["gcp_backend.yml on main does not use the input ref_name"],
  });
  stream.add("04:00:02", { type: "services-locked", services: names, fence: 1 });
  started("04:00:03", "deploy-backend", { workflow: "gcp_backend.yml", ref: "main" });
  stream.add("04:00:03", {
    type: "effect-intended",
    effect: "step:deploy-backend/dispatch",
    item: "step:deploy-backend",
    what: "dispatch gcp_backend.yml on main",
  });
  stream.add("04:00:04", {
    type: "effect-done",
    effect: "step:deploy-backend/dispatch",
    item: "step:deploy-backend",
    result: { runId: 24297440042 },
    found: false,
  });
  waiting("04:00:05", "deploy-backend", "workflow run 24297440042: 1 of 3 jobs done", runLink(24297440042));
  waiting("04:05:30", "deploy-backend", "workflow run 24297440042: 2 of 3 jobs done", runLink(24297440042));
  done("04:09:03", "deploy-backend", "workflow run 24297440042 succeeded in 9m", runLink(24297440042));
  started("04:09:03", "backend-serving");
  switched(stream, "04:09:05", "backend", "04:07:12");
  switched(stream, "04:09:05", "backend-sync", "04:07:41");
  switched(stream, "04:09:05", "backend-integration", "04:08:03");
  done("04:09:05", "backend-serving", "3 services serve a new revision");
  started("04:09:06", "listen-rollout");
  waiting("04:09:06", "listen-rollout", "listen: 9 of 27 pods updated, 27 ready");
  switched(stream, "04:13:20", "listen", "04:13:02");
  done("04:13:20", "listen-rollout", "27 of 27 pods updated and ready");
  started("04:13:20", "backend-errors");
  done("04:13:21", "backend-errors", "no rise of errors in 5m");
  started("04:13:21", "deploy-pusher", { workflow: "gcp_backend_pusher.yml", ref: "main" });
  waiting("04:13:24", "deploy-pusher", "workflow run 24297450077: 0 of 2 jobs done", runLink(24297450077));
  done("04:19:40", "deploy-pusher", "workflow run 24297450077 succeeded in 6m", runLink(24297450077));
  started("04:19:41", "pusher-rollout");
  switched(stream, "04:24:10", "pusher", "04:23:40");
  done("04:24:10", "pusher-rollout", "27 of 27 pods updated and ready");
  stream.add("04:24:11", { type: "services-unlocked", services: names });
  for (const service of ["backend", "pusher"]) {
    stream.add("04:24:12", {
      type: "commits-compared",
      service,
      before: BEFORE,
      after: AFTER,
      status: "ahead",
      aheadBy: 3,
      commits: [
        { sha: "5d1c2b3a4f5e6d7c8b9a0f1e2d3c4b5a69788766", title: "Fix reconnect loop @beastoin (#6398)" },
        { sha: MERGE, title: "Move speaker profiles to the pusher (#6411)" },
        { sha: AFTER, title: "Bump | pin <deps>" },
      ],
      pulls: [
        { number: 6411, title: "Move speaker profiles to the pusher" },
        { number: 6398, title: "Fix reconnect loop @beastoin" },
      ],
      mergeCommit: MERGE,
      containsMerge: "yes",
    });
  }
  return stream;
}

function switched(stream: Stream, told: string, service: string, at: string): void {
  const isPods = service === "listen" || service === "pusher";
  const before = snapshotOf(service);
  stream.add(told, {
    type: "service-switched",
    change: {
      service,
      at: instant(`2026-04-12T${at}.000Z`),
      from: versionBefore(before),
      to: AFTER_REVISION[service] ?? "",
      rolloutStartedAt: instant(`2026-04-12T04:06:30.000Z`),
      images: [service === "pusher" ? "gcr.io/based-hardware/pusher:3fabf10" : "gcr.io/based-hardware/backend:latest"],
      ...(isPods ? {} : { commit: AFTER }),
    },
  });
}

const DAY_MINUTES = 1_440;
const REQUESTS = 4_630_000;

function oldRoute(minutes: number): GroupFinding {
  return {
    group: "GET /v1/conversations 500",
    kind: "pre-existing",
    baseline: { errors: 480, requests: REQUESTS, minutes: DAY_MINUTES },
    candidate: { errors: Math.round(minutes / 3), requests: 3_215 * minutes, minutes },
    example: "TypeError: 'NoneType' object is not subscriptable for user a@b.com?token=1",
  };
}

const SLOW: GroupFinding = {
  group: "POST /v1/process 504",
  kind: "pre-existing",
  baseline: { errors: 14, requests: REQUESTS, minutes: DAY_MINUTES },
  candidate: { errors: 1, requests: 64_300, minutes: 20 },
};
const SPIKE: GroupFinding = {
  group: "a spike of 1m: 38 errors, gone since 04:09 UTC",
  kind: "switch-window",
  baseline: { errors: 0, requests: REQUESTS, minutes: DAY_MINUTES },
  candidate: { errors: 38, requests: 3_215, minutes: 1 },
};
const VICTIM: GroupFinding = {
  group: "POST /v1/sync 504",
  kind: "late-victim",
  baseline: { errors: 2, requests: REQUESTS, minutes: DAY_MINUTES },
  candidate: { errors: 3, requests: "unknown", minutes: 20 },
};

function seriesOf(minutes: number, at: (minute: number) => number): CheckResult["series"] {
  const errors = Array.from({ length: minutes + 15 }, (_, index) => at(index - 15));
  return { from: instant("2026-04-12T03:52:00.000Z"), errors, switchedAt: instant("2026-04-12T04:07:12.000Z") };
}

/** The checks of a healthy run at T+`minutes`. */
export function goodResults(minutes: number, dueAt: Instant): CheckResult[] {
  const until = instant(msOf(dueAt) - 3 * MINUTE);
  const requests = (service: string): CheckResult => ({
    check: "check-errors",
    uses: "check-errors",
    service,
    verdict: "pass",
    value: service === "backend" ? `${Math.round(minutes / 3) + (minutes >= 20 ? 1 : 0)} × 5xx` : "0 × 5xx",
    baseline: service === "backend" ? "20.6/h over 24h" : "0.0/h over 24h",
    sample:
      service === "backend"
        ? `${(3_215 * minutes).toLocaleString("en-US")} requests in ${minutes}m`
        : `812 requests in ${minutes}m`,
    completeUntil: until,
    because:
      service === "backend" ? "any rise above x3.1 is excluded (95 %)" : "any rise above x2.4 is excluded (95 %)",
    link: LINK,
    groups: service === "backend" ? [oldRoute(minutes), ...(minutes >= 20 ? [SLOW] : []), SPIKE, VICTIM] : [],
    ...(service === "backend"
      ? {
          series: seriesOf(minutes, (minute) => (minute === 0 ? 38 : minute % 3 === 0 ? 1 : 0)) ?? {
            from: START,
            errors: [],
          },
        }
      : {}),
    evidence: "e".repeat(64),
  });
  const logs = (service: string): CheckResult => ({
    check: "check-logs",
    uses: "check-logs",
    service,
    verdict: "pass",
    value: `0 critical (${CRITICAL.join(", ")})`,
    baseline: "0 over 24h",
    sample: `${minutes * 61} lines in ${minutes}m`,
    completeUntil: until,
    because: `none of the critical signatures in ${minutes * 61} lines`,
    link: LINK,
    groups: [],
  });
  const pods = (service: string): CheckResult => ({
    check: "check-pods",
    uses: "check-pods",
    service,
    verdict: "pass",
    value: "27/27 pods running, 0 restarts, 0 crash loops",
    baseline: "none",
    sample: "27 pods",
    because: "every wanted pod runs the new template and is ready",
  });
  return [
    ...CLOUD_RUN.map(requests),
    ...[...CLOUD_RUN, ...PODS].map(logs),
    ...PODS.map(pods),
    {
      check: "http-check",
      uses: "http-check",
      verdict: "pass",
      value: "200 in 84 ms",
      baseline: "none",
      sample: "3 probes",
      because: "https://api.omi.me/v1/health answered 200 three times",
    },
  ];
}

/** The whole good run; `until` names the last judged checkpoint. */
export function seedRun(until: "5m" | "20m" | "24h" = "24h", change: Parameters<typeof planOf>[0] = {}): Stream {
  const stream = deployed(change);
  const lastSwitch = instant("2026-04-12T04:23:40.000Z");
  const settle = 4 * MINUTE;
  const distances = [5 * MINUTE, 20 * MINUTE, HOUR, 4 * HOUR, DAY];
  const names = ["5m", "20m", "1h", "4h", "24h"];
  for (const [index, distance] of distances.entries()) {
    const name = names[index] ?? "";
    const dueAt = plusMs(lastSwitch, distance + settle);
    const lateMs = name === "4h" ? 11 * MINUTE + 20 * SECOND : 3 * SECOND;
    const next = distances[index + 1];
    stream.add(plusMs(dueAt, lateMs), {
      type: "checkpoint-judged",
      checkpoint: name,
      verdict: "pass",
      results: goodResults(distance / MINUTE, dueAt),
      dueAt,
      lateMs,
      ...(next === undefined ? {} : { nextAt: plusMs(lastSwitch, next + settle) }),
    });
    if (name === until) break;
  }
  if (until === "24h") {
    stream.add(plusMs(lastSwitch, DAY + settle + 5 * SECOND), {
      type: "run-finished",
      outcome: "completed",
      verdict: "pass",
      because: "all 6 steps and all 5 checkpoints are done",
      halfDone: [],
    });
  }
  return stream;
}

const NEW_ERROR: GroupFinding = {
  group: "ImportError: cannot import name 'get_profile' from 'utils.profiles'",
  kind: "new",
  baseline: { errors: 0, requests: "unknown", minutes: DAY_MINUTES },
  candidate: { errors: 212, requests: "unknown", minutes: 4 },
  example:
    "Traceback (most recent call last):\n  File \"/app/main.py\", line 12, in <module>\n    from utils.profiles import get_profile\nImportError: cannot import name 'get_profile' from 'utils.profiles'\n\u001B[31mtoken=ghp_0123456789abcdefghijABCDEFGHIJ012345\u001B[0m ```\n<!-- @everyone",
};

function badResults(): CheckResult[] {
  const good = goodResults(5, instant("2026-04-12T04:32:40.000Z"));
  return good.map((result): CheckResult => {
    if (result.service !== "backend") return result;
    if (result.check === "check-errors") {
      return {
        ...result,
        verdict: "fail",
        value: "4,820 × 5xx",
        because: "30 % of 16,075 requests failed; 0.014 % did before (x2,100)",
        groups: [
          {
            group: "GET /v3/memories 500",
            kind: "risen",
            baseline: { errors: 40, requests: REQUESTS, minutes: DAY_MINUTES },
            candidate: { errors: 4_820, requests: 16_075, minutes: 5 },
          },
          oldRoute(5),
        ],
        series: seriesOf(5, (minute) => (minute < 0 ? 0 : 900 + minute * 20)) ?? { from: START, errors: [] },
      };
    }
    return {
      ...result,
      verdict: "fail",
      value: "212 critical",
      because: "ImportError is new: none in 24h before, 212 in 4m",
      groups: [NEW_ERROR],
    };
  });
}

/** FAIL, the question, the answer "rollback", everything restored and held. `until` cuts the story short. */
export function badRun(
  until: "failed" | "asked" | "restoring" | "finished" = "finished",
  change: Parameters<typeof planOf>[0] = {},
): Stream {
  const stream = deployed(change);
  const dueAt = instant("2026-04-12T04:32:40.000Z");
  stream.add("04:26:00", { type: "production-judged", verdict: "fail", results: badResults() });
  stream.add("04:26:00", {
    type: "checkpoint-judged",
    checkpoint: "5m",
    verdict: "fail",
    results: badResults(),
    dueAt,
    lateMs: 0,
  });
  if (until === "failed") return stream;
  stream.add("04:26:01", {
    type: "question-asked",
    item: "question:rollback",
    question: {
      id: "rollback",
      about: "rollback",
      text: "backend fails: 30 % of its requests. Put all five services back to what they were at 04:00 UTC?",
      options: ["rollback", "keep"],
      fallback: "keep",
      deadline: instant("2026-04-12T04:41:01.000Z"),
    },
  });
  if (until === "asked") return stream;
  stream.add("04:29:13", { type: "question-answered", question: "rollback", answer: "rollback", by: "beastoin" });
  const order = ["pusher", "listen", "backend-integration", "backend-sync", "backend"];
  stream.add("04:29:14", {
    type: "rollback-decided",
    services: order,
    because: "FAIL at T+5m, and beastoin answered rollback",
    by: "beastoin",
  });
  for (const [index, service] of order.entries()) {
    const at = plusMs(instant("2026-04-12T04:29:15.000Z"), index * 40 * SECOND);
    const snapshot = snapshotOf(service);
    stream.add(at, { type: "item-started", item: `restore:${service}`, args: {} });
    stream.add(at, {
      type: "effect-intended",
      effect: `restore:${service}/restore`,
      item: `restore:${service}`,
      what: `restore ${service}`,
    });
    stream.add(plusMs(at, 20 * SECOND), {
      type: "effect-done",
      effect: `restore:${service}/restore`,
      item: `restore:${service}`,
      result: {},
      found: false,
    });
    const serving = versionBefore(snapshot);
    stream.add(plusMs(at, 30 * SECOND), {
      type: "service-restored",
      service,
      serving,
      remarks:
        snapshot.platform === "cloud-run" ? [`${service} is pinned to ${serving} on purpose; do not un-pin yet`] : [],
    });
    stream.add(plusMs(at, 30 * SECOND), {
      type: "item-done",
      item: `restore:${service}`,
      summary: `serves ${serving} again`,
      output: {},
    });
    if (until === "restoring" && index === 1) return stream;
  }
  stream.add("04:32:40", { type: "services-held", services: order, because: "rolled back" });
  stream.add("04:32:41", {
    type: "run-finished",
    outcome: "rolled-back",
    verdict: "fail",
    because: "FAIL at T+5m; all 5 services are restored and verified",
    halfDone: [],
  });
  return stream;
}

function versionBefore(before: ServiceSnapshot): string {
  if (before.platform === "cloud-run-job") return `generation-${before.generation}`;
  return (before.platform === "kubernetes" ? before.templateHash : before.revision) ?? "";
}
