/** A deployment as the simulated GitHub keeps it. */
import type { Instant } from "../model/time.ts";

export interface SimulatedDeployment {
  readonly id: number;
  readonly sha: string;
  readonly ref: string;
  readonly task: string;
  readonly environment: string;
  readonly payload: unknown;
  readonly description: string | undefined;
  readonly login: string;
  readonly createdAt: Instant;
  readonly statuses: SimulatedDeploymentStatus[];
}

export interface SimulatedDeploymentStatus {
  readonly id: number;
  readonly state: string;
  readonly description: string;
  readonly logUrl: string;
  readonly login: string;
  readonly createdAt: Instant;
}
