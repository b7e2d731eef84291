/** Bad runbooks, one row each: the rule that is broken, where, and what is said about it. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { evaluateCondition, parseCondition } from "../../../src/language/conditions.ts";
import { lookUpIn } from "../../../src/language/evaluate.ts";
import { loadRunbook } from "../../../src/language/load.ts";
import { formatProblem, type Problem } from "../../../src/language/problems.ts";
import { allSteps } from "../../../src/steps/all-steps.ts";
import { languageKinds } from "../../support/language-kinds.ts";

/** A right runbook of 17 lines; the rows change one line of it, or add some below. */
const GOOD = `name: demo
repository: acme/app
inputs:
  branch: { default: main }
services:
  api: { cloud-run: { project: p, region: r, service: api } }
  web: { kubernetes: { project: p, cluster: c, namespace: n, deployment: web } }
steps:
  - id: ship
    uses: trigger-workflow
    with: { workflow: a.yml, ref: "\${{ inputs.branch }}" }
  - { id: served, uses: wait-for-revision, services: [api], with: { commit: "\${{ steps.ship.outputs.sha }}" } }
  - { id: rolled, uses: rollout-status, services: [web] }
monitor:
  checkpoints: [5m, 20m]
  checks:
    - { uses: check-errors, services: [api] }
`;

function problems(text: string): readonly Problem[] {
  const loaded = loadRunbook("r.yaml", text, languageKinds);
  return "problems" in loaded ? loaded.problems : [];
}

/** GOOD with line `number` replaced. */
function withLine(number: number, ...replacement: readonly string[]): string {
  return GOOD.split("\n")
    .toSpliced(number - 1, 1, ...replacement)
    .join("\n");
}

function said(text: string): readonly string[] {
  return problems(text).map(({ line, column, rule, what }) => `${line}:${column} ${rule}: ${what}`);
}

describe("a right runbook", () => {
  it("takes the project of its environment where it names none, and says so where there is none", () => {
    const text = withLine(6, "  api: { cloud-run: { region: r, service: api } }");
    expect(said(text)).toEqual(["6:10 missing-key: the service `api` names no project"]);
    expect(problems(text)[0]?.remedy).toBe("add `project:`, or set GOOGLE_CLOUD_PROJECT");
    const loaded = loadRunbook("r.yaml", text, languageKinds, { project: "from-the-environment" });
    const services = "runbook" in loaded ? loaded.runbook.services : {};
    expect([services["api"], services["web"]]).toMatchObject([{ project: "from-the-environment" }, { project: "p" }]);
  });

  it("loads with every default filled in and every position kept", () => {
    const loaded = loadRunbook("r.yaml", GOOD, languageKinds);
    expect(loaded).toMatchObject({
      runbook: {
        name: "demo",
        services: {
          api: { platform: "cloud-run", project: "p", region: "r", service: "api" },
          web: { platform: "kubernetes", project: "p", cluster: "c", namespace: "n", kind: "Deployment", name: "web" },
        },
        steps: [
          { id: "ship", services: [], onInconclusive: "ask", irreversible: false, position: { line: 9, column: 5 } },
          { id: "served", position: { line: 12, column: 5 } },
          { id: "rolled" },
        ],
        monitor: {
          baselineMs: 86_400_000,
          checkpointsMs: [300_000, 1_200_000],
          foregroundUntilMs: 1_200_000,
          checks: [{ id: "check-errors", position: { line: 17, column: 7 } }],
        },
        rollback: { onFail: "ask", automaticUntilMs: 3_600_000, askTimeoutMs: 900_000, askDefault: "keep" },
        report: { pullRequest: true, commitStatus: false, deployment: false },
        notify: {},
      },
    });
  });

  it.each([
    [
      "anchors and aliases",
      withLine(
        13,
        "  - { id: rolled, uses: rollout-status, services: &w [web] }",
        "  - { id: again, uses: rollout-status, services: *w }",
      ),
    ],
    ["a statefulset", GOOD.replace("deployment: web", "statefulset: web, location: eu, context: k")],
    ["an input in a service's target", GOOD.replace("service: api }", 'service: "${{ inputs.branch }}" }')],
    [
      "an input in a number's place",
      `${GOOD}    - { uses: http-check, with: { url: "https://x", expect: { status: 200 }, attempts: "\${{ inputs.branch }}" } }\n`,
    ],
    [
      "default() of a missing variable",
      withLine(11, '    with: { workflow: "${{ default(env.WF, \'a.yml\') }}", ref: "${{ lower(inputs.branch) }}" }'),
    ],
    ["Windows line ends and a byte order mark", `\uFEFF${GOOD.replaceAll("\n", "\r\n")}`],
    ["a service called constructor", GOOD.replaceAll("api", "constructor")],
    [
      "the facts of a snapshot",
      withLine(
        11,
        '    with: { workflow: "${{ services.web.before.images.web }}${{ services.api.before.revision }}${{ run.id }}", ref: "${{ short(inputs.branch) }}" }',
      ),
    ],
    ["a webhook from the environment", `${GOOD}notify: { webhook: "\${{ env.HOOK }}" }\n`],
    ["text that is no expression", withLine(2, "repository: acme/app", "description: costs $5 or ${HOME} or {{ x }}")],
  ])("loads with %s", (_name, text) => {
    expect(said(text)).toEqual([]);
  });

  it("numbers checks of one kind, and never takes a step's id", () => {
    const text = `${GOOD.replace("id: rolled", "id: check-errors")}    - { uses: check-errors, services: [api] }\n`;
    const loaded = loadRunbook("r.yaml", text, languageKinds);
    const ids = "runbook" in loaded ? loaded.runbook.monitor?.checks.map((check) => check.id) : [];
    expect(ids).toEqual(["check-errors-2", "check-errors-3"]);
  });
});

