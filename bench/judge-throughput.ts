/**
 * How fast `runbook judge` is against gunzip + JSON.parse of the same bytes, and how much memory it takes.
 * node bench/judge-throughput.ts [entries, default 1000000]; each measurement is a process of its own.
 */
import { spawnSync } from "node:child_process";
import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { createGunzip } from "node:zlib";
import { runJudge } from "../src/commands/judge.ts";
import { instant } from "../src/model/time.ts";
import { writeEntries } from "./write-entries.ts";

interface Measured {
  readonly seconds: number;
  readonly peakMegabytes: number;
  readonly result: string;
}

const [task, ...rest] = process.argv.slice(2);
if (task === "parse") await measure(() => parseOnly(rest));
else if (task === "judge") await measure(() => judgeFiles(rest));
else await compare(Number(task ?? 1_000_000));

async function compare(count: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "runbook-bench-"));
  try {
    const files = [join(folder, "before.json.gz"), join(folder, "after.json.gz")];
    const plan = {
      minutes: 1440,
      from: instant("2026-04-11T04:00:00Z"),
      revision: "backend-1",
      failing: 0.002,
      seed: 1,
    };
    await writeEntries(files[0] ?? "", { ...plan, count: Math.round(0.9 * count) });
    const after = { minutes: 144, from: instant("2026-04-12T04:07:00Z"), revision: "backend-2", seed: 2 };
    await writeEntries(files[1] ?? "", { ...plan, ...after, count: Math.round(0.1 * count) });
    const rounds = [1, 2, 3].map(() => ({ parse: child("parse", files), judge: child("judge", files) }));
    const best = (pick: "parse" | "judge"): number => Math.min(...rounds.map((round) => round[pick].seconds));
    const peak = Math.max(...rounds.map(({ judge }) => judge.peakMegabytes));
    const lines = [
      `${count.toLocaleString("en-US")} entries, gzipped NDJSON, best of ${rounds.length}`,
      `gunzip + JSON.parse  ${best("parse").toFixed(2)} s`,
      `runbook judge        ${best("judge").toFixed(2)} s, ratio ${(best("judge") / best("parse")).toFixed(2)} (goal: at most 1.7)`,
      `peak memory          ${peak.toFixed(0)} MB (goal: below 250 MB)`,
      `verdict              ${rounds[0]?.judge.result ?? "none"}`,
    ];
    process.stdout.write(`${lines.join("\n")}\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function child(task: string, files: readonly string[]): Measured {
  const { stdout, stderr, status } = spawnSync(process.execPath, [import.meta.filename, task, ...files], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Measured;
}

async function measure(work: () => Promise<string>): Promise<void> {
  const start = performance.now();
  const result = await work();
  const seconds = (performance.now() - start) / 1000;
  const measured: Measured = { seconds, peakMegabytes: process.resourceUsage().maxRSS / 1024, result };
  process.stdout.write(JSON.stringify(measured));
}

/** The leanest plain way to read such a file: unpacked chunks, split at line ends, every line parsed. */
async function parseOnly(files: readonly string[]): Promise<string> {
  let entries = 0;
  for (const file of files) {
    let rest = "";
    const unpacked = createReadStream(file, { highWaterMark: 1 << 18 }).pipe(createGunzip({ chunkSize: 1 << 18 }));
    for await (const chunk of unpacked.setEncoding("utf8") as AsyncIterable<string>) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (JSON.parse(line) !== null) entries += 1;
    }
  }
  return `${entries} entries`;
}

async function judgeFiles([baseline, candidate]: readonly string[]): Promise<string> {
  const stdout = new PassThrough();
  let text = "";
  stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const code = await runJudge(
    { baseline: baseline ?? "", candidate: candidate ?? "", switch: "2026-04-12T04:07:00Z", json: true },
    { stdin: process.stdin, stdout, stderr: process.stderr },
  );
  const report = JSON.parse(text) as { verdict: string; because: string };
  return `${report.verdict} (exit ${code}): ${report.because}`;
}
