/** What the switches brought: commit ranges, newest commit last. Titles are hostile text. */
import type { EventOf } from "../../model/event.ts";
import type { Progress } from "../../model/progress.ts";
import { otherPulls } from "../pulls.ts";
import { counted, listed, shortSha } from "../words.ts";
import { type Html, anchor, markup, nothing } from "./template.ts";

type Compared = EventOf<"commits-compared">;

export function commitsSection(progress: Progress): Html {
  const ranges = Map.groupBy(Object.values(progress.commits), ({ before, after }) => `${before ?? ""}..${after}`);
  if (ranges.size === 0) return nothing;
  const { repository } = progress.plan.runbook;
  const home = repository === undefined ? undefined : `https://github.com/${repository}`;
  return markup`<h2>Deployed commits</h2>${[...ranges.values()].map((group) => rangeOf(group, home, progress))}`;
}

function rangeOf(group: readonly Compared[], home: string | undefined, progress: Progress): Html {
  const { plan } = progress;
  const [first] = group;
  if (first === undefined) return nothing;
  const titles = first.commits.map(({ sha, title }) => markup`<li>${shaOf(sha, home)} ${title.slice(0, 200)}</li>`);
  const left = Math.max(first.aheadBy, first.commits.length) - titles.length;
  const merge = plan.pullRequest === undefined ? nothing : markup` ${MERGE[first.containsMerge]}`;
  return markup`<h3>${listed(group.map(({ service }) => service))}</h3>
    <p>${shaOf(first.after, home)}, ${sizeOf(first, home)}.${merge}</p>
    <ul class="patterns">${left > 0 ? markup`<li>${counted(left, "earlier commit")} not listed</li>` : nothing}${titles}</ul>${pullsOf(first, progress)}`;
}

function pullsOf(compared: Compared, progress: Progress): Html {
  const others = otherPulls(compared, progress);
  if (others === undefined) return nothing;
  if (others === "unknown") return markup`<p>The pull requests of these commits could not be read.</p>`;
  const { repository } = progress.plan.runbook;
  const told = others.shown.map(({ number, title }) => {
    const address = repository === undefined ? undefined : `https://github.com/${repository}/pull/${number}`;
    return markup`<li>${anchor(address, `#${number}`)} ${title.slice(0, 200)}</li>`;
  });
  const more = others.left > 0 ? markup`<li>${others.left} more</li>` : nothing;
  return markup`<p>Other pull requests that these commits bring:</p><ul class="patterns">${told}${more}</ul>`;
}

const MERGE = {
  yes: "It contains this pull request’s merge commit.",
  no: "It does NOT contain this pull request’s merge commit.",
  unknown: "Whether it contains this pull request’s merge commit is unknown.",
} as const;

function sizeOf({ before, after, status, aheadBy }: Compared, home: string | undefined): Html {
  if (before === undefined) return markup`what served before has no known commit`;
  const was = shaOf(before, home);
  if (status === "unknown") return markup`after ${was}; the two could not be compared`;
  if (status === "identical") return markup`the same commit as before`;
  const range = home && `${home}/compare/${before}...${after}`;
  return markup`${anchor(range, `${status}: ${counted(aheadBy, "commit")} since`)} ${was}`;
}

function shaOf(sha: string, home: string | undefined): Html {
  const address = home && /^[0-9a-f]{7,40}$/i.test(sha) ? `${home}/commit/${sha}` : undefined;
  return anchor(address, markup`<code>${shortSha(sha)}</code>`);
}
