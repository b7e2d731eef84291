/**
 * How good the judge is, on simulated streams, against fixed thresholds, Kayenta's Mann-Whitney and naive tests at every look.
 * node bench/judge-quality.ts [--quick] [--only=hour|day|checkpoints|groups|long]; the same seeds give the same tables.
 */
import { judge } from "../src/verdict/judge.ts";
import { type NamedStream, evidenceOf, ourFail, ourWarnOrWorse, verdictAt } from "./our-rule.ts";
import {
  type Rule,
  argo,
  conditionalTest,
  flagger,
  kayenta,
  plainEvidence,
  poissonTest,
  releaseManager,
} from "./rival-rules.ts";
import { type Noise, type SimulatedStream, type StreamPlan, errorsOf, randomOf, simulate } from "./simulate-errors.ts";

const isQuick = process.argv.includes("--quick");
const NULL_RUNS = isQuick ? 200 : 2000;
const EFFECT_RUNS = isQuick ? 100 : 600;
/** Kayenta compares every minute with every other: slow, so fewer. */
const SLOW_RUNS = isQuick ? 20 : 150;
const LONG_RUNS = isQuick ? 20 : 300;

const RULES: readonly (readonly [string, Rule, "slow"?])[] = [
  ["judge: FAIL", ourFail(1)],
  ["judge: WARN or worse", ourWarnOrWorse(1)],
  ["judge: FAIL, beside other groups", ourFail(0.4)],
  ["Flagger 99 %, 5 failures", flagger(0.99, 5)],
  ["Argo 95 % per 5m, limit 3", argo(0.95, 3)],
  ["Argo 99 % per 5m, limit 3", argo(0.99, 3)],
  ["Release Manager 1 % of 30m", releaseManager(0.01)],
  ["exact test p<.01 every minute", conditionalTest(0.01, () => true)],
  ["Poisson p<.01 every minute", poissonTest(0.01)],
  ["exact test, alpha spent 5/20/60", conditionalTest(0.01 / 3, (minute) => [5, 20, 60].includes(minute))],
  ["plain Poisson e-process", plainEvidence(0.01)],
  ["Kayenta every minute", kayenta(), "slow"],
];

interface Level {
  readonly name: string;
  readonly requestsPerMinute: number;
  readonly share: number;
}
const RARE: Level = { name: "0.05", requestsPerMinute: 100, share: 0.0005 };
const LOW: Level = { name: "0.5", requestsPerMinute: 100, share: 0.005 };
const MEDIUM: Level = { name: "5", requestsPerMinute: 1000, share: 0.005 };
const HIGH: Level = { name: "50", requestsPerMinute: 10_000, share: 0.005 };

type Cell = readonly [level: Level, noise: Noise, factor: number];
const NULLS: readonly Cell[] = [
  ...([RARE, LOW, MEDIUM] as const).flatMap((level) =>
    (["P", "N3", "B7"] as const).map((noise): Cell => [level, noise, 1]),
  ),
  [HIGH, "P", 1],
  [HIGH, "N3", 1],
];
const EFFECTS: readonly Cell[] = [
  [LOW, "P", 2],
  [LOW, "P", 5],
  [LOW, "P", 20],
  [LOW, "N3", 5],
  [LOW, "N3", 20],
  [LOW, "B7", 5],
  [LOW, "B7", 20],
  [MEDIUM, "P", 2],
  [MEDIUM, "P", 5],
  [MEDIUM, "N3", 2],
  [MEDIUM, "N3", 5],
  [HIGH, "P", 2],
  [RARE, "P", 20],
  [RARE, "N3", 20],
];

const SECTIONS: Readonly<Record<string, () => void>> = {
  hour: () => rates(60),
  day: () => rates(1440),
  checkpoints,
  groups,
  long: longHorizon,
};

function main(): void {
  const only = process.argv.find((arg) => arg.startsWith("--only="))?.slice("--only=".length);
  for (const [name, print] of Object.entries(SECTIONS)) if (only === undefined || only === name) print();
}

function rates(baselineMinutes: number): void {
  const hours = baselineMinutes / 60;
  title(`False alarms within 1 h, % (a look every minute, baseline ${hours} h, n=${NULL_RUNS})`);
  table(NULLS, baselineMinutes, NULL_RUNS, share);
  title(`Detection within 1 h, % / median minute (baseline ${hours} h, n=${EFFECT_RUNS})`);
  table(EFFECTS, baselineMinutes, EFFECT_RUNS, (fails, runs) => `${share(fails, runs)}/${median(fails)}`);
}

