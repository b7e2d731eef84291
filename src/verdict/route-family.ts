/** From a request's URL to its route family: one to three literal segments, ids cut off. Knows no router. */

const MAX_SEGMENTS = 3;
const MAX_LITERAL = 40;
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** "GET /v1/conversations" for GET https://host/v1/conversations/8c1f…?x=1. Unknown methods are one: "OTHER". */
export function routeFamily(method: string, url: string): string {
  const verb = method.toUpperCase();
  return `${METHODS.has(verb) ? verb : "OTHER"} ${pathFamily(url)}`;
}

/** The path's first literal segments, at most three, up to the first id: "/v1/conversations"; "/*" when it begins with an id. */
export function pathFamily(url: string): string {
  const literals: string[] = [];
  const segments = pathOf(url).split("/").filter(Boolean);
  for (const segment of segments) {
    if (literals.length === MAX_SEGMENTS || isId(segment)) break;
    literals.push(segment);
  }
  if (literals.length === 0) return segments.length === 0 ? "/" : "/*";
  return `/${literals.join("/")}`;
}

/** Without scheme, host, query and fragment. */
function pathOf(url: string): string {
  const path = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "");
  const end = path.search(/[?#]/);
  return end === -1 ? path : path.slice(0, end);
}

/**
 * Whether a path segment names one thing among many: a number, a UUID, a hash, a token, a date, a slug.
 * Versions and ordinary names ("v1", "oauth2", "x86_64", "getUserById") are literal.
 */
export function isId(segment: string): boolean {
  if (segment.length > MAX_LITERAL || !/^[A-Za-z0-9._~-]+$/.test(segment)) return true;
  if (/^\d/.test(segment)) return !/^\d[a-z]{1,2}$/.test(segment);
  if (/\d{4}/.test(segment)) return true;
  const digits = segment.replace(/\D/g, "").length;
  if (segment.length >= 8 && digits > 0 && /^[0-9a-f-]+$/i.test(segment)) return true;
  if (segment.length >= 16 && digits >= 2) return true;
  if (segment.length >= 8 && digits >= 3 && alternations(segment) >= 3) return true;
  if ((segment.match(/-/g) ?? []).length >= 4) return true;
  const capitals = segment.replace(/[^A-Z]/g, "").length;
  return segment.length >= 16 && capitals < segment.length && capitals * 3 >= segment.length;
}

/** How often a letter follows a digit or the other way round. */
function alternations(segment: string): number {
  return (segment.match(/[a-z](?=\d)|\d(?=[a-z])/gi) ?? []).length;
}
