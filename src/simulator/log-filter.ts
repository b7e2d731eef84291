/** Evaluates Logging filters on simulated entries, and tells what a filter certainly requires; fields it does not know are refused. */
import { type Instant, instant } from "../model/time.ts";
import { FilterError, type FilterNode, type Operator, parseFilter } from "./log-filter-parser.ts";
import type { ContentHint, EntryHint, SimulatedEntry } from "./log-source.ts";

export interface LogFilter {
  readonly matches: (entry: SimulatedEntry) => boolean;
  readonly hint: EntryHint;
  /** Bounds of the timestamp that every match obeys: since <= t < until, to the millisecond and never too narrow. */
  readonly since: Instant | undefined;
  readonly until: Instant | undefined;
}

/** Throws FilterError for anything that is not understood. */
export function compileFilter(text: string): LogFilter {
  if (text.length > 20_000) throw new FilterError("the filter is longer than 20000 characters");
  const node = parseFilter(text);
  const required = requiredBy(node);
  return { matches: compiled(node), hint: hintOf(required), ...boundsOf(required) };
}

function requiredBy(node: FilterNode): readonly FilterNode[] {
  return node.kind === "and" ? node.terms : [node];
}

type Test = (entry: SimulatedEntry) => boolean;

function compiled(node: FilterNode): Test {
  switch (node.kind) {
    case "and": {
      const tests = node.terms.map(compiled);
      return (entry) => tests.every((test) => test(entry));
    }
    case "or": {
      const tests = node.terms.map(compiled);
      return (entry) => tests.some((test) => test(entry));
    }
    case "not": {
      const test = compiled(node.term);
      return (entry) => !test(entry);
    }
    case "text": {
      const wanted = node.value.toLowerCase();
      return (entry) => haystackOf(entry).includes(wanted);
    }
    case "compare":
      return comparison(node.path, node.operator, node.value);
  }
}

/**
 * A field that belongs to LogEntry and is not set compares as its default; a missing payload or label field fails every
 * comparison silently (so NOT of it holds).
 */
function comparison(path: readonly string[], operator: Operator, value: string): Test {
  const { read, order } = fieldOf(path);
  const test = operatorTest(operator, value, order);
  return (entry) => {
    const found = read(entry);
    return found !== undefined && test(found);
  };
}

type Order = (text: string) => number | string;

function fieldOf(path: readonly string[]): { read: (entry: SimulatedEntry) => string | undefined; order: Order } {
  const [top = "", ...rest] = path;
  const name = rest.join(".");
  const nested = rest.length > 0;
  if (top === "resource" && name === "type") return { read: ({ resource }) => resource.type, order: folded };
  if (top === "resource" && rest[0] === "labels" && rest.length === 2) {
    const label = rest[1] ?? "";
    return { read: ({ resource }) => resource.labels[label], order: folded };
  }
  if (top === "labels" && rest.length === 1) return { read: ({ labels }) => labels?.[name], order: folded };
  if (top === "jsonPayload" && nested) return { read: (entry) => within(entry.jsonPayload, rest), order: numberOrText };
  if (top === "httpRequest" && rest.length === 1) return httpField(name);
  if (nested) throw new FilterError(`unknown field ${path.join(".")}`);
  switch (top) {
    case "logName":
    case "insertId":
      return { read: (entry) => entry[top], order: folded };
    case "textPayload":
    case "trace":
      return { read: (entry) => entry[top] ?? "", order: folded };
    case "severity":
      return { read: ({ severity }) => severity, order: severityRank };
    case "timestamp":
    case "receiveTimestamp":
      return { read: (entry) => entry[top], order: nanoseconds };
    default:
      throw new FilterError(`unknown field ${path.join(".")}`);
  }
}

