/** What a person is told of each event, in a line or a few; events that only matter to the machine give none. */
import type { EventOf, RunEvent } from "../model/event.ts";
import { type ServiceSwitch, shareOf } from "../model/service.ts";
import type { Progress } from "../model/progress.ts";
import { formatDuration, msBetween, MINUTE } from "../model/time.ts";
import type { CheckResult, Verdict } from "../model/verdict.ts";
import { reasonOf } from "./headline.ts";
import type { Tone } from "./paint.ts";
import { VERDICT_WORD, clockOn, counted, listed, shortSha, time, withTimesSign } from "./words.ts";
import { otherPulls } from "./pulls.ts";

/** Plain text, still unescaped. */
export interface Line {
  readonly sign: string;
  readonly tone: Tone;
  readonly subject: string;
  readonly text: string;
}

/** `after` is the run's progress with this event in it. */
export function linesOf(event: RunEvent, after: Progress): readonly Line[] {
  switch (event.type) {
    case "run-planned":
      return scheduledLines(event);
    case "services-locked":
    case "services-unlocked":
    case "item-waiting":
      return [];
    case "item-started":
      return isShown(event.item) ? [line("▸", "quiet", event.item, usesOf(event.item, after))] : [];
    case "item-done":
      if (event.item.startsWith("abandon:") && event.summary !== "called off") {
        return [line("!", "doubt", event.item, event.summary)];
      }
      return event.item.startsWith("step:")
        ? [line("✓", "good", event.item, event.summary + tookOf(event, after))]
        : [];
    case "item-refused":
      return refusalLines(event);
    case "item-skipped":
      return [line("–", "quiet", event.item, `skipped: ${event.because}`)];
    case "item-retrying":
      return [
        line(
          "!",
          "doubt",
          event.item,
          `${event.failure.what}; again at ${time(event.retryAt)}, attempt ${event.attempt + 1}`,
        ),
      ];
    case "item-failed":
      return failureLines(event);
    case "effect-intended":
      return event.item.startsWith("step:") ? [line("→", "plain", event.item, event.what)] : [];
    case "effect-done":
      return event.found && isShown(event.item)
        ? [line("→", "plain", event.item, "it had been done: found in the world after a doubt")]
        : deliveredLines(event);
    case "effect-rejected":
      return [line("!", "doubt", event.item, `it certainly did not happen: ${event.failure.what}`)];
    case "service-switched":
      return [line("⇄", "good", event.change.service, servesText(event.change))];
    case "commits-compared":
      return [line("·", "plain", event.service, commitsText(event, after))];
    case "service-superseded":
      return [
        line("✗", "doubt", event.service, `superseded: serves ${event.serving}, this run deployed ${event.expected}`),
      ];
    case "production-judged":
      return [
        line(signOf(event.verdict), toneOf(event.verdict), "production", judgedText(event.verdict, event.results)),
      ];
    case "checkpoint-judged":
      return checkpointLines(event, after);
    case "question-asked":
      return questionLines(event);
    case "question-answered":
      return [line("·", "plain", "answer", `${event.answer}, by ${event.by}`)];
    case "rollback-decided":
      return [line("!", "bad", "rollback", `${event.because}: restoring ${listed(event.services)}`)];
    case "rollback-widened":
      return [line("!", "bad", "rollback", `changed behind it: restoring ${listed(event.services)}, too`)];
    case "service-restored":
      return [
        line("✓", "good", event.service, `restored and verified: serves ${event.serving} since ${time(event.at)} UTC`),
        ...event.remarks.map((remark) => line("!", "doubt", event.service, remark)),
      ];
    case "services-held":
      return [
        line(
          "·",
          "plain",
          "hold",
          `on ${listed(event.services)}: ${event.because}; \`runbook release ${after.plan.runbook.name}\` lifts it`,
        ),
      ];
    case "run-paused":
      return [line("!", "doubt", "paused", `${event.because}; \`runbook resume ${event.run}\` carries on`)];
    case "run-resumed":
      return [line("▸", "plain", "resumed", `by ${event.by}`)];
    case "run-finished":
      return [
        line(
          event.outcome === "completed" ? "✓" : "✗",
          event.outcome === "completed" ? "good" : "bad",
          "finished",
          `${event.outcome}: ${event.because}`,
        ),
      ];
    case "post-abandoned":
      return [line("!", "doubt", event.post, `could not be delivered: ${event.failure.what}`)];
  }
}

/** "deploy-backend" of "step:deploy-backend". */
export function nameOfItem(item: string): string {
  return item.replace(/^(step|restore|checkpoint|question|post):/, (_, kind: string) =>
    kind === "restore" ? "restore " : kind === "checkpoint" ? "T+" : "",
  );
}

/** Deliveries, looks and checkpoints speak through events of their own. */
function isShown(item: string): boolean {
  return item.startsWith("step:") || item.startsWith("restore:");
}

function line(sign: string, tone: Tone, item: string, text: string): Line {
  return { sign, tone, subject: nameOfItem(item), text: withTimesSign(text) };
}

function usesOf(item: string, progress: Progress): string {
  const step = progress.plan.runbook.steps.find(({ id }) => item === `step:${id}`);
  if (step !== undefined) return [step.uses, ...step.services].join(" ");
  const service = progress.switched[item.replace(/^restore:/, "")];
  return service === undefined ? "" : `to ${service.from}`;
}

