/** Ctrl-C: the first one ends sleeps and reads and lets an effect in flight finish; the second one ends the process. */
import { EXIT } from "./exit-code.ts";
import { type Io, printError } from "./io.ts";

export interface Interrupt {
  readonly signal: AbortSignal;
  /** The signal that came first. */
  received(): "SIGINT" | "SIGTERM" | undefined;
  exitCode(): number;
  release(): void;
}

const PAUSING = "finishing what is in flight, then pausing. Once more ends at once and leaves it in doubt.";

/** `saying`: what the first signal leads to, for people. */
export function interruptible(io: Io, saying: string = PAUSING): Interrupt {
  const controller = new AbortController();
  let first: "SIGINT" | "SIGTERM" | undefined;
  const off = io.onInterrupt((signal) => {
    if (first !== undefined) {
      io.exitNow(codeOf(first));
      return;
    }
    first = signal;
    printError(io, `${signal}: ${saying}`);
    controller.abort(new Error(signal));
  });
  return { signal: controller.signal, received: () => first, exitCode: () => codeOf(first ?? "SIGINT"), release: off };
}

function codeOf(signal: "SIGINT" | "SIGTERM"): number {
  return signal === "SIGINT" ? EXIT.interrupted : EXIT.terminated;
}
