/** The Cloud Logging filter of a query, every value quoted so that no text can add a clause; sends nothing. */
import type { LogQuery } from "../ports/logs.ts";
import { type Clause, originOf } from "./log-origin.ts";

/**
 * `alike`: queries that differ from the first by target and version only. OR binds tighter than AND in this language, so
 * every group is in parentheses.
 */
export function logFilter(query: LogQuery, ...alike: readonly LogQuery[]): string {
  return [
    ...originClauses([query, ...alike].map(originOf)),
    `timestamp>=${quote(query.since)}`,
    `timestamp<${quote(query.until)}`,
    ...(query.minStatus === undefined ? [] : [`httpRequest.status>=${query.minStatus}`]),
    ...(query.belowStatus === undefined ? [] : [`httpRequest.status<${query.belowStatus}`]),
    ...(query.onRoute === undefined
      ? []
      : [
          `httpRequest.requestMethod=${quote(query.onRoute.method)}`,
          `httpRequest.requestUrl:${quote(query.onRoute.path)}`,
        ]),
    ...contentClauses(query),
  ].join(" AND ");
}

function contentClauses({ minSeverity, containsAny = [], orContainsAny = [] }: LogQuery): readonly string[] {
  const clauses = [
    ...(minSeverity === undefined ? [] : [`severity>=${minSeverity}`]),
    ...(containsAny.length === 0 ? [] : [`(${containsAny.map(quote).join(" OR ")})`]),
  ];
  if (clauses.length === 0 || orContainsAny.length === 0) return clauses;
  return [`(${[`(${clauses.join(" AND ")})`, ...orContainsAny.map(quote)].join(" OR ")})`];
}

/** What all have in common stands once, before what tells them apart. */
function originClauses(origins: readonly (readonly Clause[])[]): readonly string[] {
  const [first = [], ...others] = origins.map((clauses) => clauses.map(clauseText));
  const common = first.filter((text) => others.every((texts) => texts.includes(text)));
  if (others.length === 0) return common;
  const own = [first, ...others].map((texts) => texts.filter((text) => !common.includes(text)).join(" AND "));
  return [...common, `(${own.map((text) => `(${text})`).join(" OR ")})`];
}

function clauseText(clause: Clause): string {
  if ("startsWith" in clause) return `${clause.field}=~${quote(`^${escapeRe2(clause.startsWith)}`)}`;
  const texts = clause.isOneOf.map((value) => `${clause.field}=${quote(value)}`);
  return texts.length === 1 ? (texts[0] ?? "") : `(${texts.join(" OR ")})`;
}

/** A string literal of the filter language. */
export function quote(text: string): string {
  const escaped = text
    .toWellFormed()
    // oxlint-disable-next-line no-control-regex -- control characters have no place in a filter
    .replaceAll(/[\\"\u0000-\u001f\u007f]/g, (unit) =>
      unit === '"' || unit === "\\" ? `\\${unit}` : `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
  return `"${escaped}"`;
}

function escapeRe2(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`);
}
