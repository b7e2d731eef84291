/** Which events a GitHub Actions run is annotated with: what failed, was refused, or could not be known. Plain text, unescaped. */
import type { RunEvent } from "../model/event.ts";
import type { Verdict } from "../model/verdict.ts";
import { nameOfItem } from "./event-lines.ts";
import { reasonOf } from "./headline.ts";
import { VERDICT_WORD } from "./words.ts";

export interface Annotation {
  readonly level: "error" | "warning";
  readonly title: string;
  /** May have lines. */
  readonly text: string;
}

export function annotationOf(event: RunEvent): Annotation | undefined {
  switch (event.type) {
    case "checkpoint-judged":
      return ofVerdict(event.verdict, `T+${event.checkpoint}`, reasonOf(event.verdict, event.results));
    case "production-judged":
      // Between checkpoints not to know yet is no news.
      return event.verdict === "inconclusive"
        ? undefined
        : ofVerdict(event.verdict, "production", reasonOf(event.verdict, event.results));
    case "item-refused":
      return event.verdict === undefined
        ? { level: "error", title: `${nameOfItem(event.item)} refused`, text: event.because }
        : ofVerdict(event.verdict, nameOfItem(event.item), event.because);
    case "item-failed": {
      const { what, state, next } = event.failure;
      const text = [what, state, next].filter((each) => each !== undefined).join("\n");
      return { level: "error", title: `${nameOfItem(event.item)} failed`, text };
    }
    case "service-superseded": {
      const text = `serves ${event.serving}; this run deployed ${event.expected}`;
      return { level: "warning", title: `${event.service} superseded`, text };
    }
    case "run-paused":
      return { level: "warning", title: "paused", text: `${event.because}\nrunbook resume ${event.run}` };
    case "post-abandoned":
      return { level: "warning", title: `${event.post} not told`, text: event.failure.what };
    case "commits-compared":
    case "effect-done":
    case "effect-intended":
    case "effect-rejected":
    case "item-done":
    case "item-retrying":
    case "item-skipped":
    case "item-started":
    case "item-waiting":
    case "question-answered":
    case "question-asked":
    case "rollback-decided":
    case "rollback-widened":
    case "run-finished":
    case "run-planned":
    case "run-resumed":
    case "service-restored":
    case "service-switched":
    case "services-held":
    case "services-locked":
    case "services-unlocked":
      return undefined;
  }
}

function ofVerdict(verdict: Verdict, subject: string, text: string): Annotation | undefined {
  if (verdict === "pass") return undefined;
  return { level: verdict === "fail" ? "error" : "warning", title: `${VERDICT_WORD[verdict]} · ${subject}`, text };
}
