/** Holds the table of who may import whom (ARCHITECTURE.md), and the other rules that a reader may rely on. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parseSync } from "oxc-parser";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "..");
const src = join(root, "src");

/** folder -> what of ours it may import: a folder, or one file of it. Type imports count. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  model: [],
  ports: ["model"],
  journal: ["model", "ports"],
  verdict: ["model", "ports"],
  adapters: ["model", "ports"],
  simulator: ["model/time.ts", "model/json.ts"],
  steps: ["model", "ports", "verdict"],
  platforms: ["model", "ports", "steps/step.ts"],
  language: ["model", "ports", "steps/step.ts", "steps/all-steps.ts"],
  planning: ["model", "ports", "steps/step.ts", "language", "platforms/platform.ts"],
  reporters: ["model", "ports"],
  engine: ["model", "ports", "journal/state.ts", "steps/step.ts", "platforms/platform.ts"],
  rehearsal: [
    "model",
    "ports",
    "simulator",
    "language/suggest.ts",
    "language/shape.ts",
    "language/source.ts",
    "language/problems.ts",
  ],
};

/** Official clients, and where alone each may be imported. The simulator takes published types and protos from some. */
const CLIENTS: Readonly<Record<string, readonly string[]>> = {
  "@octokit/rest": ["adapters", "simulator"],
  "@google-cloud/run": ["adapters"],
  "@google-cloud/logging": ["adapters"],
  "@google-cloud/monitoring": ["adapters"],
  "@google-cloud/storage": ["adapters"],
  "@kubernetes/client-node": ["adapters"],
  "google-auth-library": ["adapters", "simulator"],
  listr2: ["reporters"],
  "@observablehq/plot": ["reporters"],
  linkedom: ["reporters"],
  yargs: ["commands"],
};

interface Source {
  readonly file: string;
  readonly folder: string;
  readonly text: string;
  readonly imports: readonly { readonly specifier: string; readonly isDynamic: boolean }[];
}

const sources = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => sourceOf(file.replaceAll("\\", "/")));

function sourceOf(file: string): Source {
  const text = readFileSync(join(src, file), "utf8");
  const { module } = parseSync(file, text);
  const statics = [...module.staticImports.map((found) => found.moduleRequest.value), ...reExports(module)];
  const dynamics = module.dynamicImports.map(({ moduleRequest }) =>
    text.slice(moduleRequest.start + 1, moduleRequest.end - 1),
  );
  return {
    file,
    folder: file.includes("/") ? (file.split("/")[0] ?? "") : "",
    text,
    imports: [
      ...statics.map((specifier) => ({ specifier, isDynamic: false })),
      ...dynamics.map((specifier) => ({ specifier, isDynamic: true })),
    ],
  };
}

function reExports(module: ReturnType<typeof parseSync>["module"]): string[] {
  return module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest }) => (moduleRequest === null ? [] : [moduleRequest.value])),
  );
}

/** "steps/step.ts" for an import of ours; undefined for a package's. */
function ownTarget(source: Source, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return relative(src, resolve(src, dirname(source.file), specifier)).replaceAll("\\", "/");
}

function expectNone(violations: readonly string[]): void {
  expect(violations).toEqual([]);
}

describe("the architecture", () => {
  it("has read the sources", () => {
    expect(sources.length).toBeGreaterThan(100);
    expect(sources.flatMap(({ imports }) => imports).length).toBeGreaterThan(300);
  });

  it("lets each folder import only what the table says", () => {
    expectNone(
      sources.flatMap((source) => {
        const allowed = MAY_IMPORT[source.folder];
        if (allowed === undefined)
          return source.folder === "commands" || source.folder === "" ? [] : [`${source.file}: an unknown folder`];
        return source.imports.flatMap(({ specifier }) => {
          const target = ownTarget(source, specifier);
          if (target === undefined || target.startsWith(`${source.folder}/`)) return [];
          return allowed.some((entry) => target === entry || target.startsWith(`${entry}/`))
            ? []
            : [`${source.file} imports ${target}`];
        });
      }),
    );
  });

  it("keeps the clouds' clients in the adapters, and loads adapters that need one only when a command needs it", () => {
    expectNone(
      sources.flatMap((source) =>
        source.imports.flatMap(({ specifier }) => {
          const homes = CLIENTS[specifier];
          return homes === undefined || homes.includes(source.folder) ? [] : [`${source.file} imports ${specifier}`];
        }),
      ),
    );
    const reachable = staticallyReachable([
      "commands/cli.ts",
      "commands/files.ts",
      "commands/status.ts",
      "commands/report.ts",
      "commands/deploy.ts",
    ]);
    const clients = Object.keys(CLIENTS).filter((name) => name !== "yargs");
    expectNone(
      sources
        .filter(({ file }) => reachable.has(file))
        .flatMap((source) =>
          source.imports.flatMap(({ specifier, isDynamic }) =>
            !isDynamic && clients.includes(specifier) ? [`${source.file} loads ${specifier}`] : [],
          ),
        ),
    );
  });

  it("has no default exports, no barrels, and one place for time, the console and the end of the process", () => {
    expectNone(
      sources.flatMap(({ file, text }) => {
        const code = text.replaceAll(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, "");
        const isClock = file === "adapters/system-clock.ts";
        const found = [
          [/\bexport default\b/, true],
          [/\bexport \* from\b/, true],
          [/\bconsole\.(log|error|warn|info|debug|table)\b/, true],
          [/\bprocess\.exit\b(?!Code)/, file !== "commands/io.ts"],
          [/\bDate\.now\(|\bnew Date\(\)/, !isClock],
          [/\bsetTimeout\(|\bsetInterval\(/, !isClock],
        ] as const;
        return found.flatMap(([pattern, isForbidden]) =>
          isForbidden && pattern.test(code) ? [`${file}: ${pattern.source}`] : [],
        );
      }),
    );
  });

  it("opens every file with what it is", () => {
    expectNone(
      sources.filter(({ file, text }) => file !== "main.ts" && !text.startsWith("/**")).map(({ file }) => file),
    );
  });
});

it("ARCHITECTURE.md says of each dependency what it is for, and names none that is not there", () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<
    "dependencies" | "devDependencies",
    Readonly<Record<string, string>>
  >;
  const section =
    /## Dependencies\n([\s\S]*?)\n## /.exec(readFileSync(join(root, "ARCHITECTURE.md"), "utf8"))?.[1] ?? "";
  const rows = section.split("\n").filter((line) => /^\| [@a-z]/.test(line) && !line.startsWith("| package"));
  const named = rows.flatMap((row) => (row.split("|")[1] ?? "").replace("(dev)", "").trim().split(", "));
  expect(named.toSorted()).toEqual([...Object.keys(dependencies), ...Object.keys(devDependencies)].toSorted());
  for (const row of rows) expect(row.split("|")[2]?.trim(), row).not.toBe("");
  for (const version of Object.values({ ...dependencies, ...devDependencies }))
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
});

function staticallyReachable(from: readonly string[]): ReadonlySet<string> {
  const byFile = new Map(sources.map((source) => [source.file, source]));
  const seen = new Set<string>();
  const visit = (file: string): void => {
    const source = byFile.get(file);
    if (source === undefined || seen.has(file)) return;
    seen.add(file);
    for (const { specifier, isDynamic } of source.imports) {
      const target = ownTarget(source, specifier);
      if (!isDynamic && target !== undefined) visit(target);
    }
  };
  for (const file of from) visit(file);
  return seen;
}
