/** Preflight with the clouds of a session, and with patience. What it finds is told by whoever asked. */
import type { Plan } from "../model/plan.ts";
import { formatDuration, plusMs, SECOND } from "../model/time.ts";
import { preflight, type Preflight } from "../planning/preflight.ts";
import { interruptible } from "./interrupt.ts";
import { printError } from "./io.ts";
import { kindOf, plannedArgs, platformOf, type Session } from "./session.ts";

/** One odd answer of an API must not keep a person from deploying: so long it is asked again, where nothing else is wrong. */
const PAUSES_MS = [2 * SECOND, 5 * SECOND, 10 * SECOND];

export async function checkBeforehand(session: Session, plan: Plan): Promise<Preflight> {
  const interrupt = interruptible(session.io);
  const { clock } = session.cloud;
  try {
    for (const pauseMs of PAUSES_MS) {
      const checked = await askBeforehand(session, plan, interrupt.signal);
      const passing = checked.findings.find(({ mayPass }) => mayPass === true);
      const isHopeless = checked.findings.some(({ severity, mayPass }) => severity !== "remark" && mayPass !== true);
      if (passing === undefined || isHopeless || interrupt.signal.aborted) return checked;
      const waitMs = Math.round(pauseMs * (0.75 + session.ids.random() / 2));
      printError(session.io, `Preflight: ${passing.what}; asking again in ${formatDuration(waitMs)}.`);
      await clock.sleepUntil(plusMs(clock.now(), waitMs), interrupt.signal);
    }
    return await askBeforehand(session, plan, interrupt.signal);
  } finally {
    interrupt.release();
  }
}

function askBeforehand(session: Session, plan: Plan, signal: AbortSignal): Promise<Preflight> {
  return preflight(plan, {
    ports: session.cloud.ports,
    now: session.cloud.clock.now(),
    signal,
    kindOf,
    platformOf,
    argsOf: (step, planned) => plannedArgs(step, planned, session.io),
  });
}