function httpField(name: string): ReturnType<typeof fieldOf> {
  switch (name) {
    case "status":
      return { read: ({ httpRequest }) => String(httpRequest?.status ?? 0), order: number };
    case "latency":
      return { read: ({ httpRequest }) => httpRequest?.latency ?? "0s", order: seconds };
    case "requestMethod":
    case "requestUrl":
    case "remoteIp":
    case "userAgent":
      return { read: ({ httpRequest }) => httpRequest?.[name] ?? "", order: folded };
    default:
      throw new FilterError(`unknown field httpRequest.${name}`);
  }
}

function operatorTest(operator: Operator, value: string, order: Order): (found: string) => boolean {
  if (operator === ":") {
    const wanted = value.toLowerCase();
    return value === "*" ? (found) => found !== "" : (found) => found.toLowerCase().includes(wanted);
  }
  if (operator === "=~" || operator === "!~") {
    const expression = re2(value);
    return operator === "=~" ? (found) => expression.test(found) : (found) => !expression.test(found);
  }
  const wanted = order(value);
  switch (operator) {
    case "=":
      return (found) => order(found) === wanted;
    case "!=":
      return (found) => order(found) !== wanted;
    case ">":
      return (found) => order(found) > wanted;
    case ">=":
      return (found) => order(found) >= wanted;
    case "<":
      return (found) => order(found) < wanted;
    case "<=":
      return (found) => order(found) <= wanted;
  }
}

/** RE2 as far as the two languages agree; what only JavaScript has (look-around, back-references) is refused. */
function re2(source: string): RegExp {
  const insensitive = source.startsWith("(?i)");
  const body = insensitive ? source.slice(4) : source;
  if (/\(\?(?!:)|\\[1-9k]/.test(body)) throw new FilterError(`not a RE2 expression: ${source}`);
  try {
    return new RegExp(body, insensitive ? "iu" : "u");
  } catch {
    throw new FilterError(`not a RE2 expression: ${source}`);
  }
}

const SEVERITIES = ["DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY"];

const folded: Order = (text) => text.toLowerCase();

const severityRank: Order = (text) => {
  const rank = SEVERITIES.indexOf(text.toUpperCase());
  if (rank === -1) throw new FilterError(`unknown severity ${text}`);
  return rank;
};

const number: Order = (text) => {
  if (!/^-?\d+(\.\d+)?$/.test(text)) throw new FilterError(`${text} is not a number`);
  return Number(text);
};

const numberOrText: Order = (text) => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text.toLowerCase());

const seconds: Order = (text) => {
  const match = /^(\d+(?:\.\d+)?)s$/.exec(text);
  if (match === null) throw new FilterError(`${text} is not a duration such as "1.5s"`);
  return Number(match[1]);
};

/** RFC 3339 to text of one length, so that order is time order. */
const nanoseconds: Order = (text) => {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(text);
  if (match === null) throw new FilterError(`${text} is not a UTC timestamp`);
  return `${match[1] ?? ""}.${(match[2] ?? "").padEnd(9, "0")}Z`;
};

function within(value: unknown, path: readonly string[]): string | undefined {
  let inner: unknown = value;
  for (const part of path) {
    if (inner === null || typeof inner !== "object") return undefined;
    inner = (inner as Record<string, unknown>)[part];
  }
  if (inner === undefined || inner === null) return undefined;
  return typeof inner === "string" ? inner : JSON.stringify(inner);
}

/** Kept per entry, because a filter often looks for several texts. */
const haystacks = new WeakMap<SimulatedEntry, string>();

function haystackOf(entry: SimulatedEntry): string {
  let haystack = haystacks.get(entry);
  if (haystack === undefined) {
    haystack = texts(entry).join("\n").toLowerCase();
    haystacks.set(entry, haystack);
  }
  return haystack;
}

function texts(entry: SimulatedEntry): readonly string[] {
  return [
    entry.textPayload ?? "",
    entry.jsonPayload === undefined ? "" : JSON.stringify(entry.jsonPayload),
    entry.httpRequest?.requestUrl ?? "",
    entry.httpRequest?.userAgent ?? "",
    entry.logName,
    entry.severity,
    ...Object.values(entry.resource.labels),
    ...Object.values(entry.labels ?? {}),
  ];
}