/** One row per rule, one column per cell; `show` gets the minutes of the FAILs. Every rule sees the same streams. */
function table(
  cells: readonly Cell[],
  baselineMinutes: number,
  runs: number,
  show: (fails: readonly number[], runs: number) => string,
): void {
  // A day of baseline makes a million differences per look of Kayenta's: the hour shows it well enough.
  const rules = RULES.filter(([, , speed]) => speed !== "slow" || baselineMinutes <= 60);
  const columns = cells.map((cell) => {
    const simulated = streams(cell, baselineMinutes, 60, runs);
    return rules.map(([, rule, speed]) => {
      const judged = simulated.slice(0, speed === "slow" ? SLOW_RUNS : runs);
      return show(
        judged.flatMap((stream) => rule(stream) ?? []),
        judged.length,
      );
    });
  });
  row("", cells.map(cellName));
  for (const [index, [name]] of rules.entries()) {
    row(
      name,
      columns.map((column) => column[index] ?? ""),
    );
  }
}

function streams(
  [level, noise, factor]: Cell,
  baselineMinutes: number,
  minutes: number,
  runs: number,
): SimulatedStream[] {
  const random = randomOf(`${level.name}/${noise}/${factor}/${baselineMinutes}/${minutes}`);
  const plan: StreamPlan = { ...level, noise, factor, baselineMinutes, minutes };
  return Array.from({ length: runs }, () => simulate(plan, random));
}

function share(fails: readonly number[], runs: number): string {
  return ((100 * fails.length) / runs).toFixed(1);
}

function checkpoints(): void {
  const points = [5, 20, 60];
  title(`Verdicts at checkpoints, baseline 24 h: FAIL/WARN/PASS/INCONCLUSIVE % (n=${EFFECT_RUNS})`);
  row(
    "",
    points.map((minutes) => `T+${minutes}`),
  );
  const cells: readonly Cell[] = [
    ...[1, 2, 5, 20].map((factor): Cell => [LOW, "P", factor]),
    ...[1, 5, 20].map((factor): Cell => [LOW, "N3", factor]),
    ...[1, 2, 5].map((factor): Cell => [MEDIUM, "N3", factor]),
    ...[1, 20].map((factor): Cell => [RARE, "P", factor]),
  ];
  for (const cell of cells) {
    const simulated = streams(cell, 1440, 60, EFFECT_RUNS);
    row(
      cellName(cell),
      points.map((minutes) => {
        const verdicts = simulated.map((stream) => verdictAt(stream, minutes, minutes));
        return (["fail", "warn", "pass", "inconclusive"] as const)
          .map((word) => Math.round((100 * verdicts.filter((verdict) => verdict === word).length) / verdicts.length))
          .join("/");
      }),
    );
  }
}

/** Thirty endpoints with Zipf shares of 5 errors a minute, and signatures that nobody has seen before. */
function groups(): void {
  const runs = isQuick ? 30 : 200;
  title(`Many groups, baseline 24 h, within 1 h: FAIL % / median minute (n=${runs})`);
  row("", ["FAIL"]);
  const endpoint = (which: number, factor: number): string => {
    const random = randomOf(`endpoints/${which}/${factor}`);
    return rate(Array.from({ length: runs }, () => failedAt(endpoints(random, which, factor))));
  };
  row("30 endpoints, nothing changed", [endpoint(0, 1)]);
  for (const which of [0, 4, 14]) row(`x20 on endpoint ${which + 1}`, [endpoint(which, 20)]);
  for (const perMinute of [0.2, 0.5, 2, 10]) {
    const random = randomOf(`signature/${perMinute}`);
    const found = Array.from({ length: runs }, () => failedAt(signatures(random, perMinute, "signature")));
    row(`new signature, ${perMinute} a minute`, [rate(found)]);
  }
  for (const perMinute of [0.1, 0.2, 0.5, 2]) {
    const random = randomOf(`critical/${perMinute}`);
    const found = Array.from({ length: runs }, () => failedAt(signatures(random, perMinute, "critical")));
    row(`critical signature, ${perMinute} a minute`, [rate(found)]);
  }
}

