/** The rules for `${{ }}`: what an expression may refer to where it stands. */
import { parseCondition, referencesOfCondition } from "./conditions.ts";
import { type Draft, recordOf } from "./draft.ts";
import type { ExpressionError } from "./expression-parser.ts";
import { type Place, type Site, sitesOf } from "./expression-sites.ts";
import { hasExpression, parseTemplate, type ReferenceUse, referencesOf } from "./expressions.ts";
import { quoted } from "./problems.ts";
import type { Finding, Path } from "./source.ts";
import { didYouMean, oneOf } from "./suggest.ts";

export function expressionsFit(draft: Draft): readonly Finding[] {
  const sites = sitesOf(draft).filter(({ text, isCondition }) => isCondition === true || hasExpression(text));
  return [
    ...sites.flatMap((site) => findingsAt(draft, site)),
    ...keysWithExpressions(draft),
    ...unusedInputs(draft, sites),
  ];
}

/** Names of the services that some expression looks up. */
export function servicesReferredTo(draft: Draft): readonly string[] {
  return sitesOf(draft).flatMap((site) => {
    const found = referencesAt(site);
    if ("error" in found) return [];
    return found.references.flatMap(({ path }) => (path[0] === "services" ? [path[1] ?? ""] : []));
  });
}

/** What a text refers to; the first mistake where it cannot be read. */
function referencesAt({
  text,
  isCondition,
}: Site): { references: readonly ReferenceUse[] } | { error: ExpressionError } {
  if (isCondition === true) {
    const parsed = parseCondition(text);
    return "error" in parsed ? parsed : { references: referencesOfCondition(parsed.condition) };
  }
  const parsed = parseTemplate(text);
  return "error" in parsed ? parsed : { references: referencesOf(parsed.parts) };
}

function findingsAt(draft: Draft, site: Site): readonly Finding[] {
  const { path, text, place } = site;
  if (place.roots.length === 0) {
    const where = { path, side: "value" as const, within: { start: text.indexOf("${{"), length: 3 } };
    return [
      {
        rule: "expression-place",
        what: "expressions are not evaluated here",
        expected: "literal text",
        remedy: "write the value out; expressions belong in `with:`, `services:` and `repository:`",
        where,
      },
    ];
  }
  const found = referencesAt(site);
  if ("error" in found) {
    const { start, length, what, expected } = found.error;
    return [
      {
        rule: "expression-syntax",
        what,
        expected,
        remedy: site.isCondition === true ? "correct the condition" : "correct the expression",
        where: { path, side: "value", within: { start, length } },
      },
    ];
  }
  return found.references.flatMap((use) => {
    const complaint = complaintAbout(draft, site, use);
    if (complaint === undefined) return [];
    return [{ ...complaint, where: { path, side: "value", within: { start: use.start, length: use.length } } }];
  });
}

type Complaint = Omit<Finding, "where">;

function complaintAbout(draft: Draft, site: Site, use: ReferenceUse): Complaint | undefined {
  const { place } = site;
  const { path } = use;
  const [root = "", name, ...rest] = path;
  if (!place.roots.includes(root)) {
    return unknown(
      path,
      `\`${root}\` cannot be looked up here`,
      place.roots.map((known) => `${known}.`),
      root,
    );
  }
  if (name === undefined) return unknown(path, `\`${root}\` is no value`, [SHAPES[root] ?? ""]);
  switch (root) {
    case "inputs":
      return rest.length === 0
        ? aboutInput(draft, path, name)
        : unknown(path, "an input has no parts", [`inputs.${name}`]);
    case "env":
      return rest.length === 0 ? undefined : unknown(path, "a variable has no parts", [`env.${name}`]);
    case "run":
      return name === "id" && rest.length === 0
        ? undefined
        : unknown(path, `${quoted(path.join("."))} does not exist`, ["run.id"]);
    case "steps":
      return aboutStep(draft, site, use, name, rest);
    default:
      return aboutService(draft, path, name, rest);
  }
}

const SHAPES: Readonly<Record<string, string>> = {
  inputs: "inputs.NAME",
  env: "env.NAME",
  run: "run.id",
  steps: "steps.ID.outputs.KEY",
  services: "services.NAME.before.revision",
};

function aboutInput(draft: Draft, path: readonly string[], name: string): Complaint | undefined {
  if (draft.inputs.includes(name)) return undefined;
  return unknown(path, `no input is called ${quoted(name)}`, draft.inputs, name);
}

