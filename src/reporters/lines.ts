/** One plain line for each thing that a person cares about, with the world's time: for pipes, logs and CI. */
import type { RunEvent } from "../model/event.ts";
import type { Progress } from "../model/progress.ts";
import type { Instant } from "../model/time.ts";
import type { Verdict } from "../model/verdict.ts";
import type { Wait } from "../model/wait.ts";
import { deliveredComment } from "./delivered.ts";
import { plainLine } from "./escape.ts";
import { type Line, linesOf, nameOfItem } from "./event-lines.ts";
import { boxed, createPaint } from "./paint.ts";
import type { Screen, ScreenOptions } from "./screen-model.ts";
import { closingText, openingText } from "./status.ts";
import { time, timeOn } from "./words.ts";

const WIDEST_SUBJECT = 28;

/** `beforeWords` is called before anything is written. */
export function createLinesScreen(options: ScreenOptions, beforeWords: () => void = () => undefined): Screen {
  const paint = createPaint(options);
  const told = new Map<string, string>();
  const outages = new Set<string>();
  let day = "";
  let last: Instant | undefined;
  let width = 12;
  let production: Verdict | undefined;

  const write = (text: string): void => {
    beforeWords();
    options.stdout.write(paint.text(text));
  };
  const print = (happened: Instant, { sign, tone, subject, text }: Line): void => {
    // A switch is told with its own moment, after it was noticed: the prefix never goes back.
    const at = last !== undefined && happened < last ? last : happened;
    last = at;
    if (at.slice(0, 10) !== day) {
      day = at.slice(0, 10);
      write(`${day} UTC\n`);
    }
    const name = plainLine(subject, WIDEST_SUBJECT).padEnd(width);
    write(`${time(at)}  ${paint.tone(tone, paint.sign(sign))} ${name}  ${plainLine(text, 600)}`.trimEnd() + "\n");
  };

  return {
    begin(progress) {
      width = subjectWidth(progress);
      write(openingText(progress));
    },
    event(event, progress) {
      if ("item" in event && event.type !== "item-waiting") told.delete(event.item);
      // Every minute some check learns more: only another verdict is news.
      if (event.type === "production-judged" && event.verdict === production) return;
      if (event.type === "production-judged") production = event.verdict;
      if (isKnownOutage(event, outages)) return;
      for (const line of linesOf(event, progress)) print(event.at, line);
      const comment = options.showComments ? deliveredComment(event, progress) : undefined;
      if (comment !== undefined) write(`${boxed(comment.title, paint.text(comment.body), options.columns)}\n`);
    },
    waiting(waits, now) {
      for (const wait of waits.filter(isWorthALine)) {
        if (told.get(wait.item) === wait.for) continue;
        told.set(wait.item, wait.for);
        print(now, waitLine(wait, now));
      }
    },
    async abandon() {},
    async close(progress, exitCode) {
      write(closingText(progress, exitCode));
    },
  };
}

/** An API that does not answer is told once, by whichever item meets it first. */
function isKnownOutage(event: RunEvent, outages: Set<string>): boolean {
  if (event.type !== "item-retrying" && event.type !== "effect-rejected") return false;
  const { what } = event.failure;
  if (!what.includes(" does not answer since ")) return false;
  const isKnown = outages.has(what);
  outages.add(what);
  return isKnown;
}

/** A wait that keeps the machine going, not the run: the look of every minute, an edit, a renewal. */
export function isWorthALine(wait: Wait): boolean {
  return wait.item !== "monitor" && !wait.item.startsWith("edit:") && !/renewal/.test(wait.for);
}

function waitLine(wait: Wait, now: Instant): Line {
  const until = wait.deadline ?? wait.lookAt;
  const text = `waits for ${wait.for}; since ${timeOn(wait.since, now)}, until ${timeOn(until, now)}`;
  return { sign: "…", tone: "quiet", subject: nameOfItem(wait.item), text };
}

function subjectWidth(progress: Progress): number {
  const names = [
    ...progress.plan.runbook.steps.map(({ id }) => id),
    ...Object.keys(progress.plan.runbook.services).map((name) => `restore ${name}`),
  ];
  return Math.min(WIDEST_SUBJECT, Math.max(12, ...names.map(({ length }) => length)));
}
