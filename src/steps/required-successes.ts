/** Counts successes of the new revision on the routes that a runbook demands, up to as many as are needed. Judges nothing. */
import { z } from "zod";
import type { CloudRunTarget, ServiceSwitch } from "../model/service.ts";
import {
  earliest,
  floorToMinute,
  type Instant,
  instant,
  instantSchema,
  MINUTE,
  msBetween,
  msOf,
  plusMs,
} from "../model/time.ts";
import type { LogQuery } from "../ports/logs.ts";
import type { Required } from "../verdict/required.ts";
import { minuteIndex } from "../verdict/sample.ts";
import { routeFamily } from "../verdict/route-family.ts";
import { SeenEntries } from "../verdict/seen-entries.ts";
import { baselineWindow } from "./baseline-window.ts";
import { LOG_DELAY_MS } from "./errors-before.ts";
import type { LookContext } from "./step.ts";

/** Of 1,000 entries each, for one route in one look. */
const MOST_PAGES = 5;
/** Redirects and "not modified" are answers too. */
const BELOW_ERRORS = 400;

export const requireSchema = z.strictObject({
  route: z
    .string()
    .refine((route) => isFamily(route), {
      error: 'expected a method and at most three literal segments, such as "POST /v1/messages"; ids are cut off',
    })
    .describe('Method and route family, as reports show them: "POST /v1/messages".'),
  successes: z.number().int().min(1).max(1_000).describe("So many answers below 400 after the switch, at least."),
  service: z.string().exactOptional().describe("Only of this service; default: of each service of the check."),
});
export type Demand = z.infer<typeof requireSchema>;

function isFamily(route: string): boolean {
  const [method = "", path = "", ...rest] = route.split(" ");
  return rest.length === 0 && path !== "" && routeFamily(method, path) === route;
}

const storedSchema = z.strictObject({
  v: z.literal(1),
  to: z.string(),
  /** Successes before the rollout, in the minutes that were read. */
  before: z.strictObject({ seen: z.number(), minutes: z.number() }),
  /** The minute of the switch, or of the canary's stage. */
  from: instantSchema,
  readUntil: instantSchema,
  /** Per minute since the switch. */
  after: z.array(z.tuple([z.number(), z.number()])),
});
type Stored = z.infer<typeof storedSchema>;

/** Throws PortFailure when the log cannot be read. */
export async function requiredSuccesses(
  context: LookContext<unknown>,
  service: string,
  target: CloudRunTarget,
  switched: ServiceSwitch,
  demands: readonly Demand[],
): Promise<readonly Required[]> {
  const found: Required[] = [];
  for (const demand of demands) {
    if (demand.service !== undefined && demand.service !== service) continue;
    found.push(await seenOf(context, service, target, switched, demand));
  }
  return found;
}

async function seenOf(
  context: LookContext<unknown>,
  service: string,
  target: CloudRunTarget,
  switched: ServiceSwitch,
  { route, successes }: Demand,
): Promise<Required> {
  const key = `${service}/required/${route}`;
  const from = floorToMinute(switched.at);
  const known = storedSchema.safeParse(await context.loadSample(key));
  const before =
    known.success && known.data.to === switched.to && known.data.from === from
      ? known.data
      : { ...(await begun(context, target, switched, route)), from, readUntil: from, after: [] };
  const stored = await grown(context, target, switched, route, successes, before);
  if (!known.success || stored !== known.data) await context.saveSample(key, stored);
  const end = floorToMinute(plusMs(switched.at, context.horizonMs));
  const until = earliest([stored.readUntil, end]) ?? end;
  const minutes = Math.max(0, Math.round(msBetween(from, until) / MINUTE));
  const seen = stored.after.reduce((sum, [minute, count]) => (minute < minutes ? sum + count : sum), 0);
  return { route, needed: successes, seen: Math.min(seen, successes), minutes, baseline: stored.before };
}

/** The baseline's own rate, from as many of its minutes as one page tells of. */
async function begun(
  context: LookContext<unknown>,
  target: CloudRunTarget,
  switched: ServiceSwitch,
  route: string,
): Promise<Pick<Stored, "v" | "to" | "before">> {
  const { from: since, until } = baselineWindow(context, switched);
  const page = await context.ports.logs.page(queryOf(target, route, since, until), undefined, context.signal);
  const moments = page.records.flatMap(({ request, timestamp }) => (isOn(route, request) ? [timestamp] : []));
  const last = page.records.at(-1)?.timestamp;
  const readUntil = page.nextPageToken === undefined || last === undefined ? until : instant(last);
  const minutes = Math.max(1, Math.round(msBetween(since, readUntil) / MINUTE));
  return { v: 1, to: switched.to, before: { seen: moments.length, minutes } };
}

/** Nothing more is read once there is enough. */
async function grown(
  context: LookContext<unknown>,
  target: CloudRunTarget,
  switched: ServiceSwitch,
  route: string,
  needed: number,
  stored: Stored,
): Promise<Stored> {
  const from = floorToMinute(switched.at);
  const until = floorToMinute(plusMs(context.now, -LOG_DELAY_MS));
  const already = stored.after.reduce((sum, [, count]) => sum + count, 0);
  if (until <= stored.readUntil || already >= needed) return already >= needed ? later(stored, until) : stored;
  const query = { ...queryOf(target, route, stored.readUntil, until), version: switched.to };
  const seen = new SeenEntries();
  const counts = new Map<number, number>();
  let token: string | undefined;
  let total = already;
  for (let page = 0; page < MOST_PAGES; page++) {
    const answer = await context.ports.logs.page(query, token, context.signal);
    for (const { request, timestamp, logName, insertId } of answer.records) {
      if (!isOn(route, request) || !seen.isNew(logName, timestamp, insertId)) continue;
      const minute = minuteIndex(Date.parse(timestamp), msOf(from));
      counts.set(minute, (counts.get(minute) ?? 0) + 1);
      total += 1;
    }
    token = answer.nextPageToken;
    if (token === undefined || token === "" || total >= needed) return merged(stored, counts, until);
    const last = answer.records.at(-1);
    if (page === MOST_PAGES - 1 && last !== undefined) {
      // The rest waits for the next look; half a minute is not counted twice.
      const readUntil = floorToMinute(instant(last.timestamp));
      counts.delete(minuteIndex(msOf(readUntil), msOf(from)));
      return merged(stored, counts, readUntil);
    }
  }
  return stored;
}

function later(stored: Stored, until: Instant): Stored {
  return until <= stored.readUntil ? stored : { ...stored, readUntil: until };
}

function merged(stored: Stored, counts: ReadonlyMap<number, number>, readUntil: Instant): Stored {
  return { ...stored, readUntil, after: [...stored.after, ...[...counts].sort(([a], [b]) => a - b)] };
}

function queryOf(target: CloudRunTarget, route: string, since: Instant, until: Instant): LogQuery {
  const [method = "", path = ""] = route.split(" ");
  return { target, log: "requests", since, until, belowStatus: BELOW_ERRORS, onRoute: { method, path } };
}

function isOn(
  route: string,
  request: { readonly method: string; readonly url: string; readonly status: number } | undefined,
): boolean {
  return request !== undefined && request.status < BELOW_ERRORS && routeFamily(request.method, request.url) === route;
}