describe("the runbook of record", () => {
  it("is right", () => {
    const file = "runbooks/backend-prod.yaml";
    const loaded = loadRunbook(file, readFileSync(file, "utf8"), allSteps);
    if ("problems" in loaded) throw new Error(loaded.problems.map(formatProblem).join("\n"));
    expect(Object.keys(loaded.runbook.services)).toEqual([
      "backend",
      "backend-sync",
      "backend-integration",
      "listen",
      "pusher",
    ]);
  });
});

const SHIP = 11;
const SERVED = 12;
const ROLLED = 13;
const CHECK = 17;

const BAD: readonly (readonly [name: string, text: string, expected: readonly string[]])[] = [
  // The text itself
  ["an empty file", "", ["1:1 empty-file: the file is empty"]],
  ["comments only", "# nothing\n", ["1:1 empty-file: the file is empty"]],
  ["a list", "- a\n", ["1:1 bad-value: the file is a list"]],
  ["one word", "hello\n", ["1:1 bad-value: the file cannot be `hello`"]],
  [
    "broken brackets",
    withLine(4, "  branch: { default: main"),
    ["5:1 yaml-syntax: this is not YAML: Flow map in block collection must be sufficiently indented and end with a }"],
  ],
  ["a tab", withLine(4, "\tbranch: {}"), ["4:1 yaml-syntax: this is not YAML: Tabs are not allowed as indentation"]],
  ["two documents", `${GOOD}---\nname: other\n`, ["18:1 multiple-documents: a second YAML document begins here"]],
  ["a tag", withLine(1, "name: !!binary demo"), ["1:16 yaml-tag: YAML tags are not used in runbooks"]],
  [
    "a duplicate key",
    withLine(2, "repository: acme/app", "name: twice"),
    ["3:1 duplicate-key: the key `name` stands here twice"],
  ],
  [
    "a duplicate service",
    withLine(7, "  api: { cloud-run: { project: p, region: r, service: api } }"),
    ["7:3 duplicate-key: the key `api` stands here twice", "13:52 unknown-service: no service is called `web`"],
  ],
  ["an unknown alias", withLine(2, "repository: *who"), ["2:13 aliases: no anchor for the alias `*who`"]],
  [
    "a cyclic alias",
    withLine(2, "repository: &a [*a]"),
    ["2:17 aliases: the alias `*a` stands for something that holds an alias"],
  ],
  ["a merge key", withLine(4, "  <<: { default: main }"), ["4:3 yaml-key: this cannot be a key"]],
  ["a prototype key", withLine(4, "  __proto__: { default: main }"), ["4:3 yaml-key: this cannot be a key"]],
  ["a list as a key", withLine(4, "  [a, b]: 1"), ["4:3 yaml-key: this cannot be a key"]],
  [
    "deep nesting",
    withLine(2, `repository: ${"[".repeat(60)}${"]".repeat(60)}`),
    ["2:43 nesting: the file is nested too deeply"],
  ],

  // Keys
  [
    "an unknown key",
    withLine(8, "step:"),
    ["1:1 missing-key: the key `steps` is missing", "8:1 unknown-key: unknown key `step`"],
  ],
  [
    "an unknown key of a step",
    withLine(ROLLED, "  - { id: rolled, uses: rollout-status, service: [web] }"),
    [
      "7:3 unused-service: no step and no check mentions the service `web`",
      "13:5 services-needed: `rollout-status` does not say which services it is about",
      "13:41 unknown-key: unknown key `service` in entry 3 of `steps`",
    ],
  ],
  [
    "an unknown key of a policy",
    `${GOOD}rollback: { onFail: ask }\n`,
    ["18:13 unknown-key: unknown key `onFail` in `rollback`"],
  ],
  [
    "an unknown argument",
    withLine(SHIP, '    with: { workflow: a.yml, reff: "${{ inputs.branch }}" }'),
    [
      "11:5 missing-key: `trigger-workflow` needs the argument `ref`",
      "11:30 unknown-key: `trigger-workflow` has no argument `reff`",
    ],
  ],
  [
    "a missing argument",
    withLine(SHIP, '    with: { workflow: "${{ inputs.branch }}" }'),
    ["11:5 missing-key: `trigger-workflow` needs the argument `ref`"],
  ],
  [
    "no arguments at all",
    withLine(ROLLED, "  - { id: rolled, uses: rollout-status, services: [web] }", "  - { id: pause, uses: wait }"),
    ["14:5 missing-key: `wait` needs the argument `for`"],
  ],
  [
    "an empty block",
    withLine(14, "monitor:").split("\n").slice(0, 14).join("\n"),
    ["14:1 empty-value: `monitor` has no value"],
  ],
  [
    "a missing id",
    withLine(ROLLED, "  - { uses: rollout-status, services: [web] }"),
    ["13:5 missing-key: entry 3 of `steps` lacks the key `id`"],
  ],
  [
    "a missing region",
    withLine(6, "  api: { cloud-run: { project: p, service: api } }"),
    ["6:10 missing-key: `cloud-run` lacks the key `region`"],
  ],

  // Values
  [
    "a duration without a unit",
    withLine(SHIP, '    with: { workflow: a.yml, ref: "${{ inputs.branch }}" }', "    timeout: 25"),
    ["12:14 bad-value: `timeout` cannot be `25`"],
  ],
  [
    "an argument's duration without a unit",
    withLine(CHECK, "    - { uses: check-errors, services: [api], with: { for: 5 } }"),
    ["17:59 bad-value: `for` cannot be `5`"],
  ],
  [
    "a duration of nothing",
    withLine(15, "  checkpoints: [0m, 20m]"),
    ["15:17 bad-value: entry 1 of `checkpoints` cannot be `0m`"],
  ],
  [
    "a number where text belongs",
    withLine(4, "  branch: { default: 1.20 }"),
    ["4:22 bad-value: `default` cannot be `1.2`"],
  ],
  [
    "a flag in words",
    withLine(ROLLED, "  - { id: rolled, uses: rollout-status, services: [web], irreversible: yes }"),
    ["13:72 bad-value: `irreversible` cannot be `yes`"],
  ],
  ["a wrong choice", `${GOOD}rollback: { on-fail: automatik }\n`, ["18:22 bad-value: `on-fail` cannot be `automatik`"]],
  ["a name with capitals", withLine(1, "name: Demo"), ["1:7 bad-value: `name` cannot be `Demo`"]],
  [
    "a service with capitals",
    withLine(6, "  API: { cloud-run: { project: p, region: r, service: api } }").replaceAll("[api]", "[API]"),
    [
      "6:3 bad-name: `API` cannot be a name here",
      "12:55 bad-value: entry 1 of `services` cannot be `API`",
      "17:40 bad-value: entry 1 of `services` cannot be `API`",
    ],
  ],
  [
    "a repository's address",
    withLine(2, "repository: https://github.com/acme/app"),
    ["2:13 bad-value: `repository` cannot be `https://github.com/acme/app`"],
  ],
  [
    "one service without a list",
    withLine(ROLLED, "  - { id: rolled, uses: rollout-status, services: web }"),
    [
      "7:3 unused-service: no step and no check mentions the service `web`",
      "13:41 services-needed: `rollout-status` does not say which services it is about",
      "13:51 bad-value: `services` cannot be `web`",
    ],
  ],
  ["no checks", GOOD.split("\n").slice(0, 15).join("\n") + "\n  checks: []\n", ["16:11 bad-value: `checks` is empty"]],
  [
    "a default that is no option",
    withLine(4, "  branch: { default: main, options: [dev, prod] }"),
    ["4:22 default: the default of `branch` is not one of its options"],
  ],

  // Kinds and services
  [
    "an unknown step kind",
    withLine(ROLLED, "  - { id: rolled, uses: rollout-stauts, services: [web] }"),
    ["13:25 unknown-kind: unknown step kind `rollout-stauts`"],
  ],
  [
    "an unknown check kind",
    withLine(CHECK, "    - { uses: check-error, services: [api] }"),
    ["17:15 unknown-kind: unknown check kind `check-error`"],
  ],
  [
    "a step kind among the checks",
    withLine(CHECK, "    - { uses: wait, with: { for: 5m } }"),
    ["17:15 not-a-check: `wait` does not judge anything"],
  ],
  [
    "an unknown service",
    withLine(CHECK, "    - { uses: check-errors, services: [apl] }"),
    ["17:40 unknown-service: no service is called `apl`"],
  ],
  [
    "a service listed twice",
    withLine(CHECK, "    - { uses: check-errors, services: [api, api] }"),
    ["17:45 duplicate-service: `api` is listed twice"],
  ],
  [
    "a service of the wrong platform",
    withLine(ROLLED, "  - { id: rolled, uses: rollout-status, services: [web, api] }"),
    ["13:57 platform: `rollout-status` cannot take `api`, a service of `cloud-run`"],
  ],
  [
    "a kind that takes no services",
    withLine(10, "    uses: trigger-workflow", "    services: [api]"),
    ["11:5 services-not-taken: `trigger-workflow` is not about services"],
  ],
  ["an unused service", withLine(ROLLED, ""), ["7:3 unused-service: no step and no check mentions the service `web`"]],
  [
    "a service without a platform",
    withLine(6, "  api: {}"),
    ["6:3 one-target: the service `api` names none of `cloud-run`, `cloud-run-job` or `kubernetes`"],
  ],
  [
    "two workloads",
    GOOD.replace("deployment: web", "deployment: web, daemonset: web"),
    ["7:79 one-target: the service `web` names both `deployment` and `daemonset`"],
  ],
  [
    "no workload",
    GOOD.replace(", deployment: web", ""),
    ["7:10 one-target: the service `web` names none of `deployment`, `statefulset` or `daemonset`"],
  ],
  [
    "a duplicate id",
    withLine(ROLLED, "  - { id: ship, uses: rollout-status, services: [web] }"),
    ["13:11 duplicate-id: the id `ship` is taken by another step or check"],
  ],
  [
    "a check with a step's id",
    withLine(CHECK, "    - { id: ship, uses: check-errors, services: [api] }"),
    ["17:13 duplicate-id: the id `ship` is taken by another step or check"],
  ],
  [
    "on-inconclusive off a check",
    withLine(ROLLED, "  - { id: rolled, uses: rollout-status, services: [web], on-inconclusive: stop }"),
    ["13:58 on-inconclusive: `rollout-status` is never inconclusive"],
  ],
  [
    "an irreversible check",
    withLine(ROLLED, "  - { id: rolled, uses: check-pods, services: [web], irreversible: true }"),
    ["13:54 irreversible: `check-pods` changes nothing that could be irreversible"],
  ],

  // Policies
  [
    "checkpoints out of order",
    withLine(15, "  checkpoints: [20m, 5m]"),
    ["15:22 checkpoints: the checkpoints do not ascend"],
  ],
  [
    "a checkpoint twice",
    withLine(15, "  checkpoints: [60m, 1h]"),
    ["15:22 checkpoints: the checkpoints do not ascend"],
  ],
  [
    "a checkpoint within a minute",
    withLine(15, "  checkpoints: [90s, 20m]"),
    ["15:17 checkpoints: a checkpoint falls between two minutes"],
  ],
  [
    "the foreground ends nowhere",
    withLine(15, "  checkpoints: [5m, 20m]", "  foreground-until: 21m"),
    ["16:21 foreground-until: no checkpoint is at `21m`"],
  ],
  [
    "a webhook in the open",
    `${GOOD}notify: { webhook: "https://example.com/x" }\n`,
    ["18:20 webhook: a webhook's address is a secret"],
  ],
  [
    "a pattern that could hang",
    `${GOOD}report: { redact: { also: ['cust_[0-9]{6}', '(a+)+b'] } }\n`,
    ["18:45 pattern: the pattern `(a+)+b` is refused at `a+)+b`: the same text may match in two ways here"],
  ],
  [
    "a secret that is to be kept",
    `${GOOD}report: { redact: { keep: [tokens] } }\n`,
    ["18:28 bad-value: entry 1 of `keep` cannot be `tokens`"],
  ],
  [
    "a report without a repository",
    withLine(2, "report: { commit-status: true }"),
    ["2:11 repository: `commit-status` needs a repository to report to"],
  ],

  // Expressions
  [
    "an unknown input",
    withLine(SHIP, '    with: { workflow: a.yml, ref: "v-${{ inputs.brunch }}${{ inputs.branch }}" }'),
    ["11:42 unknown-reference: no input is called `brunch`"],
  ],
  [
    "an unused input",
    withLine(SHIP, "    with: { workflow: a.yml, ref: main }"),
    ["4:3 unused-input: nothing reads the input `branch`"],
  ],
  [
    "a forward reference",
    withLine(SHIP, '    with: { workflow: a.yml, ref: "${{ steps.rolled.outputs.x }}${{ inputs.branch }}" }'),
    ["11:40 forward-reference: the step `rolled` comes later: it has no output yet"],
  ],
  [
    "a reference to itself",
    withLine(SHIP, '    with: { workflow: a.yml, ref: "${{ steps.ship.outputs.sha }}${{ inputs.branch }}" }'),
    ["11:40 forward-reference: a step cannot refer to its own output"],
  ],
  [
    "a missing step",
    withLine(
      SERVED,
      '  - { id: served, uses: wait-for-revision, services: [api], with: { commit: "${{ steps.shop.outputs.sha }}" } }',
    ),
    ["12:82 unknown-reference: no step is called `shop`"],
  ],
  [
    "a missing output",
    withLine(
      SERVED,
      '  - { id: served, uses: wait-for-revision, services: [api], with: { commit: "${{ steps.ship.outputs.sah }}" } }',
    ),
    ["12:82 unknown-reference: `trigger-workflow` has no output `sah`"],
  ],
  [
    "half a reference",
    withLine(
      SERVED,
      '  - { id: served, uses: wait-for-revision, services: [api], with: { commit: "${{ steps.ship.sha }}" } }',
    ),
    ["12:82 unknown-reference: `steps.ship.sha` is no output"],
  ],
  [
    "a missing fact",
    withLine(
      SERVED,
      '  - { id: served, uses: wait-for-revision, services: [api], with: { commit: "${{ services.api.before.digests }}" } }',
    ),
    ["12:82 unknown-reference: `services.api.before.digests` does not exist"],
  ],
  [
    "a service that expressions do not know",
    withLine(
      SERVED,
      '  - { id: served, uses: wait-for-revision, services: [api], with: { commit: "${{ services.apl.before.commit }}" } }',
    ),
    ["12:82 unknown-reference: no service is called `apl`"],
  ],
  [
    "an unknown root",
    withLine(SHIP, '    with: { workflow: "${{ secrets.X }}", ref: "${{ inputs.branch }}" }'),
    ["11:28 unknown-reference: `secrets` cannot be looked up here"],
  ],
  [
    "an empty expression",
    withLine(SHIP, '    with: { workflow: "${{ }}", ref: "${{ inputs.branch }}" }'),
    ["11:24 expression-syntax: the expression is empty"],
  ],
  [
    "an open expression",
    withLine(SHIP, '    with: { workflow: "a ${{ inputs.branch", ref: "b" }'),
    ["11:26 expression-syntax: the expression is not closed"],
  ],
  [
    "an operator",
    withLine(SHIP, "    with: { workflow: \"${{ inputs.branch == 'x' }}\", ref: b }"),
    ["11:42 expression-syntax: `==` does not belong here"],
  ],
  [
    "an unknown function",
    withLine(SHIP, '    with: { workflow: "${{ trim(inputs.branch) }}", ref: b }'),
    ["11:28 expression-syntax: no function is called `trim`"],
  ],
  [
    "too many arguments",
    withLine(SHIP, "    with: { workflow: \"${{ short(inputs.branch, 'x') }}\", ref: b }"),
    ["11:28 expression-syntax: `short` takes one value, not 2"],
  ],
  [
    "an expression in a name",
    withLine(1, "name: demo", 'description: "about ${{ inputs.branch }}"'),
    ["2:21 expression-place: expressions are not evaluated here"],
  ],
  [
    "an expression in a timeout",
    withLine(SHIP, '    with: { workflow: a.yml, ref: "${{ inputs.branch }}" }', '    timeout: "${{ inputs.branch }}"'),
    [
      "12:14 bad-value: `timeout` cannot be `${{ inputs.branch }}`",
      "12:15 expression-place: expressions are not evaluated here",
    ],
  ],
  [
    "an expression in a key",
    withLine(SHIP, '    with: { workflow: a.yml, ref: "${{ inputs.branch }}", inputs: { "${{ env.K }}": x } }'),
    ["11:69 expression-place: expressions are not evaluated in keys"],
  ],
  [
    "the environment in a service",
    withLine(6, '  api: { cloud-run: { project: "${{ env.P }}", region: r, service: api } }'),
    ["6:37 unknown-reference: `env` cannot be looked up here"],
  ],
  [
    "a value in a command line",
    GOOD.replace(
      "monitor:",
      '  - { id: run, uses: run-command, with: { argv: [sh, -c, "echo ${{ inputs.branch }}"] } }\nmonitor:',
    ),
    ["14:58 command-line: a value would be spliced into a command line"],
  ],

  // Secrets
  [
    "a GitHub token in a comment",
    `${GOOD}# ghp_abcdefghijklmnopqrstuvwxyz0123456789\n`,
    ["18:3 secret-in-file: this looks like a GitHub token"],
  ],
  [
    "a fine-grained token",
    withLine(2, "description: github_pat_11ABCDEFG0abcdefghijkl"),
    ["2:14 secret-in-file: this looks like a GitHub token"],
  ],
  [
    "a Google key",
    withLine(2, "description: AIzaSyA1234567890abcdefghijklmnopqrstuv"),
    ["2:14 secret-in-file: this looks like a Google API key"],
  ],
  [
    "an AWS key",
    withLine(2, "description: AKIAIOSFODNN7EXAMPLE"),
    ["2:14 secret-in-file: this looks like an AWS access key"],
  ],
  [
    "a private key",
    withLine(2, 'description: "-----BEGIN RSA PRIVATE KEY-----"'),
    ["2:15 secret-in-file: this looks like a private key"],
  ],
  [
    "a Slack token",
    withLine(2, "description: xoxb-1234567890-abcdef"),
    ["2:14 secret-in-file: this looks like a Slack token"],
  ],
  [
    "a Slack webhook",
    `${GOOD}notify: { webhook: "https://hooks.slack.com/services/T0/B0/xyz" }\n`,
    ["18:20 webhook: a webhook's address is a secret", "18:21 secret-in-file: this looks like a webhook's address"],
  ],
  [
    "a password in an address",
    withLine(2, "description: postgres://root:hunter2@db/x"),
    ["2:14 secret-in-file: this looks like an address with a password"],
  ],
  [
    "a secret by its name",
    `${GOOD}    - { uses: http-check, with: { url: "https://x", expect: { status: 200 }, headers: { Authorization: Bearer abc } } }\n`,
    ["18:89 secret-in-file: `Authorization` holds its secret in the file"],
  ],
  [
    "a secret in a broken file",
    "name: [\n# ghp_abcdefghijklmnopqrstuvwxyz0123456789\n",
    [
      "2:3 secret-in-file: this looks like a GitHub token",
      "3:1 yaml-syntax: this is not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]",
    ],
  ],

  // Groups
  [
    "a group of one",
    withLine(ROLLED, "  - parallel:", "      - { id: rolled, uses: rollout-status, services: [web] }"),
    ["13:5 group: a group of 1"],
  ],
  [
    "a group that is no list",
    withLine(ROLLED, "  - parallel: yes please"),
    ["7:3 unused-service: no step and no check mentions the service `web`", "13:5 group: a group that is no list"],
  ],
  [
    "a condition on a group, and a typing mistake in it",
    withLine(
      ROLLED,
      "  - if: inputs.branch == 'main'",
      "    parallel:",
      "      - { id: rolled, uses: rollout-status, services: [web] }",
      "      - { id: rest, use: wait }",
    ),
    [
      "13:5 group: a group has no key `if`",
      "16:9 missing-key: entry 4 of `steps` lacks the key `uses`",
      "16:21 unknown-key: unknown key `use` in entry 4 of `steps`",
    ],
  ],
  [
    "a group within a group",
    withLine(
      ROLLED,
      "  - parallel:",
      "      - { id: rolled, uses: rollout-status, services: [web] }",
      "      - parallel: []",
    ),
    ["15:9 group: a group within a group"],
  ],
  [
    "an output of a step beside",
    withLine(
      ROLLED,
      "  - parallel:",
      "      - { id: rolled, uses: rollout-status, services: [web] }",
      '      - { id: rest, uses: wait, with: { for: "${{ steps.rolled.outputs.revision }}" } }',
    ),
    ["15:51 forward-reference: the step `rolled` runs side by side with this one: it has no output yet"],
  ],

  // Conditions
  ...(
    [
      ["always", "63 unknown-reference: `always` cannot be looked up here"],
      ["inputs.branch = 'main'", "77 expression-syntax: `=` does not belong here"],
      ["inputs.branch ==", "63 expression-syntax: the condition is not complete"],
      ["(inputs.branch == 'main'", "63 expression-syntax: the condition is not complete"],
      ["inputs.brunch == 'main'", "63 unknown-reference: no input is called `brunch`"],
      ["env.TOKEN == 'x'", "63 unknown-reference: `env` cannot be looked up here"],
      ["${{ inputs.branch == 'main' }} and so on", "93 expression-syntax: something stands after the condition"],
    ] as const
  ).map(
    ([condition, told]) =>
      [
        `the condition ${condition}`,
        withLine(ROLLED, `  - { id: rolled, uses: rollout-status, services: [web], if: "${condition}" }`),
        [`13:${told}`],
      ] as const,
  ),
  [
    "an output of a step that may be skipped",
    withLine(11, '    with: { workflow: a.yml, ref: "${{ inputs.branch }}" }', "    if: inputs.branch == 'main'"),
    ["13:82 conditional-reference: the step `ship` may be skipped, and then it has no output"],
  ],

  // Schedules
  ...(
    [
      ['{ cron: "0 * * * * *" }', "19 schedule: a cron expression has five fields"],
      ['{ cron: "61 * * * *" }', "19 schedule: Invalid value for minute: 61"],
      ['{ cron: "0 0 31 2 *" }', "19 schedule: it never comes"],
      ['{ cron: "0 * * * *", time-zone: Mars/Olympus }', "43 schedule: there is no such time zone"],
    ] as const
  ).map(([schedule, told]) => [schedule, `${GOOD}schedule: ${schedule}\n`, [`18:${told}`]] as const),

  // Designed and not built
  [
    "needs",
    withLine(ROLLED, "  - { id: rolled, uses: rollout-status, services: [web], needs: [ship] }"),
    ["13:58 not-built: `needs:` is not built yet: steps run in the order of the file"],
  ],
];