function tookOf(event: EventOf<"item-done">, after: Progress): string {
  const startedAt = after.items[event.item]?.startedAt;
  const ms = startedAt === undefined ? 0 : msBetween(startedAt, event.at);
  return ms < 1_000 || / in \d/.test(event.summary) ? "" : ` (${formatDuration(ms)})`;
}

function failureLines(event: EventOf<"item-failed">): readonly Line[] {
  const { what, state, next } = event.failure;
  const rest = [state, next].flatMap((text) => (text === undefined ? [] : [line(" ", "plain", "", text)]));
  return [line("✗", "bad", event.item, what), ...rest];
}

/** A reason may bring lines of its own along: the last words of a program or of a workflow's job. */
function refusalLines(event: EventOf<"item-refused">): readonly Line[] {
  const [because = "", ...words] = event.because.split("\n");
  return [
    line("✗", event.verdict === "fail" ? "bad" : "doubt", event.item, because),
    ...words.map((text) => line(" ", "quiet", "", `│ ${text}`)),
  ];
}

function deliveredLines(event: EventOf<"effect-done">): readonly Line[] {
  if (!event.item.startsWith("post:") || event.effect.includes("/edit:")) return [];
  return [line("·", "quiet", "told", event.item.slice("post:".length).replaceAll(":", " "))];
}

function commitsText(event: EventOf<"commits-compared">, after: Progress): string {
  const range =
    event.before === undefined ? shortSha(event.after) : `${shortSha(event.before)}..${shortSha(event.after)}`;
  const size =
    event.status === "unknown" ? "could not be compared" : `${event.status}, ${counted(event.aheadBy, "commit")}`;
  const merge = {
    yes: "contains the merge commit",
    no: "does NOT contain the merge commit",
    unknown: "whether it contains the merge commit is unknown",
  };
  const others = otherPulls(event, after);
  const brought =
    others === undefined || others === "unknown"
      ? ""
      : `; brings ${others.shown.map(({ number }) => `#${number}`).join(", ")}${others.left > 0 ? " …" : ""} too`;
  return `deployed ${range} (${size})${brought}; ${merge[event.containsMerge]}`;
}

function judgedText(verdict: Verdict, results: readonly CheckResult[]): string {
  return `${VERDICT_WORD[verdict]}: ${reasonOf(verdict, results)}`;
}

/** A deploy opens with words of its own. */
function scheduledLines({ plan, at }: EventOf<"run-planned">): readonly Line[] {
  const { scheduled } = plan;
  if (scheduled === undefined) return [];
  const { missed, missedInAll } = scheduled;
  const more = missedInAll > missed.length ? `, and ${missedInAll - missed.length} before` : "";
  const what = `check of ${plan.runbook.name} at ${clockOn(scheduled.at, at)} (${scheduled.cron}, ${scheduled.timeZone}): the last ${formatDuration(scheduled.windowMs)}`;
  return [
    line("▸", "quiet", "scheduled", what),
    ...(missed.length === 0
      ? []
      : [
          line(
            "!",
            "doubt",
            "missed",
            `${counted(missedInAll, "check")} nobody judged: ${missed.map((one) => clockOn(one, at)).join(", ")}${more}`,
          ),
        ]),
  ];
}

function checkpointLines(event: EventOf<"checkpoint-judged">, { plan }: Progress): readonly Line[] {
  const late = event.lateMs >= MINUTE ? ` (${formatDuration(event.lateMs)} late)` : "";
  const next = event.nextAt === undefined ? "" : `; next at ${clockOn(event.nextAt, event.at)}`;
  const troubled = event.results.filter(({ verdict }) => verdict !== "pass");
  const passed = event.results.length - troubled.length;
  return [
    line(
      signOf(event.verdict),
      toneOf(event.verdict),
      plan.scheduled === undefined ? `T+${event.checkpoint}` : `${plan.runbook.name} now`,
      `${judgedText(event.verdict, event.results)}${late}${next}`,
    ),
    ...troubled.map((result) => resultLine(result)),
    ...(passed > 0 && troubled.length > 0
      ? [line(" ", "quiet", "", `${counted(passed, "other check result")} passed`)]
      : []),
  ];
}

function resultLine({ verdict, check, service, value, baseline, sample, because }: CheckResult): Line {
  const where = service === undefined ? "" : ` ${service}`;
  return line(
    " ",
    toneOf(verdict),
    "",
    `${VERDICT_WORD[verdict]} ${check}${where}: ${value} (before: ${baseline}; ${sample}): ${because}`,
  );
}

function questionLines({ question, run, at }: EventOf<"question-asked">): readonly Line[] {
  return [
    line("?", "doubt", "question", question.text),
    ...question.options.map((option) => line(" ", "plain", "", `runbook answer ${run} ${option}`)),
    line(" ", "plain", "", `until ${clockOn(question.deadline, at)}, then: ${question.fallback}`),
  ];
}

export function signOf(verdict: Verdict): string {
  return { pass: "✓", warn: "!", fail: "✗", inconclusive: "?" }[verdict];
}

export function toneOf(verdict: Verdict): Tone {
  return ({ pass: "good", warn: "doubt", fail: "bad", inconclusive: "doubt" } as const)[verdict];
}

/** A share of the traffic is no T0 yet. */
function servesText(change: ServiceSwitch): string {
  const since = `since ${time(change.at)} UTC`;
  const share = shareOf(change);
  return share < 100
    ? `serves ${change.to} with ${share} % ${since}; the rest: ${change.from}`
    : `serves ${change.to} ${since} (its T0); before: ${change.from}`;
}
