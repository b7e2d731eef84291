/** The pages that `serve` shows: the runs of its state, and each run's own page. They are read from the state and change nothing. */
import { isLoopback, type Page, type PageServer, servePages } from "../adapters/page-server.ts";
import type { State } from "../journal/state.ts";
import { messageOf } from "../model/error.ts";
import { progressOf } from "../model/progress.ts";
import type { RunsPage } from "../reporters/html/runs-page.ts";
import { reportOf } from "../reporters/report.ts";
import { type Io, printError } from "./io.ts";
import { runPage } from "./report.ts";

export interface StatusPagesOptions {
  readonly statusPort?: number | undefined;
  readonly statusHost?: string | undefined;
}

const PER_PAGE = 25;
const MOST_RUNS = 1_000;
const MOST_KEPT = 16;

/** Undefined unless a port is given. */
export async function serveStatusPages(
  state: State,
  { statusPort, statusHost = "127.0.0.1" }: StatusPagesOptions,
  io: Io,
): Promise<PageServer | undefined> {
  if (statusPort === undefined) return undefined;
  const server = await servePages({
    host: statusHost,
    port: statusPort,
    pageOf: pagesOf(state),
    failed: (error) => printError(io, `a status page could not be made: ${messageOf(error)}`),
  });
  const shown = statusHost.includes(":") ? `[${statusHost}]` : statusHost;
  printError(io, `status pages: http://${shown}:${server.port}/`);
  if (!isLoopback(statusHost)) {
    printError(
      io,
      `WARNING: whoever reaches ${shown}:${server.port} can read every run; there is no login and no TLS.`,
    );
  }
  return server;
}

/** "/" lists the runs, "/runs/ID" shows one. A page is made anew only when its run has a new event. */
function pagesOf(state: State): (path: string, query: URLSearchParams) => Promise<Page> {
  const kept = new Map<string, { readonly seq: number; readonly html: string }>();
  return async (path, query) => {
    const { CONTENT_POLICY: policy } = await import("../reporters/html/page.ts");
    const { notFoundPage, runsPage } = await import("../reporters/html/runs-page.ts");
    const run = /^\/runs\/([\w-]{1,64})$/.exec(path)?.[1];
    const number = Math.floor(Number(query.get("page") ?? 1));
    if (path === "/" && number >= 1 && number <= MOST_RUNS / PER_PAGE) {
      return { status: 200, policy, html: runsPage({ ...(await listed(state, number)), page: number }) };
    }
    const events = run === undefined ? [] : await state.journal.read(run);
    const last = events.at(-1);
    if (run === undefined || last === undefined) return { status: 404, policy, html: notFoundPage() };
    const known = kept.get(run);
    const html = known?.seq === last.seq ? known.html : await runPage(state, run, { home: "/" });
    kept.delete(run);
    kept.set(run, { seq: last.seq, html });
    for (const oldest of kept.keys()) if (kept.size > MOST_KEPT) kept.delete(oldest);
    return { status: 200, policy, html };
  };
}

async function listed(state: State, page: number): Promise<Pick<RunsPage, "reports" | "hasMore">> {
  const runs = await state.journal.runs({ limit: Math.min(MOST_RUNS, page * PER_PAGE + 1) });
  const reports: RunsPage["reports"][number][] = [];
  for (const { run } of runs.slice((page - 1) * PER_PAGE, page * PER_PAGE)) {
    reports.push(reportOf(progressOf(await state.journal.read(run))));
  }
  return { reports, hasMore: runs.length > page * PER_PAGE };
}
