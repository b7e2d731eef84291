/** Hostile strings in log filters, step names, command lines and messages of files: each is the literal and nothing else. */
import { expect, test } from "vitest";
import { logFilter } from "../../src/adapters/log-filter.ts";
import { instant } from "../../src/model/time.ts";
import { parseFilter, type FilterNode } from "../../src/simulator/log-filter-parser.ts";
import { HOSTILE } from "../support/hostile-corpus.ts";

const since = instant("2026-04-12T04:00:00.000Z");
const until = instant("2026-04-12T05:00:00.000Z");

function comparisons(node: FilterNode): readonly string[] {
  switch (node.kind) {
    case "and":
    case "or":
      return node.terms.flatMap(comparisons);
    case "not":
      return comparisons(node.term);
    case "compare":
      return [node.value];
    case "text":
      return [node.value];
  }
}

/** The shape without its values: what a clause more would change. */
function shapeOf(node: FilterNode): unknown {
  if (node.kind === "and" || node.kind === "or") return [node.kind, node.terms.map(shapeOf)];
  if (node.kind === "not") return ["not", shapeOf(node.term)];
  return node.kind === "compare" ? [node.path.join("."), node.operator] : "text";
}

const filters = (text: string): readonly string[] => {
  const cloudRun = { platform: "cloud-run", project: text, region: text, service: text } as const;
  const kubernetes = {
    platform: "kubernetes",
    project: text,
    cluster: text,
    namespace: text,
    kind: "Deployment",
    name: text,
  } as const;
  return [
    logFilter({
      target: cloudRun,
      log: "requests",
      version: text,
      since,
      until,
      onRoute: { method: text, path: text },
    }),
    logFilter({ target: cloudRun, log: "application", since, until, containsAny: [text, text] }),
    logFilter({ target: kubernetes, log: "application", version: text, since, until, containsAny: [text] }),
    logFilter({ target: cloudRun, log: "application", since, until, minSeverity: "ERROR", orContainsAny: [text] }),
  ];
};

test(`${HOSTILE.length} strings in every place of four log filters mean themselves`, () => {
  const plain = filters("plain").map((filter) => shapeOf(parseFilter(filter)));
  for (const { name, text } of HOSTILE) {
    for (const [index, filter] of filters(text).entries()) {
      const node = parseFilter(filter);
      expect(shapeOf(node), name).toEqual(plain[index]);
      expect(comparisons(node), name).toContain(text.toWellFormed());
      // oxlint-disable-next-line no-control-regex -- that there are none is the point
      expect(filter, name).not.toMatch(/[\u0000-\u001f\u007f]/);
    }
  }
});
