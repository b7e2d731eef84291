/**
 * A thousand checkpoints due in the same minute on one daemon: how late each is judged, and how many requests that costs.
 * `node bench/checkpoint-storm.ts [RUNS] [SERVICES]`
 */
import { busiestMinute, storm } from "../test/support/storm.ts";

const runs = Number(process.argv[2] ?? 1_000);
const services = Number(process.argv[3] ?? 40);
const { judged, tookMs, calls, reads } = await storm(runs, services);

const verdicts = countOf(judged.map(({ verdict }) => verdict));
const reasons = countOf(
  judged.flatMap(({ results }) =>
    results.filter(({ verdict }) => verdict !== "pass").map(({ because }) => because.replace(/\d+(\.\d+)?/g, "N")),
  ),
);
const lines = [
  `${judged.length} of ${runs} checkpoints of ${services} services judged: ${told(verdicts)}`,
  `late in the world's time: ${distribution(judged.map(({ lateMs }) => lateMs))}`,
  `late in ours, from the moment in which they were due: ${distribution(tookMs)}`,
  `Cloud Logging: ${reads.length} reads, at most ${busiestMinute(reads)} in any minute`,
  `calls: ${told(calls)}`,
  ...[...reasons].slice(0, 5).map(([because, count]) => `not PASS, ${count}: ${because}`),
];
process.stdout.write(`${lines.join("\n")}\n`);

function countOf(words: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

function told(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([what, count]) => `${what} ${count}`).join(", ");
}

function distribution(valuesMs: readonly number[]): string {
  const sorted = valuesMs.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    `${((sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0) / 1_000).toFixed(1)} s`;
  return `median ${at(0.5)}, 90 % ${at(0.9)}, 99 % ${at(0.99)}, last ${at(1)}`;
}
