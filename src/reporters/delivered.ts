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

/** The body is ours and escaped already; folded parts stay folded, and queries in addresses say nothing on a terminal. */
function shown(body: string): string {
  return body
    .replaceAll(
      /<details><summary>([^<]*)<\/summary>[\s\S]*?<\/details>/g,
      (_, title: string) => `(folded: ${title.toLowerCase()})`,
    )
    .replaceAll(/\]\((https?:\/\/[^/)]+)\/[^)]{30,}\)/g, "]($1/…)");
}
