import { describe, expect, test } from "vitest";
import { logFilter } from "../../../src/adapters/log-filter.ts";
import { instant } from "../../../src/model/time.ts";
import { compileFilter } from "../../../src/simulator/log-filter.ts";
import { couldMatch } from "../../../src/simulator/log-source.ts";
import { FilterError } from "../../../src/simulator/log-filter-parser.ts";
import type { SimulatedEntry } from "../../../src/simulator/log-source.ts";

const REQUEST: SimulatedEntry = {
  logName: "projects/p/logs/run.googleapis.com%2Frequests",
  insertId: "r1",
  timestamp: "2026-04-12T04:00:00.123456789Z",
  receiveTimestamp: "2026-04-12T04:00:05.000000000Z",
  severity: "ERROR",
  resource: { type: "cloud_run_revision", labels: { service_name: "backend", revision_name: "backend-00907-kpc" } },
  httpRequest: { requestMethod: "GET", requestUrl: "https://x/v1/a", status: 503, latency: "1.500000s" },
};
const LINE: SimulatedEntry = {
  logName: "projects/p/logs/stdout",
  insertId: "l1",
  timestamp: "2026-04-12T04:00:00.000000000Z",
  receiveTimestamp: "2026-04-12T04:00:05.000000000Z",
  severity: "INFO",
  resource: { type: "k8s_container", labels: { pod_name: "prod-omi-pusher-abc-1" } },
  labels: { "k8s-pod/pod-template-hash": "abc" },
  jsonPayload: { message: "Hello World", code: 7, deep: { er: "x" } },
};

/** Which of the two entries a filter matches. */
function check(filter: string, expected: readonly ("request" | "line")[]): void {
  const { matches } = compileFilter(filter);
  const found = [...(matches(REQUEST) ? ["request"] : []), ...(matches(LINE) ? ["line"] : [])];
  expect(found, filter).toEqual(expected);
}

describe("comparisons", () => {
  test.each<[string, readonly ("request" | "line")[]]>([
    ["", ["request", "line"]],
    [`resource.type="cloud_run_revision"`, ["request"]],
    [`resource.type = K8S_container`, ["line"]],
    [`resource.labels.service_name="backend"`, ["request"]],
    [`labels."k8s-pod/pod-template-hash"="abc"`, ["line"]],
    [`labels."k8s-pod/pod-template-hash"="abd"`, []],
    [`logName="projects/p/logs/run.googleapis.com%2Frequests"`, ["request"]],
    [`logName:stdout`, ["line"]],
    [`severity>=ERROR`, ["request"]],
    [`severity<ERROR`, ["line"]],
    [`severity="info"`, ["line"]],
    [`timestamp>="2026-04-12T04:00:00.000Z"`, ["request", "line"]],
    [`timestamp>"2026-04-12T04:00:00Z"`, ["request"]],
    [`timestamp<="2026-04-12T04:00:00.123456788Z"`, ["line"]],
    [`httpRequest.status>=500`, ["request"]],
    [`httpRequest.status>=504`, []],
    [`httpRequest.latency>"1.4s"`, ["request"]],
    [`httpRequest.requestUrl:"/v1/A"`, ["request"]],
    [`jsonPayload.message="hello world"`, ["line"]],
    [`jsonPayload.message=~"^Hello"`, ["line"]],
    [`jsonPayload.message=~"^hello"`, []],
    [`jsonPayload.message=~"(?i)^hello"`, ["line"]],
    [`jsonPayload.message!~"World$"`, []],
    [`jsonPayload.code>=7`, ["line"]],
    [`jsonPayload.deep.er=x`, ["line"]],
    [`jsonPayload.message:*`, ["line"]],
    [`resource.labels.pod_name=~"^prod-omi-pusher-"`, ["line"]],
    [`"hello"`, ["line"]],
    [`hello`, ["line"]],
    [`"nowhere"`, []],
    [`resource.type=("k8s_container" OR "gce_instance")`, ["line"]],
    // A missing payload or label field fails silently; a field of LogEntry itself compares as its default.
    [`jsonPayload.absent!="x"`, []],
    [`NOT jsonPayload.absent="x"`, ["request", "line"]],
    [`httpRequest.status<500`, ["line"]],
  ])("%s", check);
});

