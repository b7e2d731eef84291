/** Planned misbehaviour of the simulated APIs: each server asks before it answers. */

/**
 * - `status`: answer with this HTTP status (gRPC servers map it) and do nothing.
 * - `applied`: carry the call out, then answer with `status` (the answer is lost, the effect is not).
 * - `timeout`: never answer.
 */
export interface Fault {
  readonly api:
    | "github"
    | "cloud-run"
    | "logging"
    | "monitoring"
    | "kubernetes"
    | "storage"
    | "http"
    | "command"
    | "helm"
    | "notify";
  /** The call's name in kebab case ("dispatch", "update-traffic", "list-entries"); "*" for all. */
  readonly call: string;
  readonly kind: "status" | "applied" | "timeout";
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
  take(api: Fault["api"], call: string, now: string): Fault | undefined {
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
