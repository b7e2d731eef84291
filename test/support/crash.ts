/** A process that dies: a session whose n-th lasting act is its last, just before or just after it has taken effect. */
import type { Session } from "../../src/commands/session.ts";
import type { State } from "../../src/journal/state.ts";
import type { Ports } from "../../src/ports/ports.ts";

export class Crash extends Error {
  constructor(act: string) {
    super(`the process died at ${act}`);
    this.name = "Crash";
  }
}

/** `before`: the act does not happen. `after`: it has happened, and nobody lived to hear of it. */
export interface CrashPoint {
  /** The n-th act, or the first of this name ("workflows.dispatch"). */
  readonly act: number | string;
  readonly when: "before" | "after";
}

export interface Mortal {
  readonly session: Session;
  /** The lasting acts so far, by name, in order: those of the state, and the effects on the world. */
  readonly acts: readonly string[];
  isDead(): boolean;
}

/** What lasts beyond the process. Renewing a lease or taking notes for the next look can be lost without harm, and is tried too. */
const LASTING = {
  journal: ["create", "append", "schedule"],
  inbox: ["send", "taken"],
  evidence: ["saveSample"],
  locks: ["lock", "unlock", "hold", "clear"],
  workflows: ["dispatch", "cancel"],
  pullRequests: ["createComment", "updateComment", "setCommitStatus"],
  deployments: ["create", "setStatus"],
  cloudRun: ["setTraffic"],
  kubernetes: ["restoreTemplate"],
  helm: ["rollback"],
  notify: ["post"],
  command: ["start", "stop"],
} as const;

/**
 * Wraps a session. Once it has died, every call to the state, the ports and the clock throws: whatever catches the crash on
 * its way out can do nothing any more, as in a process that was killed. Neither lease nor lock is given back.
 */
export function mortal(session: Session, point?: CrashPoint): Mortal {
  const acts: string[] = [];
  let dead: Crash | undefined;
  const guarded = <T extends object>(target: T, name: string): T => {
    const lasting: readonly string[] = LASTING[name as keyof typeof LASTING] ?? [];
    return new Proxy(target, {
      get(_target, key) {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== "function") return member;
        const method = member.bind(target) as (...given: unknown[]) => unknown;
        if (!lasting.includes(String(key))) {
          return (...given: unknown[]) => {
            if (dead !== undefined) throw dead;
            return method(...given);
          };
        }
        return async (...given: unknown[]) => {
          if (dead !== undefined) throw dead;
          const act = `${name}.${String(key)}${typeOf(given)}`;
          acts.push(act);
          const isHere = point !== undefined && (acts.length === point.act || act === point.act);
          if (isHere && point.when === "before") throw (dead = new Crash(`${act}, before it`));
          const result = await method(...given);
          if (isHere) throw (dead = new Crash(`${act}, after it`));
          return result;
        };
      },
    });
  };
  const each = <T extends object>(parts: T): T =>
    Object.fromEntries(
      Object.entries(parts).map(([name, part]: [string, unknown]) => [
        name,
        typeof part === "object" && part !== null ? guarded(part, name) : part,
      ]),
    ) as T;
  const { journal, inbox, evidence, locks, location } = session.state;
  const state: State = { ...each({ journal, inbox, evidence, locks }), location, close: () => session.state.close() };
  const ports: Ports = each(session.cloud.ports);
  return {
    acts,
    isDead: () => dead !== undefined,
    session: {
      ...session,
      state,
      cloud: {
        ports,
        clock: guarded(session.cloud.clock, "clock"),
        operator: guarded(session.cloud.operator, "operator"),
      },
      engine: (signal, observe) => ({
        ...session.engine(signal, observe),
        state,
        ports,
        clock: guarded(session.cloud.clock, "clock"),
        operator: guarded(session.cloud.operator, "operator"),
      }),
    },
  };
}

/** The type of an event that is appended, for the name of the act. */
function typeOf(given: readonly unknown[]): string {
  const body = given.find((one) => typeof one === "object" && one !== null && "type" in one);
  return body === undefined ? "" : ` ${String(body.type)}`;
}
