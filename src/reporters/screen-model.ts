/** What a foreground run is shown on: the interface of a screen and the choices a caller has. */
import type { Writable } from "node:stream";
import type { RunEvent } from "../model/event.ts";
import type { Progress } from "../model/progress.ts";
import type { Instant } from "../model/time.ts";
import type { Wait } from "../model/wait.ts";

export interface Screen {
  /** Once, before any event: the run as it stands. */
  begin(progress: Progress): void;
  /** After each event is durable; `progress` has it in. */
  event(event: RunEvent, progress: Progress): void;
  /** Before each sleep. */
  waiting(waits: readonly Wait[], now: Instant): void;
  /** Once, at the end. */
  close(progress: Progress, exitCode: number): Promise<void>;
  /** Instead of `close`, where the process cannot go on: nothing is drawn any more. */
  abandon(): Promise<void>;
}

export interface ScreenOptions {
  readonly kind: "terminal" | "lines" | "actions" | "json";
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly columns: number;
  readonly color: boolean;
  readonly unicode: boolean;
  /** Prints the comments that are posted, each in a box. */
  readonly showComments: boolean;
  /** Takes markdown for a job's own page, at the end; never fails. Only where the kind is `actions`. */
  readonly summarize?: (markdown: string) => Promise<void>;
}
