/** Each service of a run: what served before and since, its charts, its checks, its patterns, and how it was put back. */
import type { Progress } from "../../model/progress.ts";
import type { Instant } from "../../model/time.ts";
import type { CheckResult, Verdict } from "../../model/verdict.ts";
import { worstVerdict } from "../../model/verdict.ts";
import type { Report, ServiceReport } from "../report-model.ts";
import { clockOn, shortImage, shortSha, tPlus, timeOn } from "../words.ts";
import { chartsOf } from "./charts.ts";
import { checksTable } from "./checks.ts";
import { type Fact, factsList } from "./headline.ts";
import { verdictWord } from "./marks.ts";
import type { Mark } from "./minutes-drawing.ts";
import type { WatchedMinutes } from "./minutes.ts";
import { patternsOf } from "./patterns.ts";
import type { Plot } from "./plot.ts";
import { type Html, markup, nothing } from "./template.ts";

interface Judgement {
  readonly verdict: Verdict;
  readonly results: readonly CheckResult[];
  readonly at: Instant;
}

export function servicesSection(
  plot: Plot,
  progress: Progress,
  report: Report,
  judged: Judgement | undefined,
  watched: readonly WatchedMinutes[],
): Html {
  const marks = marksOf(progress);
  const results = judged?.results ?? [];
  const day = judged?.at ?? report.asOf;
  const rest = results.filter(({ service }) => service === undefined);
  const whole =
    rest.length === 0
      ? nothing
      : markup`<section class="service"><header><h3>For the whole run</h3>${wordOf(rest)}</header>${checksTable(rest, day, "Checks that belong to no one service")}</section>`;
  const sections = report.services.map((service) => {
    const own = results.filter((result) => result.service === service.name);
    const charts = watched
      .filter((each) => each.service === service.name)
      .map((each) => chartsOf(plot, each, marks, worstOf(own)));
    return markup`<section class="service"><header><h3>${service.name}</h3>${own.length === 0 ? nothing : wordOf(own)}<span class="soft">${service.platform}</span></header>
      ${serviceFacts(service, report, day)}
      <div class="figures">${charts}</div>
      ${checksTable(own, day, `Checks of ${service.name} at ${timeOn(day, report.startedAt)} UTC`)}
      ${patternsOf(own)}</section>`;
  });
  return markup`<h2>Services</h2>${sections}${whole}`;
}

function wordOf(results: readonly CheckResult[]): Html {
  return verdictWord(worstOf(results));
}

function worstOf(results: readonly CheckResult[]): Verdict {
  return worstVerdict(results.map(({ verdict }) => verdict));
}

/** Verdicts at their true times: the checkpoints, and the last look where it failed. */
function marksOf({ checkpoints, production }: Progress): readonly Mark[] {
  const published = Object.values(checkpoints).map(({ checkpoint, at, verdict }) => ({
    name: `T+${checkpoint}`,
    at,
    verdict,
  }));
  if (production === undefined || production.verdict !== "fail") return published;
  return [...published, { name: "FAIL", at: production.at, verdict: production.verdict }];
}

function serviceFacts(service: ServiceReport, report: Report, day: Instant): Html {
  const { switchedAt, share, after, restored, restoreFailed, supersededBy, commit } = service;
  const image = after === undefined || restored !== undefined ? service.beforeImages : service.images;
  const rows: readonly Fact[] = [
    ["Before", markup`<code>${service.before}</code>`],
    [after === undefined ? "Serves" : "Deployed", after === undefined ? "as before" : markup`<code>${after}</code>`],
    switchedAt === undefined
      ? ["Switched (T0)", "not switched"]
      : share !== undefined
        ? ["Serves", `${share} % of the traffic since ${timeOn(switchedAt, report.startedAt)} UTC`]
        : ["Switched (T0)", `${timeOn(switchedAt, report.startedAt)} UTC; ${tPlus(switchedAt, day)} when judged`],
    ...(image.length === 0
      ? []
      : [
          [
            "Image",
            markup`<code>${image.slice(0, 4).map(shortImage).join(", ")}</code>${commit === undefined ? "" : ` at ${shortSha(commit)}`}`,
          ] as const,
        ]),
    ...(supersededBy === undefined ? [] : [["Superseded by", markup`<code>${supersededBy}</code>`] as const]),
    restored === undefined
      ? [service.canBeRestored ? "Restorable" : "Not restorable", service.restorable, "long"]
      : [
          "Restored and verified",
          markup`${clockOn(restored.at, report.startedAt)}: serves <code>${restored.serving}</code><ul>${restored.remarks.map((remark) => markup`<li>${remark}</li>`)}</ul>`,
          "long",
        ],
    ...(restoreFailed === undefined ? [] : [["Could not be restored", restoreFailed] as const]),
    ...(service.held ? [["Hold", "until it is released"] as const] : []),
  ];
  return factsList(rows, "small");
}
