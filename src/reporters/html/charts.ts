/** The charts of a service as figures: each drawing with its caption, its legend and its numbers. Draws nothing itself. */
import { MINUTE, formatDuration } from "../../model/time.ts";
import type { Verdict } from "../../model/verdict.ts";
import { timeOn } from "../words.ts";
import { type Mark, minutesDrawing, numberText } from "./minutes-drawing.ts";
import { type View, type WatchedMinutes, bucketsOf, isSilent, usualOf, viewsOf } from "./minutes.ts";
import type { Plot } from "./plot.ts";
import { tableOf } from "./table.ts";
import { type Html, markup } from "./template.ts";

/** `verdict` is the service's: only of a bad one are errors drawn in its colour. */
export function chartsOf(plot: Plot, watched: WatchedMinutes, marks: readonly Mark[], verdict: Verdict): Html {
  if (isSilent(watched)) return silence(watched);
  return markup`${viewsOf(watched).map((view) => figure(plot, watched, view, marks, verdict))}`;
}

function silence({ counts, after, before, check }: WatchedMinutes): Html {
  const span = (minutes: readonly unknown[]): string => formatDuration(minutes.length * MINUTE);
  return markup`<p class="soft">${check}: none (${counts}) in ${span(after.errors)} watched, none in ${span(before.errors)} before; there is nothing to draw.${after.requests === undefined ? " Requests are not measured here, so silence alone proves nothing." : ""}</p>`;
}

function figure(plot: Plot, watched: WatchedMinutes, view: View, marks: readonly Mark[], verdict: Verdict): Html {
  const buckets = bucketsOf(watched, view);
  const unit = view.bucketMinutes === 1 ? "per minute" : `per minute, mean of ${view.bucketMinutes} minutes`;
  const hasRequests = buckets.some(({ requests }) => requests !== undefined);
  const panel = (what: "errors" | "requests", title: string, height: number): Html =>
    markup`<figcaption><b>${title}</b> ${unit}</figcaption>${minutesDrawing(plot, { watched, view, buckets, marks, verdict, what, title, height })}`;
  return markup`<figure><h4>${view.title}</h4>
    ${panel("errors", `Errors (${watched.counts})`, 170)}
    ${hasRequests ? panel("requests", "Requests", 130) : markup`<p class="soft">Requests are not measured here.</p>`}
    ${legend()}
    ${numbers(watched, view)}</figure>`;
}

function legend(): Html {
  const key = (sample: string, word: string): Html => markup`<span>${sampleOf(sample)}${word}</span>`;
  return markup`<p class="legend">${key("usual", "baseline: mean, and nine of ten of its minutes")}${key("window", "switch window, not judged")}${key("unread", "not read")}</p>`;
}

function sampleOf(kind: string): Html {
  if (kind === "usual")
    return markup`<svg viewBox="0 0 20 12" aria-hidden="true"><rect width="20" height="12" fill="var(--band)"/><path d="M0 6H20" stroke="var(--accent)" stroke-dasharray="4,3"/></svg>`;
  if (kind === "window")
    return markup`<svg viewBox="0 0 20 12" aria-hidden="true"><rect width="20" height="12" fill="var(--accent)" fill-opacity="0.16"/><path d="M12 0V12" stroke="var(--accent)" stroke-width="1.8"/></svg>`;
  return markup`<svg viewBox="0 0 20 12" aria-hidden="true"><rect width="20" height="12" fill="var(--line)" fill-opacity="0.6"/></svg>`;
}

/** The chart as numbers, in fewer and longer steps. */
function numbers(watched: WatchedMinutes, view: View): Html {
  const span = view.until - view.from;
  const bucketMinutes = Math.max(
    view.bucketMinutes,
    [1, 5, 15, 30, 60, 120, 240].find((size) => span / size <= 50) ?? 480,
  );
  const rows = bucketsOf(watched, { ...view, bucketMinutes })
    .filter(({ end }) => end > view.from)
    .map(({ from, start, end, errors, requests }) => [
      `${timeOn(from, watched.switchedAt).slice(0, -3)}${start <= 0 && end > 0 ? " (switch)" : ""}`,
      errors === undefined ? "not read" : numberText(errors),
      requests === undefined ? "not read" : numberText(requests),
    ]);
  const usual = usualOf(watched, "errors", bucketMinutes);
  const caption = `Per minute, in steps of ${formatDuration(bucketMinutes * MINUTE)}; the baseline's mean: ${usual === undefined ? "unknown" : numberText(usual.mean)} errors`;
  const columns = [
    { title: "From (UTC)" },
    { title: "Errors", kind: "number" } as const,
    { title: "Requests", kind: "number" } as const,
  ];
  return markup`<details class="no-print"><summary>The numbers</summary>${tableOf({ caption, columns, rows, narrow: "scroll" })}</details>`;
}
