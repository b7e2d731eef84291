/** The sources of chance: run ids, lease owners, jitter. */
export interface Ids {
  /** Short, sortable by time, unique: "20260412-0400-7k2q". */
  run(now: string): string;
  /** Names this process among the holders of leases: host, pid and a nonce. */
  owner(): string;
  /** Uniform in [0, 1). */
  random(): number;
}
