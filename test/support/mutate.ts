/** Seeded mutations of JSON and of text: the same seed gives the same, so that a finding can be had again. */

/** A number of [0, 1) at each call; mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function oneOf<T>(random: () => number, values: readonly [T, ...T[]]): T {
  return values[Math.floor(random() * values.length)] ?? values[0];
}

const ODD: readonly [unknown, ...unknown[]] = [
  null,
  true,
  0,
  -1,
  1e308,
  2 ** 53,
  "",
  "x",
  "\u0000\u202E\uD800",
  "__proto__",
  "9999-99-99T99:99:99Z",
  "x".repeat(5_000),
  [],
  {},
  [[[[[[]]]]]],
  { toString: 1, valueOf: 1, length: -1 },
];

/** One to three places replaced, removed, repeated, or given keys that pollute. */
export function mutatedJson(text: string, random: () => number): string {
  const root: { value: unknown } = { value: JSON.parse(text) };
  for (let left = 1 + Math.floor(random() * 3); left > 0; left--) mutateIn(root, "value", random, 0);
  // A literal key: an object literal would set the prototype instead.
  return (JSON.stringify(root.value) ?? "").replaceAll('"POLLUTE":', '"__proto__":');
}

function mutateIn(parent: object, key: string, random: () => number, depth: number): void {
  const holder = parent as Record<string, unknown>;
  const value = holder[key];
  const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
  const [first, ...rest] = keys;
  if (first !== undefined && typeof value === "object" && value !== null && (depth === 0 || random() < 0.75)) {
    mutateIn(value, oneOf(random, [first, ...rest]), random, depth + 1);
    return;
  }
  const act = random();
  if (act < 0.55) holder[key] = structuredClone(oneOf(random, ODD));
  else if (act < 0.75) delete holder[key];
  else if (act < 0.85) holder["POLLUTE"] = { polluted: true };
  else holder[key] = Array.from({ length: 1 + Math.floor(random() * 50) }, () => value);
}

/** A few pieces of the text removed, repeated, or replaced by `tokens` or any bytes. */
export function mutatedText(text: string, random: () => number, tokens: readonly [string, ...string[]]): string {
  let changed = text;
  for (let left = 1 + Math.floor(random() * 4); left > 0; left--) {
    const at = Math.floor(random() * changed.length);
    const length = Math.floor(random() * 40);
    const piece = changed.slice(at, at + length);
    const insert = oneOf(random, [
      "",
      piece + piece,
      oneOf(random, tokens),
      String.fromCharCode(Math.floor(random() * 65_536)),
      changed.slice(Math.floor(random() * changed.length)).slice(0, 80),
    ]);
    changed = changed.slice(0, at) + insert + changed.slice(random() < 0.3 ? at : at + length);
  }
  return changed;
}

/** How many mutations a fuzz test tries: all of them in `npm run test:fuzz`, a sample in `npm test`. */
export function fuzzCount(sample: number): number {
  return Number(process.env["RUNBOOK_FUZZ"] ?? sample);
}

/** What a polluted prototype would show. */
export function isPolluted(): boolean {
  return "polluted" in {} || Object.keys(Object.prototype).length > 0 || "polluted" in Array.prototype;
}
