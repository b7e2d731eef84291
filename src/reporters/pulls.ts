/** The pull requests that a deploy brings besides the one that it reports to. Formats nothing. */
import type { EventOf } from "../model/event.ts";
import type { Progress } from "../model/progress.ts";

export interface OtherPulls {
  /** Newest first. Titles are hostile text. */
  readonly shown: readonly { readonly number: number; readonly title: string }[];
  readonly left: number;
}

/** More would be a list that nobody reads. */
const MOST_SHOWN = 8;

/** "unknown": there are commits, and GitHub could not be asked about all of them. Undefined: there is nothing to tell. */
export function otherPulls(
  { pulls, commits }: EventOf<"commits-compared">,
  { plan }: Progress,
): OtherPulls | "unknown" | undefined {
  if (pulls === undefined) return commits.length === 0 ? undefined : "unknown";
  const others = pulls.filter(({ number }) => number !== plan.pullRequest);
  if (others.length === 0) return undefined;
  return { shown: others.slice(0, MOST_SHOWN), left: Math.max(0, others.length - MOST_SHOWN) };
}
