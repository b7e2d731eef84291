/** `runbook show`: everything about one run, from its journal: the plan, the snapshot, what happened, what was posted. */
import { SECRETS_ONLY } from "../model/redact.ts";
import { SystemClock } from "../adapters/system-clock.ts";
import type { RunEvent } from "../model/event.ts";
import { applyEvent, type Progress, progressOf } from "../model/progress.ts";
import { type Instant, dateTime, instant } from "../model/time.ts";
import { planText } from "../planning/show-plan.ts";
import { columns, lines } from "../reporters/columns.ts";
import { createScreen } from "../reporters/screen.ts";
import { reportOf } from "../reporters/report.ts";
import { statusText } from "../reporters/status.ts";
import { openState } from "./compose.ts";
import { endpointsOf } from "./endpoints.ts";
import { EXIT } from "./exit-code.ts";
import { screenOptions } from "./foreground.ts";
import { type Io, print, printJson } from "./io.ts";
import { findRun } from "./session.ts";
import { stateLocation } from "./state-location.ts";

export interface ShowOptions {
  readonly id: string;
  /** The comments, in boxes, where they were delivered. */
  readonly comments?: boolean | undefined;
  readonly state?: string | undefined;
  readonly json?: boolean | undefined;
}

export async function show(options: ShowOptions, io: Io): Promise<number> {
  const state = await openState(stateLocation(options.state, io), endpointsOf(io.env));
  try {
    const progress = await findRun(state, { run: options.id });
    const events = await state.journal.read(progress.run);
    if (options.json === true) {
      const { run, plan, snapshot } = progress;
      printJson(io, { run, report: reportOf(progress), plan, snapshot, posts: postsOf(progress), events });
      return EXIT.ok;
    }
    print(io, `${planText(progress.plan, Math.min(100, io.columns))}\n`, progress.plan.runbook.report.redact);
    await replay(events, options, io);
    print(io, postsText(progress), SECRETS_ONLY);
    // A run that has ended stands where it ended.
    const asOf = progress.finished?.at ?? instant(new SystemClock().now());
    print(io, `\n${statusText(reportOf(progress), asOf)}`, SECRETS_ONLY);
    return EXIT.ok;
  } finally {
    await state.close();
  }
}

/** The lines that the run printed, or would have printed, in the order in which things happened. */
async function replay(events: readonly RunEvent[], { comments }: ShowOptions, io: Io): Promise<void> {
  const [first, ...rest] = events;
  if (first === undefined) return;
  const screen = await createScreen({
    ...screenOptions(io, { showComments: comments === true }),
    kind: "lines",
  });
  let progress = progressOf([first]);
  screen.begin(progress);
  for (const event of rest) {
    progress = applyEvent(progress, event);
    screen.event(event, progress);
  }
}

export interface DeliveredPost {
  readonly at: Instant;
  /** "comment:checkpoint:20m", "status", "webhook:…". */
  readonly post: string;
  readonly state: "delivered" | "in doubt" | "rejected" | "given up";
  readonly what: string;
}

/** Posts in the order of their last delivery; edits of one comment are one post. */
export function postsOf(progress: Progress): readonly DeliveredPost[] {
  const words = { done: "delivered", intended: "in doubt", rejected: "rejected" } as const;
  const posts = new Map<string, DeliveredPost>();
  for (const { item, at, state, what } of Object.values(progress.effects)) {
    if (!item.startsWith("post:")) continue;
    const post = item.slice("post:".length);
    const given = post in progress.abandonedPosts;
    const known = posts.get(post);
    if (known !== undefined && known.at > at) continue;
    posts.set(post, { at, post, state: given ? "given up" : words[state], what });
  }
  return [...posts.values()].toSorted((a, b) => (a.at < b.at ? -1 : 1));
}

function postsText(progress: Progress): string {
  const posts = postsOf(progress);
  if (posts.length === 0) return lines(["", "Posted: nothing"]);
  return lines([
    "",
    "Posted",
    ...columns(posts.map(({ at, post, state, what }) => [`  ${dateTime(at)}`, state, post, what])),
  ]);
}
