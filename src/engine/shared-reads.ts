/** The ports of one look: what several of its questions read of a service is read once. Kept no longer than the look. */
import type { Ports } from "../ports/ports.ts";

/** Never across an effect: what it changed has to be read anew. A failure is not kept. */
export function sharedReads(ports: Ports): Ports {
  return {
    ...ports,
    cloudRun: sharing(ports.cloudRun, ["service"]),
    kubernetes: sharing(ports.kubernetes, ["workload", "revisions", "pods"]),
  };
}

function sharing<T extends object>(port: T, reads: readonly (keyof T)[]): T {
  const known = new Map<string, Promise<unknown>>();
  return new Proxy(port, {
    get(_port, key) {
      const member: unknown = Reflect.get(port, key);
      if (typeof member !== "function") return member;
      const call = (...given: unknown[]): Promise<unknown> => member.apply(port, given) as Promise<unknown>;
      if (!reads.includes(key as keyof T)) return call;
      return (...given: unknown[]) => {
        const question = JSON.stringify([key, ...given.filter((one) => !(one instanceof AbortSignal))]);
        const answer = known.get(question) ?? call(...given);
        known.set(question, answer);
        answer.catch(() => known.delete(question));
        return answer;
      };
    },
  });
}
