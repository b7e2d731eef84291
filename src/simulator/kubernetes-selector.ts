/** Label and field selectors as the Kubernetes API understands them. What it does not understand is an error, never match-all. */

export class SelectorError extends Error {}

type Requirement = (labels: Readonly<Record<string, string>>) => boolean;

/** "a=b,c!=d,e in (f,g),h notin (i),j,!k" */
export function parseLabelSelector(text: string): Requirement {
  const requirements = splitOutsideParentheses(text).map(parseRequirement);
  return (labels) => requirements.every((holds) => holds(labels));
}

const FIELDS = new Set([
  "metadata.name",
  "metadata.namespace",
  "involvedObject.name",
  "involvedObject.uid",
  "status.phase",
]);

/** "metadata.name=web,status.phase!=Running" over the object's JSON. */
export function parseFieldSelector(text: string): (object: object) => boolean {
  const terms = splitOutsideParentheses(text).map((term) => {
    const [, path, operator, value] = /^([\w.]+)(==|=|!=)(.*)$/.exec(term) ?? [];
    if (path === undefined || !FIELDS.has(path)) throw new SelectorError(`field label not supported: ${term}`);
    return (object: object) => (fieldOf(object, path) === value) !== (operator === "!=");
  });
  return (object) => terms.every((holds) => holds(object));
}

function parseRequirement(text: string): Requirement {
  const set = /^([\w./-]+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(text);
  if (set !== null) {
    const [, key = "", operator, list = ""] = set;
    const values = list.split(",").map((value) => value.trim());
    return operator === "in"
      ? (labels) => labels[key] !== undefined && values.includes(labels[key])
      : (labels) => labels[key] === undefined || !values.includes(labels[key]);
  }
  const equality = /^([\w./-]+)\s*(==|=|!=)\s*([\w.-]*)$/.exec(text);
  if (equality !== null) {
    const [, key = "", operator, value] = equality;
    return operator === "!=" ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  const presence = /^(!?)([\w./-]+)$/.exec(text);
  if (presence === null) throw new SelectorError(`unable to parse requirement: ${text}`);
  const [, negated, key = ""] = presence;
  return (labels) => (labels[key] === undefined) === (negated === "!");
}

function splitOutsideParentheses(text: string): readonly string[] {
  return text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function fieldOf(object: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], object);
}
