/** Which groups to name first: the false-discovery procedure e-BH. For reading only; no verdict rests on it. */
import type { StreamJudgement } from "./evidence.ts";

const LEVEL = 0.1;

/** Wang & Ramdas (2022): the largest k with E_(k) >= K / (level * k), by evidence as of now. */
export function suspectsOf(streams: readonly StreamJudgement[]): string[] {
  const ranked = streams
    .filter((stream) => stream.kind !== "overall")
    .toSorted((a, b) => b.lnEFail - a.lnEFail || (a.group < b.group ? -1 : a.group > b.group ? 1 : 0));
  const named = ranked.findLastIndex(
    (stream, index) => stream.lnEFail >= Math.log(ranked.length / (LEVEL * (index + 1))),
  );
  return ranked.slice(0, named + 1).map((stream) => stream.group);
}
