/** The person at this terminal, asked over readline: shows a question once, collects typed lines, never waits for them. */
import { userInfo } from "node:os";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Question } from "../model/event.ts";
import { dateTime } from "../model/time.ts";
import type { Operator } from "../ports/operator.ts";

interface Asked {
  readonly question: Question;
  answer: string | undefined;
}

/** Reads `input` only while a question is open, so that an answered run can end. `by`: default, the login of this user. */
export function createTerminalOperator(terminal: { input: Readable; output: Writable; by?: string }): Operator {
  const by = terminal.by ?? login();
  const asked = new Map<string, Asked>();
  let open: { asked: Asked; lines: Interface } | undefined;

  const show = (question: Question): Asked => {
    open?.lines.close();
    const shown: Asked = { question, answer: undefined };
    terminal.output.write(wordsOf(question));
    const lines = createInterface({ input: terminal.input });
    lines.on("line", (line) => {
      // Lines that came in one piece with the answer still arrive: the first answer stands.
      if (shown.answer !== undefined) return;
      shown.answer = chosen(question.options, line);
      if (shown.answer === undefined) terminal.output.write(`Please type ${alternatives(question.options)}.\n`);
      else lines.close();
    });
    open = { asked: shown, lines };
    return shown;
  };

  return {
    async poll(question) {
      const shown = asked.get(question.id) ?? show(question);
      asked.set(question.id, shown);
      return shown.answer === undefined ? undefined : { answer: shown.answer, by };
    },
  };
}

function wordsOf(question: Question): string {
  const until = `without an answer until ${dateTime(question.deadline)}: ${question.fallback}`;
  return `\n${question.text}\nType ${alternatives(question.options)} (${until}).\n`;
}

/** The option that the line names in full, or of which it is the beginning and of no other; in any case. */
function chosen(options: readonly string[], line: string): string | undefined {
  const typed = line.trim().toLowerCase();
  if (typed === "") return undefined;
  const exact = options.find((option) => option.toLowerCase() === typed);
  const [begun, ...others] = options.filter((option) => option.toLowerCase().startsWith(typed));
  return exact ?? (others.length === 0 ? begun : undefined);
}

function alternatives(options: readonly string[]): string {
  return options.map((option) => `"${option}"`).join(" or ");
}

function login(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user may have no entry.
    return "operator";
  }
}
