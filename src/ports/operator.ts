/** The person at the terminal, where there is one: asked without waiting for the answer. */
import type { Question } from "../model/event.ts";
import type { Instant } from "../model/time.ts";

export interface Operator {
  /** Shows the question once and returns what was answered so far: one of `question.options`, or undefined. */
  poll(question: Question, now: Instant): Promise<{ answer: string; by: string } | undefined>;
}
