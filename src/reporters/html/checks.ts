/** What checks found, a row each: value, baseline, sample, how complete, why, and where to look. The worst stands first. */
import type { Instant } from "../../model/time.ts";
import type { CheckResult, Verdict } from "../../model/verdict.ts";
import { timeOn, withTimesSign } from "../words.ts";
import { verdictWord } from "./marks.ts";
import { tableOf } from "./table.ts";
import { type Html, anchor, markup } from "./template.ts";

const SEVERITY: Readonly<Record<Verdict, number>> = { fail: 0, inconclusive: 1, warn: 2, pass: 3 };

/** `of` tells the tables of one page apart. */
export function checksTable(results: readonly CheckResult[], day: Instant, of: string): Html {
  const sorted = results.toSorted((a, b) => SEVERITY[a.verdict] - SEVERITY[b.verdict]);
  const hasServices = new Set(results.map(({ service }) => service)).size > 1;
  const rows = sorted.map((result) => [
    verdictWord(result.verdict),
    anchor(result.link, markup`<span class="${result.check.length <= 20 ? "time" : ""}">${result.check}</span>`),
    ...(hasServices ? [result.service ?? "–"] : []),
    result.value,
    result.baseline,
    result.sample,
    result.completeUntil === undefined ? "now" : timeOn(result.completeUntil, day),
    markup`${withTimesSign(result.because)}${evidenceOf(result)}`,
  ]);
  const titles = ["Verdict", "Check", ...(hasServices ? ["Service"] : []), "Value", "Baseline", "Sample"];
  const columns = [...titles, "Complete until (UTC)", "Why"].map((title) => ({ title }));
  return tableOf({ caption: of, columns, rows, onPaper: "lines" });
}

function evidenceOf({ evidence }: CheckResult): Html {
  if (evidence === undefined) return markup`<div class="soft">no evidence is stored</div>`;
  return markup`<div class="soft">evidence <code>${evidence.slice(0, 12)}</code></div>`;
}