function aboutStep(
  draft: Draft,
  site: Site,
  use: ReferenceUse,
  id: string,
  rest: readonly string[],
): Complaint | undefined {
  const { place } = site;
  const { path } = use;
  if (rest[0] !== "outputs" || rest.length !== 2)
    return unknown(path, `${quoted(path.join("."))} is no output`, [`steps.${id}.outputs.KEY`]);
  const step = place.steps.find((use) => use.id === id);
  if (step === undefined) {
    if (!draft.steps.some((use) => use.id === id)) {
      return unknown(
        path,
        `no step is called ${quoted(id)}`,
        place.steps.flatMap((use) => use.id ?? []),
        id,
      );
    }
    return forwardReference(draft, place, id);
  }
  const mayBeSkipped = step.raw["if"] !== undefined && !use.optional;
  // A step under the very same condition runs whenever the other one ran.
  const isCovered = site.isCondition !== true && place.self?.raw["if"] === step.raw["if"];
  if (mayBeSkipped && !isCovered) {
    return {
      rule: "conditional-reference",
      what: `the step ${quoted(id)} may be skipped, and then it has no output`,
      expected: `\`default(${path.join(".")}, '…')\`, or the same \`if:\` on this step`,
      remedy: "say what is meant when it is skipped",
    };
  }
  const known = step.kind?.outputs;
  if (known === undefined || known.includes(rest[1] ?? "")) return undefined;
  return unknown(path, `\`${step.uses}\` has no output ${quoted(rest[1] ?? "")}`, known, rest[1]);
}

function forwardReference(draft: Draft, place: Place, id: string): Complaint {
  const own = place.self?.id === id;
  const beside =
    place.self?.group !== undefined && draft.steps.find((use) => use.id === id)?.group === place.self.group;
  const why = beside ? "runs side by side with this one" : "comes later";
  return {
    rule: "forward-reference",
    what: own ? "a step cannot refer to its own output" : `the step ${quoted(id)} ${why}: it has no output yet`,
    expected: "an earlier step",
    remedy: own ? "remove the reference" : `move the step ${quoted(id)} before this one`,
  };
}

const FACTS: Readonly<Record<string, readonly string[]>> = {
  "cloud-run": ["revision", "commit", "images"],
  "cloud-run-job": ["commit", "images"],
  kubernetes: ["revision", "commit", "images", "digests"],
};

function aboutService(
  draft: Draft,
  path: readonly string[],
  name: string,
  rest: readonly string[],
): Complaint | undefined {
  const service = draft.services.find((known) => known.name === name);
  if (service === undefined)
    return unknown(
      path,
      `no service is called ${quoted(name)}`,
      draft.services.map((known) => known.name),
      name,
    );
  const facts = FACTS[service.platform ?? ""];
  if (facts === undefined) return undefined;
  const [before, fact = "", part] = rest;
  const mayHavePart = service.platform === "kubernetes" && (fact === "images" || fact === "digests");
  if (before === "before" && facts.includes(fact) && rest.length <= (mayHavePart ? 3 : 2) && part !== "")
    return undefined;
  return unknown(
    path,
    `${quoted(path.join("."))} does not exist`,
    facts.map((known) => `services.${name}.before.${known}`),
  );
}

function unknown(path: readonly string[], what: string, known: readonly string[], given?: string): Complaint {
  const meant =
    given === undefined
      ? undefined
      : didYouMean(
          given,
          known.map((word) => word.replace(/\.$/, "")),
        );
  return {
    rule: "unknown-reference",
    what,
    expected: (known.length === 0 ? "an existing name" : oneOf(known)) + (meant === undefined ? "" : `; ${meant}`),
    remedy: `correct ${quoted(path.join("."))}`,
  };
}

function keysWithExpressions(draft: Draft): readonly Finding[] {
  return [...draft.steps, ...draft.checks].flatMap((use) =>
    keysIn(use.raw["with"], [...use.path, "with"])
      .filter((path) => hasExpression(String(path.at(-1))))
      .map((path): Finding => ({
        rule: "expression-place",
        what: "expressions are not evaluated in keys",
        expected: "a literal key",
        remedy: "write the key out",
        where: { path, side: "key" },
      })),
  );
}

function keysIn(value: unknown, path: Path): readonly Path[] {
  if (Array.isArray(value)) return value.flatMap((inner: unknown, index) => keysIn(inner, [...path, index]));
  return Object.entries(recordOf(value) ?? {}).flatMap(([key, inner]) => [
    [...path, key],
    ...keysIn(inner, [...path, key]),
  ]);
}

/** An input that nothing reads would be given in vain: an operator believes that it does something. */
function unusedInputs(draft: Draft, sites: readonly Site[]): readonly Finding[] {
  // Commands are given every input in their environment.
  if (draft.steps.length === 0 || draft.steps.some((use) => use.uses === "run-command")) return [];
  const used = new Set<string>();
  for (const site of sites) {
    const found = referencesAt(site);
    if ("error" in found) return [];
    for (const { path } of found.references) if (path[0] === "inputs") used.add(path[1] ?? "");
  }
  return draft.inputs
    .filter((name) => !used.has(name))
    .map((name): Finding => ({
      rule: "unused-input",
      what: `nothing reads the input ${quoted(name)}`,
      expected: `\`\${{ inputs.${name} }}\` somewhere`,
      remedy: "use it, or remove it",
      where: { path: ["inputs", name], side: "key" },
    }));
}