const ENDPOINTS = 30;

function endpoints(random: () => number, which: number, factor: number): NamedStream[] {
  const harmonic = Array.from({ length: ENDPOINTS }, (_, index) => 1 / (index + 1)).reduce(
    (sum, part) => sum + part,
    0,
  );
  const each = Array.from({ length: ENDPOINTS }, (_, index) => {
    const mean = 5 / (index + 1) / harmonic;
    return side(random, mean, index === which ? mean * factor : mean, "N3", "route", `endpoint ${index + 1}`);
  });
  return [total(each), ...each];
}

/** A hundred known signatures, bursty (a pooled dispersion near 3), beside the one that is new. */
function signatures(random: () => number, perMinute: number, kind: "signature" | "critical"): NamedStream[] {
  const known = Array.from({ length: 100 }, (_, index) =>
    side(random, 0.5 / (index + 1), 0.5 / (index + 1), "N3", "signature", `known ${index + 1}`),
  );
  const fresh = side(random, 0, perMinute, "P", kind, "new");
  const others = kind === "critical" ? [] : [side(random, 0, 0, "P", "critical", "critical")];
  return [fresh, ...others, ...known];
}

function side(
  random: () => number,
  before: number,
  after: number,
  noise: Noise,
  kind: NamedStream["kind"],
  group: string,
): NamedStream {
  const errors = errorsOf([...repeat(before, 1440), ...repeat(after, 60)], noise, random);
  return {
    kind,
    group,
    before: { errors: errors.slice(0, 1440), requests: repeat(1000, 1440) },
    after: { errors: errors.slice(1440), requests: repeat(1000, 60) },
  };
}

function total(parts: readonly NamedStream[]): NamedStream {
  const add = (pick: "before" | "after", length: number): number[] =>
    Array.from({ length }, (_, index) => parts.reduce((sum, part) => sum + (part[pick].errors[index] ?? 0), 0));
  return {
    kind: "overall",
    group: "all",
    before: { errors: add("before", 1440), requests: repeat(1000, 1440) },
    after: { errors: add("after", 60), requests: repeat(1000, 60) },
  };
}

function failedAt(parts: readonly NamedStream[]): number | undefined {
  const failed = judge(evidenceOf(parts, 60)).streams.flatMap((stream) => stream.failedAt ?? []);
  if (failed.length === 0) return undefined;
  return (Math.min(...failed.map((at) => Date.parse(at))) - Date.parse("2026-04-12T04:09:00Z")) / 60_000;
}

function rate(found: readonly (number | undefined)[]): string {
  const minutes = found.flatMap((minute) => minute ?? []);
  return `${((100 * minutes.length) / found.length).toFixed(1)}/${median(minutes)}`;
}

/** A look every minute for a whole day, the daily cycle included. */
function longHorizon(): void {
  title(`Nothing changed, a look every minute for 24 h, baseline 24 h, % (n=${LONG_RUNS})`);
  const cells = ([LOW, MEDIUM] as const).flatMap((level) =>
    (["P", "N3", "B7"] as const).map((noise): Cell => [level, noise, 1]),
  );
  const columns = cells.map((cell) => {
    const simulated = streams(cell, 1440, 1440, LONG_RUNS);
    return RULES.slice(0, 2).map(([, rule]) =>
      share(
        simulated.flatMap((stream) => rule(stream) ?? []),
        LONG_RUNS,
      ),
    );
  });
  row("", cells.map(cellName));
  for (const [index, [name]] of RULES.slice(0, 2).entries()) {
    row(
      name,
      columns.map((column) => column[index] ?? ""),
    );
  }
}

function cellName([level, noise, factor]: Cell): string {
  return factor === 1 ? `${level.name} ${noise}` : `x${factor} ${level.name} ${noise}`;
}

function median(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted.length === 0 ? "-" : String(sorted[Math.floor((sorted.length - 1) / 2)]);
}

function repeat(value: number, times: number): number[] {
  return Array.from({ length: times }, () => value);
}

function title(text: string): void {
  process.stdout.write(`\n${text}\n`);
}

function row(name: string, cells: readonly string[]): void {
  process.stdout.write(`${name.padEnd(34)}${cells.map((cell) => cell.padStart(11)).join("")}\n`);
}

main();
