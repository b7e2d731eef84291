/** Planned misbehaviour of the simulated APIs: its words, and which call it hits. How it looks on a wire: http-fault.ts, grpc-api.ts. */

/**
 * - `status`: answer with this HTTP status (gRPC servers map it) and do nothing.
 * - `applied`: carry the call out, then answer with `status` (the answer is lost, the effect is not).
 * - `timeout`: never answer, and do nothing. World time moves past every client's bound.
 * - `reset`: break the connection, and do nothing.
 * - `malformed`, `truncated`, `drip`: carry the call out; the answer is not the protocol's, ends in the middle, or comes so
 *   slowly that a client's bound ends it.
 * - `empty-page`: a listing begins with an empty page that has a token. Other calls, and lists without pages, behave.
 */
export const FAULT_KINDS = [
  "status",
  "applied",
  "timeout",
  "reset",
  "malformed",
  "truncated",
  "drip",
  "empty-page",
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export const FAULT_APIS = [
  "github",
  "cloud-run",
  "logging",
  "monitoring",
  "kubernetes",
  "storage",
  "http",
  "command",
  "helm",
  "notify",
] as const;
export type FaultApi = (typeof FAULT_APIS)[number];

export interface Fault {
  readonly api: FaultApi;
  /** The call's name in kebab case ("dispatch", "update-traffic", "list-entries"); "*" for all. */
  readonly call: string;
  readonly kind: FaultKind;
  /** Of `status` and `applied`. */
  readonly status: number;
  readonly retryAfterSeconds?: number;
  /** How many calls it hits. */
  readonly times: number;
  /** Only between these world times (RFC 3339), where given. */
  readonly from?: string;
  readonly until?: string;
}

export class Faults {
  readonly #planned: { fault: Fault; left: number }[] = [];

  add(fault: Fault): void {
    this.#planned.push({ fault, left: fault.times });
  }

  /** The fault for this call, counted down; undefined: behave. */
  take(api: FaultApi, call: string, now: string): Fault | undefined {
    const hit = this.#planned.find(
      ({ fault, left }) =>
        left > 0 &&
        fault.api === api &&
        (fault.call === "*" || fault.call === call) &&
        (fault.from === undefined || now >= fault.from) &&
        (fault.until === undefined || now < fault.until),
    );
    if (hit === undefined) return undefined;
    hit.left--;
    return hit.fault;
  }
}
