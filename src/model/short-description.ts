/** What GitHub takes as the description of a status. Pure. */
const MAX_DESCRIPTION = 140;

/** Cut on code points, never within one. */
export function shortDescription(text: string): string {
  const points = Array.from(text);
  return points.length <= MAX_DESCRIPTION ? text : `${points.slice(0, MAX_DESCRIPTION - 1).join("")}…`;
}
