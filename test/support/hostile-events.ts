/** A run's events in which every text that may come from outside is an attack; names stay consistent, so that it still folds. */
import type { RunEvent } from "../../src/model/event.ts";

const ATTACKS = [
  "<script>alert(1)</script>",
  '"><img src=https://evil.example/x.png onerror=alert(2)>',
  "'><svg onload=alert(3)>",
  "</style></title></textarea></svg><script src=//evil.example/x.js></script>",
  "</pre></details><iframe src=https://evil.example></iframe>",
  "<a href=javascript:alert(4)>x</a>",
  "--><object data=https://evil.example>",
  "` onfocus=alert(5) autofocus x=`",
  "\u202Egnp.exe\u2066\u200B<b>",
  "<meta http-equiv=refresh content=0;url=https://evil.example>",
];

/** Our own vocabulary: a discriminator, an enumeration, a moment, a digest, an address (addresses have a test of their own). */
const OURS =
  /^(\d{4}-\d\d-\d\dT.*Z|https:\/\/.*|[a-z]+(-[a-z]+)+|pass|warn|fail|inconclusive|unknown|completed|failing|stopped|superseded|aborted|identical|ahead|behind|diverged|yes|no|new|risen|automatic|ask|never|keep|rollback|approve|continue|stop|Deployment|plain|helm|[0-9a-f]{40,64})$/;
const KEYS_OF_OURS = new Set(["type", "uses", "platform", "kind", "at", "verdict", "outcome", "status"]);

export function hostileEvents(events: readonly RunEvent[]): readonly RunEvent[] {
  const own = new Set(events.flatMap((event) => (event.type === "run-planned" ? namesIn(event) : [])));
  return events.map((event) => poisoned(event, own) as RunEvent);
}

/** Ids that look like our own words all the same. */
function namesIn({ plan }: Extract<RunEvent, { type: "run-planned" }>): readonly string[] {
  const { runbook } = plan;
  return [runbook.name, ...Object.keys(runbook.services), ...runbook.steps.map(({ id }) => id)];
}

function poisoned(value: unknown, names: ReadonlySet<string>): unknown {
  if (typeof value === "string") return poisonedText(value, names);
  if (Array.isArray(value)) return value.map((each) => poisoned(each, names));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      names.has(key) ? poisonedText(key, names) : key,
      KEYS_OF_OURS.has(key) && typeof each === "string" ? each : poisoned(each, names),
    ]),
  );
}

function poisonedText(text: string, names: ReadonlySet<string>): string {
  const item = /^(step|restore|question):(.+)$/.exec(text);
  if (item !== null) return `${item[1]}:${poisonedText(item[2] ?? "", names)}`;
  if (/^(checkpoint|post):|^monitor$|^\d+[mh]$/.test(text)) return text;
  if (text === "" || (OURS.test(text) && !names.has(text))) return text;
  const attack = ATTACKS[Array.from(text).reduce((sum, each) => sum + (each.codePointAt(0) ?? 0), 0) % ATTACKS.length];
  return `${attack}${text}`;
}
