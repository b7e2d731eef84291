/** A scenario's words about traffic, as the profile that the simulated Cloud Run answers by. */
import type { ErrorRule, FailureRule, TrafficProfile } from "../simulator/traffic-profile.ts";
import { type Instant, MINUTE, plusMs } from "../model/time.ts";
import { offset } from "./offset.ts";
import type { Scenario, ServiceRule } from "./scenario.ts";

type Rule = Omit<ServiceRule, "which">;
type ErrorWords = NonNullable<Rule["traffic"]>["errors"][number];

/** `deployedAt`: once the service was deployed, what the deploy brings counts from there. */
export function trafficOf(rule: Rule, scenario: Scenario, deployedAt?: Instant): TrafficProfile {
  const { traffic, deploy } = rule;
  const spike = traffic?.["switch-spike"];
  const slower = deploy?.["slower-by"];
  return {
    requestsPerMinute: traffic?.["requests-per-minute"] ?? 60,
    dailyAmplitude: traffic?.["daily-amplitude"] ?? 0,
    routes: traffic?.routes ?? [{ method: "GET", path: "/v1/health", share: 1 }],
    infoPerMinute: traffic?.["log-lines-per-minute"] ?? 6,
    errors: [
      ...(traffic?.errors ?? []).map((error) => errorOf(error, (ms) => offset(scenario, ms))),
      ...(deployedAt === undefined ? [] : (deploy?.errors ?? [])).map((error) => ({
        ...errorOf(error, (ms) => plusMs(deployedAt ?? offset(scenario, 0), ms)),
        onRevision: error.on ?? ("new" as const),
      })),
    ],
    ...(spike === undefined ? {} : { spike }),
    ...(slower === undefined ? {} : { slow: [{ onRevision: "new" as const, factor: slower }] }),
    ...(deploy === undefined || deployedAt === undefined ? {} : { failures: failuresOf(deploy, deployedAt) }),
  };
}

function failuresOf(deploy: NonNullable<Rule["deploy"]>, deployedAt: Instant): readonly FailureRule[] {
  const share = deploy["failure-share"];
  if (share === undefined) return [];
  const from = deploy["failure-from"];
  const until = deploy["failure-until"];
  const message = deploy["failure-message"];
  return [
    {
      share,
      status: deploy["failure-status"],
      onRevision: "new",
      ...(message === undefined ? {} : { message }),
      ...(from === undefined ? {} : { from: plusMs(deployedAt, from) }),
      ...(until === undefined ? {} : { until: plusMs(deployedAt, until) }),
    },
  ];
}

function errorOf(error: ErrorWords, when: (ms: number) => Instant): ErrorRule {
  const { method, route, status, latency, message, on, from, until } = error;
  const rule = {
    method,
    route,
    status,
    ...(latency === undefined ? {} : { latencyMs: latency }),
    ...(message === undefined ? {} : { message }),
    ...(on === undefined ? {} : { onRevision: on }),
    ...(from === undefined ? {} : { from: when(from) }),
    ...(until === undefined ? {} : { until: when(until) }),
  };
  if (error.every !== undefined) return { ...rule, everyMinutes: error.every / MINUTE };
  if (error["per-minute"] !== undefined) return { ...rule, perMinute: error["per-minute"] };
  return { ...rule, at: when(error.before === undefined ? (error.at ?? 0) : -error.before) };
}
