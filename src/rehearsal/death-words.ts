/** Deaths of the process as words of the command line: "deploy-pusher:carried-out". Knows the form, not the runbook. */
import { RunbookError } from "../model/error.ts";
import { MINUTE } from "../model/time.ts";
import { FATE_MOMENT } from "./misfortunes.ts";
import type { Scenario } from "./scenario.ts";

/** The scenario with these deaths before its own, each followed by another process that resumes the run a minute later. */
export function withDeaths(scenario: Scenario, words: readonly string[]): Scenario {
  return { ...scenario, process: [...words.map(deathAt), ...scenario.process] };
}

function deathAt(at: string): Scenario["process"][number] {
  if (FATE_MOMENT.test(at)) return { at, happens: "dies", "resumed-after": MINUTE };
  throw new RunbookError({
    what: `${JSON.stringify(at)} is no moment of a run.`,
    state: "Nothing was touched.",
    next: "Give --kill-at as ITEM:MOMENT: a step's id, restore:SERVICE or checkpoint:20m, then started, intended, carried-out or done.",
  });
}
