/** The live screen of a person at a terminal: a task list per phase. It only shows; times come from the run, never from here. */
import type { RunEvent } from "../model/event.ts";
import type { Progress } from "../model/progress.ts";
import { type Instant, formatDuration, msBetween } from "../model/time.ts";
import type { Wait } from "../model/wait.ts";
import { deliveredComment, type Delivered } from "./delivered.ts";
import { hanging } from "./display-width.ts";
import { plainLine } from "./escape.ts";
import { linesOf } from "./event-lines.ts";
import { isWorthALine } from "./lines.ts";
import { boxed, createPaint } from "./paint.ts";
import { type PhaseName, type Promised, phaseOf, rowsOf } from "./phases.ts";
import { currentJudgement } from "./report.ts";
import type { Screen, ScreenOptions } from "./screen-model.ts";
import { sparks } from "./sparkline.ts";
import { closingText, openingText } from "./status.ts";
import { TaskList } from "./task-list.ts";
import { VERDICT_WORD, time, timeOn } from "./words.ts";

/** Told between the lists, where rows have no place for them. */
const SPOKEN = new Set([
  "rollback-decided",
  "rollback-widened",
  "question-asked",
  "question-answered",
  "service-superseded",
  "run-paused",
  "post-abandoned",
]);

export function createTerminalScreen(options: ScreenOptions): Screen {
  const paint = createPaint(options);
  const comments = new Map<string, Delivered>();
  let phase: PhaseName | undefined;
  let list: TaskList | undefined;
  let shown: Progress | undefined;
  let promised: Promised | undefined;
  const entered = new Set<PhaseName>();
  /** Everything that is written, in order: a list is drawn to its end before the next words. */
  let drawn: Promise<void> = Promise.resolve();

  const say = (text: string): void => {
    drawn = drawn.then(() => void options.stdout.write(paint.text(text)));
  };
  const enter = (next: PhaseName, progress: Progress): void => {
    // A list that is taken up again, after a question, shows only what is still to come.
    const rows = rowsOf(next, progress, promised).filter(({ state }) => state === "open" || !entered.has(next));
    phase = next;
    entered.add(next);
    if (rows.length === 0) return;
    const started = new TaskList(rows, { ...options, paint });
    list = started;
    drawn = drawn.then(() => started.run());
    started.update(rows);
  };
  const leave = (): void => {
    list?.end();
    list = undefined;
  };

  return {
    begin(progress) {
      shown = progress;
      // An ellipsis is three columns in ASCII.
      say(openingText(progress, options.columns - (options.unicode ? 0 : 2)));
      enter(phaseOf(progress), progress);
    },
    event(event, progress) {
      shown = progress;
      if (phase !== undefined) list?.update(rowsOf(phase, progress, promised));
      const next = progress.paused === undefined ? phaseOf(progress) : "over";
      if (next !== phase) leave();
      if (SPOKEN.has(event.type)) {
        const words = spoken(event, progress, options.columns);
        if (list === undefined) say(`${words.body}\n`);
        else comments.set(words.key, words);
      }
      // What follows an answer is not known yet: a rollback, or going on as before.
      if (next !== phase && event.type !== "question-answered") enter(next, progress);
      const comment = options.showComments ? deliveredComment(event, progress) : undefined;
      if (comment !== undefined) comments.set(comment.key, comment);
    },
    waiting(waits, now) {
      if (shown !== undefined && shown.paused === undefined && phaseOf(shown) !== phase) enter(phaseOf(shown), shown);
      promised = promiseOf(waits) ?? promised;
      if (phase !== undefined && shown !== undefined) list?.update(rowsOf(phase, shown, promised));
      for (const [index, wait] of waits.filter(isWorthALine).entries()) {
        const production = index === 0 && shown !== undefined ? productionLines(shown, wait, options.columns) : [];
        list?.wait(wait.item, [...production, waitText(wait, now)].join("\n"));
      }
    },
    async abandon() {
      leave();
      await drawn;
    },
    async close(progress, exitCode) {
      leave();
      for (const { title, body } of comments.values())
        say(`${title === "" ? body : boxed(title, paint.text(body), options.columns)}\n`);
      say(closingText(progress, exitCode, options.columns));
      await drawn;
    },
  };
}

function promiseOf(waits: readonly Wait[]): Promised | undefined {
  const wait = waits.find(({ item }) => item.startsWith("checkpoint:"));
  return wait === undefined ? undefined : { name: wait.item.slice("checkpoint:".length), at: wait.lookAt };
}

/** How what has switched does, beside what is waited for; a checkpoint's row has the verdict in its title. */
function productionLines(progress: Progress, { item }: Wait, columns: number): readonly string[] {
  const judged = currentJudgement(progress);
  if (item.startsWith("checkpoint:")) return sparksOf(progress, 1);
  if (judged === undefined || !item.startsWith("step:")) return [];
  const now = `production now: ${VERDICT_WORD[judged.verdict]} since ${time(judged.at)}, ${judged.reason}`;
  return [plainLine(now, Math.max(40, columns - LIST_INDENT)), ...sparksOf(progress, 1)];
}

function sparksOf(progress: Progress, most: number): readonly string[] {
  return sparks(currentJudgement(progress)?.results ?? [], most).map(({ subject, drawn, told }) =>
    plainLine(`${subject} errors/min ${drawn} ${told}`),
  );
}

/** With a question come the errors that it is about. */
function spoken(event: RunEvent, progress: Progress, width: number): Delivered {
  const said = linesOf(event, progress).flatMap(({ sign, subject, text }, index) =>
    hanging(index === 0 ? `${time(event.at)}  ` : SAME_TIME, plainLine(`${sign.trim()} ${subject}  ${text}`), width),
  );
  const errors =
    event.type === "question-asked" ? sparksOf(progress, 3).flatMap((line) => hanging(SAME_TIME, line, width)) : [];
  return { key: `said:${event.seq}`, title: "", body: [...said, ...errors].join("\n") };
}

/** What a list puts before a row's own words. */
const LIST_INDENT = 6;
const SAME_TIME = " ".repeat("04:00:00  ".length);

/** "since 04:00:05, until 04:25:03; 12m left"; a checkpoint counts down to its moment. */
function waitText(wait: Wait, now: Instant): string {
  const until = wait.deadline ?? wait.lookAt;
  const left = msBetween(now, until);
  return plainLine(
    `since ${timeOn(wait.since, now)}, until ${timeOn(until, now)} UTC; ${left > 0 ? `${formatDuration(left)} left` : "due"} at ${time(now)}`,
  );
}
