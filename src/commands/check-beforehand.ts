/** Preflight with the clouds of a session. What it finds is told by whoever asked. */
import type { Plan } from "../model/plan.ts";
import { preflight, type Preflight } from "../planning/preflight.ts";
import { interruptible } from "./interrupt.ts";
import { kindOf, plannedArgs, platformOf, type Session } from "./session.ts";

export async function checkBeforehand(session: Session, plan: Plan): Promise<Preflight> {
  const interrupt = interruptible(session.io);
  try {
    return await preflight(plan, {
      ports: session.cloud.ports,
      now: session.cloud.clock.now(),
      signal: interrupt.signal,
      kindOf,
      platformOf,
      argsOf: (step, planned) => plannedArgs(step, planned, session.io),
    });
  } finally {
    interrupt.release();
  }
}
