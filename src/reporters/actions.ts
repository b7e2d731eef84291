/** The log of a GitHub Actions job: plain lines in a group per phase, an annotation for what went wrong, and the step's summary. */
import type { RunEvent } from "../model/event.ts";
import type { Progress } from "../model/progress.ts";
import { type Annotation, annotationOf } from "./annotations.ts";
import { createLinesScreen } from "./lines.ts";
import { createPaint } from "./paint.ts";
import { type PhaseName, phaseOf } from "./phases.ts";
import { latestComment } from "./posts.ts";
import type { Screen, ScreenOptions } from "./screen-model.ts";
import { workflowCommand } from "./workflow-command.ts";

/** GitHub shows ten annotations of a level for a step, the first ones. */
const MOST = 10;

const TITLES: Partial<Readonly<Record<PhaseName, string>>> = {
  steps: "Deploy",
  monitoring: "Watch",
  rollback: "Roll back",
};

export function createActionsScreen(options: ScreenOptions): Screen {
  const paint = createPaint(options);
  const told = { error: new Set<string>(), warning: new Set<string>() };
  let phase: PhaseName | undefined;
  /** Opened by its first words, so that none is empty. */
  let group: { readonly title: string; isOpen: boolean } | undefined;

  const command = (...words: Parameters<typeof workflowCommand>): void => {
    options.stdout.write(workflowCommand(...words));
  };
  const lines = createLinesScreen(options, () => {
    if (group === undefined || group.isOpen) return;
    command("group", paint.text(group.title));
    group.isOpen = true;
  });
  const leave = (): void => {
    if (group?.isOpen === true) command("endgroup");
    group = undefined;
  };
  /** What nobody may overlook stands outside of any group: a question, and the end. */
  const enter = (progress: Progress): void => {
    const next = progress.paused === undefined ? phaseOf(progress) : "over";
    if (next === phase) return;
    leave();
    phase = next;
    const title = TITLES[next];
    if (title !== undefined) group = { title: `${title} ${progress.plan.runbook.name}`, isOpen: false };
  };
  /** The same words once: a minute's look and the checkpoint after it often agree. */
  const annotate = ({ level, title, text }: Annotation): void => {
    if (told[level].has(text) || told[level].size >= MOST) return;
    told[level].add(text);
    command(level, paint.text(text), { title: paint.text(title) });
  };

  return {
    begin(progress) {
      lines.begin(progress);
      enter(progress);
    },
    event(event: RunEvent, progress) {
      // The last line of a phase is its own; the first line of a rollback or a question opens the next one.
      if (OPENS.has(event.type)) enter(progress);
      lines.event(event, progress);
      const annotation = annotationOf(event);
      if (annotation !== undefined) annotate(annotation);
      enter(progress);
    },
    waiting: (waits, now) => lines.waiting(waits, now),
    async abandon() {
      leave();
      await lines.abandon();
    },
    async close(progress, exitCode) {
      leave();
      await lines.close(progress, exitCode);
      await options.summarize?.(latestComment(progress));
    },
  };
}

const OPENS: ReadonlySet<RunEvent["type"]> = new Set(["question-asked", "rollback-decided"]);
