/** One phase of a run as a listr2 list that only draws: rows are pushed in, nothing is run, retried or rolled back by it. */
import type { Writable } from "node:stream";
import {
  DefaultRenderer,
  Listr,
  ListrLogger,
  type ListrTask,
  type ListrTaskWrapper,
  ProcessOutput,
  Spinner,
} from "listr2";
import type { Paint } from "./paint.ts";
import type { Row } from "./phases.ts";

/** Listr looks at this process's own stdout to choose a renderer; the choice has been made already. */
class DrawnAnywhere extends DefaultRenderer {
  static override nonTTY = true;
}

type Wrapper = ListrTaskWrapper<object, typeof DefaultRenderer, typeof DefaultRenderer>;

interface Entry {
  row: Row;
  output: string;
  task: Wrapper | undefined;
  readonly ended: PromiseWithResolvers<void>;
}

type Task = ListrTask<object, typeof DefaultRenderer>;

export interface TaskListOptions {
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly unicode: boolean;
  readonly paint: Paint;
}

export class TaskList {
  readonly #entries: Map<string, Entry>;
  readonly #paint: Paint;
  readonly #options: TaskListOptions;

  constructor(rows: readonly Row[], options: TaskListOptions) {
    this.#paint = options.paint;
    this.#entries = new Map(
      rows.map((row) => [row.key, { row, output: "", task: undefined, ended: Promise.withResolvers<void>() }]),
    );
    this.#options = options;
  }

  /** Draws until every row has ended. Nothing is built before: listr keeps hold of the stream's write from then on. */
  async run(): Promise<void> {
    const tasks = grouped([...this.#entries.values()]).map((entries) => {
      const [first] = entries;
      return entries.length === 1 && first !== undefined ? this.#taskOf(first) : this.#groupOf(entries);
    });
    const listr = new Listr<object, typeof DefaultRenderer, typeof DefaultRenderer>(tasks, {
      concurrent: false,
      exitOnError: false,
      registerSignalListeners: false,
      renderer: DrawnAnywhere,
      rendererOptions: rendererOptions(this.#options),
    });
    await listr.run();
  }

  #taskOf(entry: Entry): Task {
    return {
      title: this.#text(entry.row.title),
      task: (_context, task) => this.#follow(entry, task),
    };
  }

  /** Its rows are live all at once, as the steps are. */
  #groupOf(entries: readonly Entry[]): Task {
    return {
      title: this.#text("side by side"),
      task: (_context, task) =>
        task.newListr(
          entries.map((entry) => this.#taskOf(entry)),
          { concurrent: true, exitOnError: false, rendererOptions: { collapseSubtasks: false } },
        ),
    };
  }

  update(rows: readonly Row[]): void {
    for (const row of rows) {
      const entry = this.#entries.get(row.key);
      if (entry === undefined) continue;
      if (entry.row.title !== row.title) entry.output = "";
      entry.row = row;
      this.#show(entry);
      if (row.state !== "open") entry.ended.resolve();
    }
  }

  /** What a row waits for, under its title. */
  wait(key: string, text: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.output = text;
    this.#show(entry);
  }

  /** Ends the list; rows that have not ended are drawn as not reached. */
  end(): void {
    for (const entry of this.#entries.values()) {
      if (entry.row.state === "open") {
        entry.row = { ...entry.row, state: "skipped" };
      }
      entry.ended.resolve();
    }
  }

  async #follow(entry: Entry, task: Wrapper): Promise<void> {
    entry.task = task;
    this.#show(entry);
    if (entry.row.state === "open") await entry.ended.promise;
    const title = this.#text(entry.row.title);
    if (entry.row.state === "failed") throw new Error(title);
    if (entry.row.state === "skipped") task.skip(title);
    else task.title = title;
  }

  #show(entry: Entry): void {
    if (entry.task === undefined || entry.row.state !== "open") return;
    entry.task.title = this.#text(entry.row.title);
    if (entry.output !== "") entry.task.output = this.#text(entry.output);
  }

  #text(text: string): string {
    return this.#paint.text(text);
  }
}

/** Each row by itself, and the rows of a group together. */
function grouped(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const groups: Entry[][] = [];
  for (const entry of entries) {
    const last = groups.at(-1);
    const isBeside = entry.row.group !== undefined && last?.[0]?.row.group === entry.row.group;
    if (isBeside) last?.push(entry);
    else groups.push([entry]);
  }
  return groups;
}

const LEVELS = [
  ["SKIPPED_WITH_COLLAPSE", "-", "quiet"],
  ["SKIPPED_WITHOUT_COLLAPSE", "-", "quiet"],
  ["OUTPUT", ">", "quiet"],
  ["OUTPUT_WITH_BOTTOMBAR", ">", "quiet"],
  ["PENDING", "*", "doubt"],
  ["COMPLETED", "+", "good"],
  ["COMPLETED_WITH_FAILED_SUBTASKS", "!", "doubt"],
  ["COMPLETED_WITH_SISTER_TASKS_FAILED", ".", "plain"],
  ["RETRY", "!", "doubt"],
  ["ROLLING_BACK", "!", "bad"],
  ["ROLLED_BACK", "<", "bad"],
  ["FAILED", "x", "bad"],
  ["FAILED_WITH_SUBTASKS", "x", "bad"],
  ["WAITING", ".", "quiet"],
  ["PAUSED", ".", "doubt"],
  ["CANCELLED", "x", "bad"],
] as const;

/** Listr's own colours ignore whose terminal it is: every level is painted by ours. */
function rendererOptions(options: TaskListOptions): ConstructorParameters<typeof DefaultRenderer>[1] {
  const color = Object.fromEntries(
    LEVELS.map(([level, , tone]) => [level, (text?: string) => options.paint.tone(tone, text ?? "")]),
  );
  const icon = options.unicode ? {} : Object.fromEntries(LEVELS.map(([level, sign]) => [level, sign]));
  const spinner = new Spinner();
  if (!options.unicode) Object.assign(spinner, { spinner: ["-", "\\", "|", "/"] });
  return {
    logger: new ListrLogger({
      useIcons: true,
      toStderr: [],
      // A Writable with columns is all that listr asks of its streams.
      processOutput: new ProcessOutput(options.stdout as NodeJS.WriteStream, options.stderr as NodeJS.WriteStream),
    }),
    spinner,
    color,
    icon,
    collapseErrors: true,
    collapseSkips: true,
    formatOutput: "wrap",
  };
}
