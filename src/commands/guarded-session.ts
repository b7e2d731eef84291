/** A session of which every call to state, ports, clock and operator passes one function first. Decides nothing itself. */
import type { Session } from "./session.ts";

/** `act`: "journal.append"; `call` carries it out. Returns what the caller gets, or throws. */
export type Guard = (act: string, given: readonly unknown[], call: () => unknown) => unknown;

export function guardedSession(session: Session, guard: Guard): Session {
  const guarded = <T extends object>(target: T, name: string): T =>
    new Proxy(target, {
      get(_target, key) {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== "function") return member;
        const method = member.bind(target) as (...given: unknown[]) => unknown;
        return (...given: unknown[]) => guard(`${name}.${String(key)}`, given, () => method(...given));
      },
    });
  const each = <T extends object>(parts: T): T =>
    Object.fromEntries(
      Object.entries(parts).map(([name, part]: [string, unknown]) => [
        name,
        typeof part === "object" && part !== null ? guarded(part, name) : part,
      ]),
    ) as T;
  const { journal, inbox, evidence, locks, location } = session.state;
  const state = { ...each({ journal, inbox, evidence, locks }), location, close: () => session.state.close() };
  const { ports, clock, operator } = session.cloud;
  const cloud = { ports: each(ports), clock: guarded(clock, "clock"), operator: guarded(operator, "operator") };
  return {
    ...session,
    state,
    cloud,
    engine: (signal, observe) => ({ ...session.engine(signal, observe), state, ...cloud }),
  };
}
