/** Which comment an event says was just delivered, as a box for people who rehearse; decides nothing about delivery. */
import type { RunEvent } from "../model/event.ts";
import type { Progress } from "../model/progress.ts";
import { commentBodies } from "./posts.ts";

export interface Delivered {
  readonly key: string;
  readonly title: string;
  readonly body: string;
}

/** Not the progress comment's first words and edits: it is shown when the run is over. */
export function deliveredComment(event: RunEvent, progress: Progress): Delivered | undefined {
  if (event.type !== "effect-done" || !event.item.startsWith("post:comment:")) return undefined;
  const key = event.item.slice("post:".length);
  const isEdit = event.effect.includes("/edit:");
  const isLast = progress.finished !== undefined;
  if (key === "comment:progress" || (isEdit && !isLast)) return undefined;
  const comment = commentBodies(progress).find((each) => each.key === key);
  if (comment === undefined) return undefined;
  const where = progress.plan.pullRequest === undefined ? "" : ` on pull request #${progress.plan.pullRequest}`;
  return { key, title: `${isEdit ? "comment edited" : "comment"}${where}: ${key}`, body: shown(comment.body) };
}

/** The body is ours and escaped already; its charts say nothing on a terminal, and queries in addresses even less. */
function shown(body: string): string {
  const charts = /<details><summary>Errors per minute<\/summary>[\s\S]*?<\/details>/g;
  return body
    .replace(charts, "(folded: errors per minute, as a chart and a table)")
    .replaceAll(/\]\((https?:\/\/[^/)]+)\/[^)]{30,}\)/g, "]($1/…)");
}