function hintOf(required: readonly FilterNode[]): EntryHint {
  const equal = (path: string): string | undefined => comparedWith(required, "=", path);
  const labels = required.flatMap((node) =>
    node.kind === "compare" && node.operator === "=" && node.path[0] === "resource" && node.path[1] === "labels"
      ? [[node.path[2] ?? "", node.value] as const]
      : [],
  );
  const resourceType = equal("resource.type");
  const logName = equal("logName");
  const logNames = alternatives(required, "logName");
  const minStatus = comparedWith(required, ">=", "httpRequest.status");
  return {
    resourceLabels: Object.fromEntries(labels),
    ...(resourceType === undefined ? {} : { resourceType }),
    ...(logName === undefined ? {} : { logName }),
    ...(logNames === undefined ? {} : { logNames }),
    ...(minStatus === undefined ? {} : { minStatus: Number(minStatus) }),
    ...contentHint(required),
  };
}

function comparedWith(required: readonly FilterNode[], operator: Operator, path: string): string | undefined {
  return required
    .flatMap((node) => (node.kind === "compare" && node.operator === operator ? [node] : []))
    .find((node) => node.path.join(".") === path)?.value;
}

function contentHint(required: readonly FilterNode[]): ContentHint {
  const minSeverity = comparedWith(required, ">=", "severity");
  return {
    ...(minSeverity === undefined ? {} : { minSeverity: minSeverity.toUpperCase() }),
    ...textsOf(required),
    ...oneOfIn(required),
  };
}

/** The words of a required search, or of a required group of searches; a short one may stand in any id. */
function textsOf(required: readonly FilterNode[]): Pick<ContentHint, "texts"> {
  for (const node of required) {
    const searches = searchesIn(node.kind === "or" ? node.terms : [node]);
    const isWhole = node.kind === "or" ? searches.length === node.terms.length : searches.length === 1;
    if (isWhole) return { texts: searches };
  }
  return {};
}

function searchesIn(nodes: readonly FilterNode[]): readonly string[] {
  return nodes.flatMap((node) => (node.kind === "text" ? [node.value.toLowerCase()] : []));
}

/** A required group of searches and of other terms: what each of those requires, and the searches as one. */
function oneOfIn(required: readonly FilterNode[]): Pick<ContentHint, "oneOf"> {
  for (const node of required) {
    const texts = node.kind === "or" ? searchesIn(node.terms) : [];
    if (node.kind !== "or" || texts.length === 0 || texts.length === node.terms.length) continue;
    const others = node.terms.filter(({ kind }) => kind !== "text");
    return { oneOf: [...others.map((term) => contentHint(requiredBy(term))), { texts }] };
  }
  return {};
}

/** The values that a required group leaves, such as `(logName="a" OR logName="b")` or `((logName="a" AND …) OR (…))`. */
function alternatives(required: readonly FilterNode[], field: string): readonly string[] | undefined {
  for (const node of required) {
    if (node.kind !== "or") continue;
    const values = node.terms.map((term) => {
      const value = comparedWith(requiredBy(term), "=", field);
      return value === undefined ? alternatives(requiredBy(term), field) : [value];
    });
    if (values.every((value) => value !== undefined)) return [...new Set(values.flat())];
  }
  return undefined;
}

function boundsOf(required: readonly FilterNode[]): { since: Instant | undefined; until: Instant | undefined } {
  const bounds = (...operators: readonly Operator[]): readonly Instant[] =>
    required.flatMap((node) =>
      node.kind === "compare" && node.path.join(".") === "timestamp" && operators.includes(node.operator)
        ? [instant(node.value)]
        : [],
    );
  const since = bounds(">", ">=").toSorted().at(-1);
  // A millisecond more, so that `<=` and finer fractions stay inside.
  const until = bounds("<", "<=").toSorted().at(0);
  return { since, until: until === undefined ? undefined : instant(Date.parse(until) + 1) };
}
