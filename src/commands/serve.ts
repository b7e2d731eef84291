/** `runbook serve`: the daemon that keeps judging what is due, until it is told to stop. It decides nothing of its own. */
import type { PageServer } from "../adapters/page-server.ts";
import type { RunEvent } from "../model/event.ts";
import { dateTime, earliest } from "../model/time.ts";
import { createScreen } from "../reporters/screen.ts";
import { counted } from "../reporters/words.ts";
import { keepJudging } from "./daemon.ts";
import { EXIT } from "./exit-code.ts";
import { screenOptions } from "./foreground.ts";
import { interruptible } from "./interrupt.ts";
import { type Io, printError } from "./io.ts";
import { openSession, type Session, type SessionOptions } from "./session.ts";
import { serveStatusPages, type StatusPagesOptions } from "./status-pages.ts";

export interface ServeOptions extends SessionOptions, StatusPagesOptions {
  readonly json?: boolean | undefined;
}

export async function serve(options: ServeOptions, io: Io): Promise<number> {
  const session = await openSession(options, io);
  const interrupt = interruptible(
    io,
    "finishing the turns under way. Once more ends at once and leaves them in doubt.",
  );
  let pages: PageServer | undefined;
  try {
    pages = await serveStatusPages(session.state, options, io);
    const screen = await createScreen({
      ...screenOptions(io, options),
      ...(options.json === true ? {} : { kind: "lines" as const }),
    });
    const open = await whatIsOpen(session);
    printError(io, `serving ${session.state.location}: ${open}; Ctrl-C or SIGTERM drains it`);
    const observe = (event: RunEvent, after: Parameters<typeof screen.event>[1]): void => screen.event(event, after);
    await keepJudging(session, session.engine(interrupt.signal, observe), observe);
    const left = await whatIsOpen(session);
    printError(io, `drained; left to the next \`runbook serve\` or \`runbook check --due\`: ${left}`);
    return EXIT.ok;
  } finally {
    interrupt.release();
    await pages?.close();
    await session.close();
  }
}

async function whatIsOpen({ state, cloud }: Session): Promise<string> {
  const open = await state.journal.runs({ finished: false });
  const dues = open.flatMap(({ dueAt }) => dueAt ?? []);
  const now = cloud.clock.now();
  const next = earliest(dues.filter((dueAt) => dueAt > now));
  const due = dues.filter((dueAt) => dueAt <= now).length;
  return [
    counted(open.length, "open run"),
    ...(due === 0 ? [] : [`${due} due now`]),
    ...(next === undefined ? [] : [`the next due at ${dateTime(next)} UTC`]),
    ...(open.length === dues.length ? [] : [`${open.length - dues.length} paused`]),
  ].join(", ");
}
