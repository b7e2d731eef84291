/** The planned misbehaviour of the simulated APIs, counted from the scenario's start or from the last deploy. */
import { type Instant, plusMs } from "../model/time.ts";
import type { Fault } from "../simulator/faults.ts";
import type { Scenario } from "./scenario.ts";
import type { SimulatedCloud } from "./simulated-cloud.ts";

/** Adds those that count from `moment`, which is now. */
export function addFaults(cloud: SimulatedCloud, scenario: Scenario, moment: "start" | "last-deploy"): void {
  for (const fault of scenario.faults) {
    if (fault["counted-from"] === moment) cloud.faults.add(faultOf(fault, cloud.world.now));
  }
}

function faultOf(fault: Scenario["faults"][number], since: Instant): Fault {
  const { api, call, kind, status, times, from, until } = fault;
  const retryAfter = fault["retry-after"];
  return {
    api,
    call,
    kind,
    status,
    times,
    ...(retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter / 1_000 }),
    ...(from === undefined ? {} : { from: plusMs(since, from) }),
    ...(until === undefined ? {} : { until: plusMs(since, until) }),
  };
}
