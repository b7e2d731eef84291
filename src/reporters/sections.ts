/** The parts of a pull-request comment about evidence: services, checks, patterns of errors. Every value is escaped here. */
import { type Instant, msBetween, MINUTE } from "../model/time.ts";
import type { CheckResult, GroupFinding, Verdict } from "../model/verdict.ts";
import { codeCell, codeSpan, fence, link, prose, tableCell } from "./escape.ts";
import { table } from "./markdown.ts";
import type { Report, ServiceReport } from "./report-model.ts";
import {
  VERDICT_WORD,
  count,
  counted,
  listed,
  rate,
  shortImage,
  shortSha,
  timeOn,
  tPlus,
  withTimesSign,
} from "./words.ts";

const VERDICT_SIGN: Readonly<Record<Verdict, string>> = { pass: "✅", warn: "⚠️", fail: "❌", inconclusive: "❔" };
const SEVERITY: Readonly<Record<Verdict, number>> = { fail: 0, inconclusive: 1, warn: 2, pass: 3 };

export function verdictCell(verdict: Verdict): string {
  return `${VERDICT_SIGN[verdict]} ${VERDICT_WORD[verdict]}`;
}

/** One row per service: its own T0 and the true distance from it at `judgedAt`. */
export function servicesTable(report: Report, judgedAt?: Instant, title = "Judged at"): string {
  const hasImages = report.services.some(({ images, beforeImages }) => images.length + beforeImages.length > 0);
  const rows = report.services.map((service) => [
    codeCell(service.name),
    switchCell(service, judgedAt ?? report.asOf),
    ...(judgedAt === undefined ? [] : [distanceCell(service, judgedAt)]),
    codeCell(service.before),
    link(nowCell(service, report.halfDone), service.after === undefined ? undefined : service.console),
    ...(hasImages ? [imagesCell(service)] : []),
  ]);
  const header = ["Service", "T0 (UTC)", ...(judgedAt === undefined ? [] : [title]), "Before", "Serves now"];
  return table([...header, ...(hasImages ? ["Image"] : [])], rows);
}

function switchCell({ switchedAt, share }: ServiceReport, day: Instant): string {
  if (switchedAt === undefined) return "not switched";
  return share === undefined ? timeOn(switchedAt, day) : `with ${share} % since ${timeOn(switchedAt, day)}`;
}

/** Whoever has no T0 has no T+N either. */
function distanceCell({ switchedAt, share }: ServiceReport, at: Instant): string {
  return switchedAt === undefined || share !== undefined ? "–" : tPlus(switchedAt, at);
}

function nowCell(service: ServiceReport, halfDone: readonly string[]): string {
  if (service.supersededBy !== undefined) return `${codeCell(service.supersededBy)} (somebody else's)`;
  if (service.restored !== undefined) return `${codeCell(service.restored.serving)} (restored)`;
  if (service.after !== undefined) return codeCell(service.after);
  const changed = halfDone.find((what) => what.startsWith(`${service.name} serves `));
  const serving = /^\S+ serves (.+), before: /.exec(changed ?? "")?.[1];
  return serving === undefined ? "as before" : `${codeCell(serving)} (not awaited)`;
}

function imagesCell(service: ServiceReport): string {
  const isNew = service.after !== undefined && service.restored === undefined;
  const images = isNew ? service.images : service.beforeImages;
  const commit = isNew && service.commit !== undefined ? ` at ${codeCell(shortSha(service.commit))}` : "";
  return images.length === 0
    ? "–"
    : images
        .slice(0, 4)
        .map((image) => codeCell(shortImage(image)))
        .join(", ") + commit;
}

/** The true distance of each service from its own switch, so that nobody reads one T+N for all; nothing where it is the same. */
export function switchSentence(services: readonly ServiceReport[], day: Instant, checkpoint: string): string {
  const switched = services.flatMap(({ name, switchedAt, share }) =>
    switchedAt === undefined || share !== undefined ? [] : [{ name, at: switchedAt }],
  );
  const at = switched.map((each) => each.at).sort();
  const [first] = at;
  const last = at.at(-1);
  if (first === undefined || last === undefined || msBetween(first, last) < MINUTE) return "";
  const each = switched.slice(0, 8).map(({ name, at: since }) => `${codeSpan(name)} ${tPlus(since, day)}`);
  const more = switched.length > each.length ? [`${switched.length - each.length} more`] : [];
  return `The services switched at different times, ${timeOn(first, day)} to ${timeOn(last, day)} UTC; each is measured from its own switch (T0): ${listed([...each, ...more])}. T+${checkpoint} is due by the last one.`;
}

/** Of a comment's 60,000: a table that is longer goes without its links, which are the longest of it. */
const LONGEST_TABLE = 30_000;

/** One row per check and what it found, the worst first; services of which the same is told share a row. */
export function checksTable(results: readonly CheckResult[]): string {
  const linked = checkRows(results, link);
  if (linked.length <= LONGEST_TABLE) return linked;
  return `${checkRows(results, (label) => label)}\n\n_The links to the queries are left out to fit a comment._`;
}