describe("conditions and groups", () => {
  it("keep where they stand, with or without braces", () => {
    const text = withLine(
      ROLLED,
      "  - parallel:",
      "      - { id: rolled, uses: rollout-status, services: [web], if: \"${{ inputs.branch == 'main' }}\" }",
      "      - { id: rest, uses: wait, with: { for: 5s }, if: false }",
      "  - { id: last, uses: wait, with: { for: 5s } }",
    );
    const loaded = loadRunbook("r.yaml", text, languageKinds);
    expect(loaded).toMatchObject({
      runbook: {
        steps: [
          { id: "ship" },
          { id: "served" },
          { id: "rolled", group: 3, if: "${{ inputs.branch == 'main' }}", position: { line: 14, column: 9 } },
          { id: "rest", group: 3, if: "false", position: { line: 15, column: 9 } },
          { id: "last", position: { line: 16, column: 5 } },
        ],
      },
    });
  });

  it.each([
    ["inputs.branch == 'main'", true],
    ["inputs.branch != 'main'", false],
    ["inputs.branch == 'Main'", false],
    ["! (inputs.branch == 'main')", false],
    ["inputs.branch == 'other' || inputs.full", true],
    ["inputs.branch == 'main' && !inputs.full", false],
    ["false && inputs.nothing", false],
    ["default(inputs.nothing, 'x') == 'x'", true],
    ["inputs.count == 3", true],
    ["inputs.nothing == 'x'", "`inputs.nothing` has no value"],
    ["inputs.branch", "inputs.branch is `main`, which is neither `true` nor `false`"],
  ])("%s is %s", (text, expected) => {
    const parsed = parseCondition(text);
    if ("error" in parsed) throw new Error(parsed.error.what);
    const inputs = { branch: "main", full: "true", count: "3" };
    const answer = evaluateCondition(parsed.condition, lookUpIn({ inputs }));
    expect("holds" in answer ? answer.holds : answer.missing).toBe(expected);
  });
});

