/** What a run waits for, as the crank returns it and every screen shows it. */
import type { Instant } from "./time.ts";

export interface Wait {
  readonly item: string;
  /** "workflow run #42 of gcp_backend.yml: 3 of 5 jobs done" */
  readonly for: string;
  readonly since: Instant;
  /** When it makes sense to look again. */
  readonly lookAt: Instant;
  readonly deadline?: Instant;
  readonly link?: string;
}
