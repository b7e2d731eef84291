/** Moments of a scenario, which writes them as distances from its start. */
import { type Instant, instant, plusMs } from "../model/time.ts";
import type { Scenario } from "./scenario.ts";

export function offset(scenario: Scenario, ms: number): Instant {
  return plusMs(instant(scenario.start), ms);
}