describe("a runbook that is wrong", () => {
  it.each(BAD)("%s", (_name, text, expected) => {
    expect([...said(text)].sort()).toEqual([...expected].sort());
  });

  it("is told all at once, in the order of the file", () => {
    const text = withLine(1, "name: Demo")
      .replace("[5m, 20m]", "[5m, 20]")
      .replace("uses: rollout-status", "uses: rollout");
    expect(said(text)).toEqual([
      "1:7 bad-value: `name` cannot be `Demo`",
      "13:25 unknown-kind: unknown step kind `rollout`",
      "15:21 bad-value: entry 2 of `checkpoints` cannot be `20`",
    ]);
  });

  it("is refused above 256 KiB", () => {
    expect(said(`${GOOD}# ${"x".repeat(256 * 1024)}\n`)).toEqual(["1:1 file-size: the file is larger than 256 KiB"]);
  });

  it("is refused above twenty aliases", () => {
    const text = withLine(ROLLED, `  - { id: rolled, uses: rollout-status, services: [&w web${", *w".repeat(21)}] }`);
    expect(said(text)).toEqual(["13:140 aliases: more than 20 aliases"]);
  });

  it("is told at most a hundred problems", () => {
    expect(problems(`${GOOD}${Array.from({ length: 200 }, (_, index) => `x${index}: 1`).join("\n")}\n`)).toHaveLength(
      100,
    );
  });

  it("suggests what was meant, and says how to put it right", () => {
    expect(problems(withLine(8, "step:")).find(({ rule }) => rule === "unknown-key")).toMatchObject({
      excerpt: "step",
      expected:
        "`name`, `description`, `repository`, `inputs`, `services`, `steps`, `monitor`, `schedule`, `rollback`, `report` or `notify`; did you mean `steps`?",
      remedy: "write `steps`",
    });
    expect(problems(withLine(15, "  checkpoints: [5m, 20]"))[0]).toMatchObject({
      expected: 'a duration with a unit, such as "90s", "20m" or "1h30m"',
      remedy: "add the unit: `20s` or `20m`",
    });
    expect(problems(withLine(4, "  branch: { default: 5 }"))[0]).toMatchObject({ remedy: 'put it in quotes: `"5"`' });
  });
});