describe("precedence: NOT, then OR, then AND", () => {
  test.each<[string, readonly ("request" | "line")[]]>([
    // (ERROR or line) and k8s, not ERROR or (line and k8s)
    [`severity=ERROR OR severity=INFO AND resource.type="k8s_container"`, ["line"]],
    [`severity=ERROR OR (severity=INFO AND resource.type="k8s_container")`, ["request", "line"]],
    [`NOT severity=ERROR OR severity=ERROR`, ["request", "line"]],
    [`NOT (severity=ERROR OR severity=INFO)`, []],
    [`-severity=ERROR`, ["line"]],
    [`severity=INFO "Hello"`, ["line"]],
    [`severity=INFO -"Hello"`, []],
    [`severity=ERROR\nhttpRequest.status=503`, ["request"]],
  ])("%s", check);
});

describe("what is not understood is refused", () => {
  test.each([
    `nonsense.field="x"`,
    `httpRequest.unheardOf="x"`,
    `severity>=LOUD`,
    `timestamp>="yesterday"`,
    `httpRequest.status>=many`,
    `(severity=ERROR`,
    `severity=ERROR)`,
    `severity=`,
    `AND severity=ERROR`,
    `severity=ERROR OR`,
    `textPayload="a`,
    `textPayload=~"(?=look)"`,
    `textPayload=~"("`,
    `SEARCH("x")`,
    `severity=ERROR; drop`,
  ])("%s", (filter) => {
    expect(() => compileFilter(filter)).toThrow(FilterError);
  });
});

test("a filter tells what it certainly requires", () => {
  const filter = logFilter({
    target: { platform: "cloud-run", project: "p", region: "us-central1", service: "backend" },
    log: "requests",
    since: instant("2026-04-12T03:00:00.000Z"),
    until: instant("2026-04-12T04:00:00.000Z"),
    minStatus: 500,
    minSeverity: "ERROR",
  });
  expect(compileFilter(filter)).toMatchObject({
    hint: {
      resourceType: "cloud_run_revision",
      resourceLabels: { location: "us-central1", service_name: "backend" },
      logName: "projects/p/logs/run.googleapis.com%2Frequests",
      minStatus: 500,
      minSeverity: "ERROR",
    },
    since: "2026-04-12T03:00:00.000Z",
  });
});

test("of several services in one filter it tells the logs that any of them writes", () => {
  const window = { since: instant("2026-04-12T03:00:00.000Z"), until: instant("2026-04-12T04:00:00.000Z") };
  const web = { platform: "cloud-run", project: "p", region: "us-central1", service: "web" } as const;
  const worker = {
    platform: "kubernetes",
    project: "p",
    cluster: "c",
    namespace: "n",
    kind: "Deployment",
    name: "worker",
  } as const;
  const written = { log: "application", minSeverity: "ERROR", ...window } as const;
  expect(compileFilter(logFilter({ target: web, ...written }, { target: worker, ...written })).hint).toEqual({
    resourceLabels: {},
    logNames: [
      "projects/p/logs/run.googleapis.com%2Fstdout",
      "projects/p/logs/run.googleapis.com%2Fstderr",
      "projects/p/logs/stdout",
      "projects/p/logs/stderr",
    ],
    minSeverity: "ERROR",
  });
});

test("what is only an alternative is not taken for required", () => {
  const { hint, since } = compileFilter(
    `httpRequest.status>=500 OR severity>=ERROR AND (timestamp>="2026-04-12T03:00:00Z" OR "x")`,
  );
  expect(hint).toEqual({ resourceLabels: {}, oneOf: [{}, { texts: ["x"] }] });
  expect(since).toBeUndefined();
});

test("severe entries, and others that hold a text: what is neither need not be made", () => {
  const { hint } = compileFilter(
    `logName="l" AND ((severity>=ERROR AND ("exception" OR "traceback")) OR "ImportError" OR "CrashLoop")`,
  );
  expect(hint.oneOf).toEqual([
    { minSeverity: "ERROR", texts: ["exception", "traceback"] },
    { texts: ["importerror", "crashloop"] },
  ]);
  expect(couldMatch("INFO", ["request handled"], hint)).toBe(false);
  expect(couldMatch("INFO", ["an ImportError was handled"], hint)).toBe(true);
  expect(couldMatch("ERROR", ["request handled"], hint)).toBe(false);
  expect(couldMatch("ERROR", ["an exception"], hint)).toBe(true);
});