function checkRows(results: readonly CheckResult[], linking: typeof link): string {
  const rows = new Map<string, { readonly result: CheckResult; readonly services: string[] }>();
  for (const result of worstFirst(results)) {
    const { verdict, check, value, baseline, because, service } = result;
    const key = service === undefined ? `${rows.size}` : JSON.stringify([verdict, check, value, baseline, because]);
    const row = rows.get(key) ?? { result, services: [] };
    if (service !== undefined) row.services.push(linking(codeCell(service), result.link));
    rows.set(key, row);
  }
  const cells = [...rows.values()].map(({ result, services }) => [
    verdictCell(result.verdict),
    services.length === 0 ? linking(codeCell(result.check), result.link) : codeCell(result.check),
    services.length === 0 ? "–" : services.slice(0, MOST_SERVICES).join(", ") + moreOf(services.length - MOST_SERVICES),
    tableCell(result.value),
    tableCell(result.baseline),
    tableCell(withTimesSign(result.because)),
  ]);
  return table(["Verdict", "Check", "Service", "Now", "Before", "Why"], cells, 60);
}

const MOST_SERVICES = 12;

function moreOf(left: number): string {
  return left > 0 ? ` and ${left} more` : "";
}

/** How much each result rests on, and until when its data is complete. */
export function samplesTable(results: readonly CheckResult[], day: Instant): string {
  const rows = worstFirst(results).map((result) => [
    codeCell(result.check),
    result.service === undefined ? "–" : codeCell(result.service),
    tableCell(result.value),
    tableCell(result.sample),
    result.completeUntil === undefined ? "now" : timeOn(result.completeUntil, day),
  ]);
  return table(["Check", "Service", "Now", "Sample", "Complete until (UTC)"], rows, 60);
}

function worstFirst(results: readonly CheckResult[]): readonly CheckResult[] {
  return results.toSorted((a, b) => SEVERITY[a.verdict] - SEVERITY[b.verdict]);
}

/** The rows that did not pass, and how many did. */
export function troublesTable(results: readonly CheckResult[]): string {
  const troubles = results.filter(({ verdict }) => verdict !== "pass");
  const passed = results.length - troubles.length;
  const rest = passed === 0 ? "" : `${counted(passed, "other check result")} passed.`;
  return [checksTable(troubles), rest].filter(Boolean).join("\n\n");
}

interface Found {
  readonly group: GroupFinding;
  readonly service: string | undefined;
}

/** What was seen, pattern by pattern: told apart by whether production had it before, in plain sentences. */
export function patterns(results: readonly CheckResult[]): string {
  const found = results.flatMap(({ groups = [], service }) => groups.map((group): Found => ({ group, service })));
  const watched = results.some(({ groups }) => groups !== undefined);
  const of = (kind: GroupFinding["kind"]): readonly Found[] => found.filter(({ group }) => group.kind === kind);
  const fresh = of("new");
  const parts = [
    list(
      "**New since the switch**",
      fresh,
      ({ candidate, baseline }) => `${rate(candidate)}; before: ${rate(baseline)}`,
    ),
    examples([...fresh, ...of("risen")]),
    list("**Risen**", of("risen"), ({ candidate, baseline }) => `now ${rate(candidate)}; before ${rate(baseline)}`),
    list(
      "**Pre-existing, seen before the deploy too**",
      of("pre-existing"),
      ({ candidate, baseline }) => `now ${rate(candidate)}; before ${rate(baseline)}`,
    ),
    list("**Only while traffic moved (the switch window, not judged)**", of("switch-window"), ({ candidate }) =>
      rate(candidate),
    ),
    list(
      "**Late victims of the old version (requests that began before the switch, not judged)**",
      of("late-victim"),
      ({ candidate }) => `${count(candidate.errors)} ended after it`,
    ),
    watched && fresh.length === 0 ? "No pattern of errors is new." : "",
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

function list(
  title: string,
  found: readonly Found[],
  tell: (group: GroupFinding, found: Found) => string,
  most = 12,
): string {
  if (found.length === 0) return "";
  const sorted = [...found].sort((a, b) => b.group.candidate.errors - a.group.candidate.errors);
  const lines = sorted.slice(0, most).map((each) => {
    const where = each.service === undefined ? "" : ` (${prose(each.service)})`;
    return `- ${codeSpan(each.group.group, 160)}${where}: ${tell(each.group, each)}`;
  });
  const left = sorted.length - most;
  return [title, "", ...lines, ...(left > 0 ? [`- … and ${left} more`] : [])].join("\n");
}

function examples(found: readonly Found[], most = 3): string {
  return found
    .filter(({ group }) => group.example !== undefined)
    .sort((a, b) => b.group.candidate.errors - a.group.candidate.errors)
    .slice(0, most)
    .map(({ group, service }) => {
      const where = service === undefined ? "" : ` on ${codeSpan(service)}`;
      return `Example of ${codeSpan(group.group, 160)}${where}:\n\n${fence(group.example ?? "", { lines: 8 })}`;
    })
    .join("\n\n");
}
