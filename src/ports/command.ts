/** Programs that a runbook starts: started and asked for, never awaited, so that a turn stays short. */
export interface CommandSpec {
  /** Program and arguments; no shell. */
  readonly argv: readonly [string, ...string[]];
  /** The whole environment besides PATH, HOME, LANG and TMPDIR. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly timeoutMs: number;
}

export type CommandState =
  | { readonly state: "running" }
  | {
      readonly state: "exited";
      readonly exitCode: number | undefined;
      readonly signal?: string;
      readonly timedOut: boolean;
      /** Last 64 KiB. */ readonly output: string;
    }
  /** This process did not start it (it was started before a crash). */
  | { readonly state: "unknown" };

export interface Command {
  /** Starts it in its own process group under a key of the caller's. Throws PortFailure (not-found) when there is no such program. */
  start(key: string, spec: CommandSpec): Promise<void>;
  poll(key: string): Promise<CommandState>;
  /** TERM to the group, KILL after ten seconds. */
  stop(key: string): Promise<void>;
}
