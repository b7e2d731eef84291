/** A scenario's words about traffic, as the profile that the simulated Cloud Run answers by. */
import { MINUTE } from "../model/time.ts";
import type { ErrorRule, TrafficProfile } from "../simulator/traffic-profile.ts";
import { offset } from "./offset.ts";
import type { Scenario, ServiceRule } from "./scenario.ts";

type Rule = Omit<ServiceRule, "which">;
type ErrorWords = NonNullable<Rule["traffic"]>["errors"][number];

export function trafficOf(rule: Rule, scenario: Scenario): TrafficProfile {
  const { traffic, deploy } = rule;
  const spike = traffic?.["switch-spike"];
  const share = deploy?.["failure-share"];
  const slower = deploy?.["slower-by"];
  return {
    requestsPerMinute: traffic?.["requests-per-minute"] ?? 60,
    dailyAmplitude: traffic?.["daily-amplitude"] ?? 0,
    routes: traffic?.routes ?? [{ method: "GET", path: "/v1/health", share: 1 }],
    infoPerMinute: traffic?.["log-lines-per-minute"] ?? 6,
    errors: (traffic?.errors ?? []).map((error) => errorOf(error, scenario)),
    ...(spike === undefined ? {} : { spike }),
    ...(slower === undefined ? {} : { slow: [{ onRevision: "new" as const, factor: slower }] }),
    ...(share === undefined
      ? {}
      : {
          failures: [
            {
              share,
              status: deploy?.["failure-status"] ?? 500,
              onRevision: "new" as const,
              ...(deploy?.["failure-message"] === undefined ? {} : { message: deploy["failure-message"] }),
            },
          ],
        }),
  };
}

function errorOf(error: ErrorWords, scenario: Scenario): ErrorRule {
  const { method, route, status, latency, message, on, from, until } = error;
  const rule = {
    method,
    route,
    status,
    ...(latency === undefined ? {} : { latencyMs: latency }),
    ...(message === undefined ? {} : { message }),
    ...(on === undefined ? {} : { onRevision: on }),
    ...(from === undefined ? {} : { from: offset(scenario, from) }),
    ...(until === undefined ? {} : { until: offset(scenario, until) }),
  };
  if (error.every !== undefined) return { ...rule, everyMinutes: error.every / MINUTE };
  if (error["per-minute"] !== undefined) return { ...rule, perMinute: error["per-minute"] };
  return { ...rule, at: offset(scenario, error.before === undefined ? (error.at ?? 0) : -error.before) };
}
