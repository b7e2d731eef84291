/**
 * `npm run audit`: the registry's advisories for the runtime dependencies. Fails on any; where the registry does not answer (a mirror,
 * no network) it says so loudly and does not fail, because it knows nothing then.
 */
import { spawnSync } from "node:child_process";

interface Answer {
  readonly auditReportVersion?: number;
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity?: string; readonly range?: string }>>;
  readonly message?: string;
}

function answered(): Answer {
  const { stdout } = spawnSync("npm", ["audit", "--omit=dev", "--json"], { encoding: "utf8", timeout: 120_000 });
  try {
    return JSON.parse(stdout) as Answer;
  } catch {
    return {};
  }
}

const { auditReportVersion, vulnerabilities = {}, message = "no answer" } = answered();
const found = Object.entries(vulnerabilities).map(
  ([name, { severity = "unknown", range = "" }]) => `  ${name} ${range}: ${severity}`,
);
if (auditReportVersion === undefined) {
  const told = `NOT AUDITED: the registry gave no advisories (${message}). Whether a runtime dependency has one is unknown.`;
  process.stderr.write(
    process.env["GITHUB_ACTIONS"] === "true" ? `::warning title=npm audit::${told}\n` : `*** ${told} ***\n`,
  );
} else if (found.length > 0) {
  process.stderr.write(["Runtime dependencies with advisories:", ...found, ""].join("\n"));
  process.exitCode = 1;
} else {
  process.stderr.write("The registry knows no advisory for any runtime dependency.\n");
}
