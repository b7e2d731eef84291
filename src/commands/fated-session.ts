/** A session whose process dies, or is interrupted, at one moment of its run: what was durable then stays, and nothing follows. */
import type { EventBody } from "../model/event.ts";
import { type Fate, type Moment, strikes } from "../rehearsal/fate.ts";
import { guardedSession } from "./guarded-session.ts";
import type { Session } from "./session.ts";

/** Thrown by every call of a process that has died: whatever catches it on the way out can do nothing any more. */
export class Died extends Error {
  constructor() {
    super("the process has died, as the rehearsal had it");
    this.name = "Died";
  }
}

export interface Fated {
  readonly session: Session;
  hasStruck(): boolean;
}

export function fatedSession(
  session: Session,
  moment: Moment,
  happens: Fate["happens"],
  interrupt: (signal: "SIGINT" | "SIGTERM") => void,
): Fated {
  let dead: Died | undefined;
  let hasStruck = false;
  const strike = (): void => {
    hasStruck = true;
    if (happens !== "dies") return interrupt(happens);
    dead = new Died();
    throw dead;
  };
  const guarded = guardedSession(session, (act, given, call) => {
    if (dead !== undefined) throw dead;
    const struck = hasStruck || act !== "journal.append" ? undefined : strikes(moment, given[2] as EventBody);
    if (struck === undefined) return call();
    return struckAppend(struck, call, strike);
  });
  return { session: guarded, hasStruck: () => hasStruck };
}

async function struckAppend(when: "before" | "after", call: () => unknown, strike: () => void): Promise<unknown> {
  if (when === "before") strike();
  const appended: unknown = await call();
  if (when === "after") strike();
  return appended;
}
