/** The traffic of simulated Cloud Run services as log entries and as metrics, from one model, made only when asked for. */
import { floorToMinute, type Instant, instant, MINUTE, msOf } from "../model/time.ts";
import type { CloudRunState } from "./cloud-run-state.ts";
import type { EntryHint, LogSource, SimulatedEntry } from "./log-source.ts";
import { chanceOf } from "./chance.ts";
import {
  isAbout,
  type Line,
  type Placed,
  placedLines,
  placedRequests,
  revisionAt,
  type Slot,
  slots,
  type SlotTotal,
  slotTotals,
  type Surroundings,
  VISIBLE_AFTER_MS,
  type Window,
} from "./traffic-minute.ts";
import { appEntry, requestEntry } from "./traffic-entries.ts";
import { isMeant, type Listed, listedOf, ORDINARY_LINE } from "./traffic-listed.ts";
import { percentileOf, quantile, type Spread } from "./traffic-latency.ts";
import type { TrafficProfile } from "./traffic-profile.ts";
import type { World } from "./world.ts";

/** A profile from its moment on, and what happened in minutes that nothing can change any more. */
interface Part {
  readonly fromMs: number;
  readonly profile: TrafficProfile;
  readonly placed: Map<number, readonly Placed[]>;
  readonly totals: Map<number, readonly SlotTotal[]>;
}

interface Segment extends Part {
  readonly untilMs: number;
}

/** Requests of one minute, by revision and status. */
export interface MinuteCount {
  readonly revision: string;
  readonly status: number;
  readonly count: number;
}

/** Minutes: two days. */
const MOST_KEPT = 2_880;
const DEFAULT_LATENCY = { p50Ms: 60, p95Ms: 240 };

export class Traffic implements LogSource {
  readonly #world: World;
  readonly #cloudRun: CloudRunState;
  readonly #timelines = new Map<string, Part[]>();
  readonly #surroundings = new Map<string, Surroundings>();

  constructor(world: World, cloudRun: CloudRunState) {
    this.#world = world;
    this.#cloudRun = cloudRun;
  }

  /** The first profile of a service holds for all the past; later ones from `from` on (never before the present). */
  setProfile(key: string, profile: TrafficProfile, from: Instant = this.#world.now): void {
    const timeline = this.#timelines.get(key);
    if (timeline === undefined) {
      this.#timelines.set(key, [{ fromMs: 0, profile, placed: new Map(), totals: new Map() }]);
      return;
    }
    timeline.push({
      fromMs: Math.max(msOf(from), msOf(this.#world.now)),
      profile,
      placed: new Map(),
      totals: new Map(),
    });
    timeline.sort((a, b) => (a.fromMs < b.fromMs ? -1 : 1));
  }

  *entries(since: Instant, until: Instant, hint: EntryHint): Iterable<SimulatedEntry> {
    if (hint.resourceType !== undefined && hint.resourceType !== "cloud_run_revision") return;
    const [first, end] = [msOf(since), Math.min(msOf(until), msOf(this.#world.now))];
    // The past does not change while a listing is read, and entries() never goes beyond the present of its beginning.
    const listed = this.#cloudRun.services
      .filter((service) => this.#timelines.has(service.key) && isMeant(service, hint))
      .map((service) => listedOf(service, this.#around(service.key), hint));
    for (let minuteMs = msOf(floorToMinute(since)); minuteMs < end && listed.length > 0; minuteMs += MINUTE) {
      const window = { fromMs: Math.max(minuteMs, first), untilMs: Math.min(minuteMs + MINUTE, end) };
      const made = listed.flatMap((one) => this.#entriesOf(one, minuteMs, window));
      if (made.length > 1) made.sort((a, b) => compare(a.timestamp, b.timestamp) || compare(a.insertId, b.insertId));
      yield* made;
    }
  }

  /** What request_count says of a minute that is over. */
  counts(key: string, minuteMs: number): readonly MinuteCount[] {
    const sums = new Map<string, MinuteCount>();
    const around = this.#around(key);
    const add = (revision: string, status: number, count: number): void => {
      const name = `${revision} ${status}`;
      if (count > 0) sums.set(name, { revision, status, count: (sums.get(name)?.count ?? 0) + count });
    };
    for (const segment of this.#segments(key, minuteAt(minuteMs))) {
      for (const { revision, status } of this.#placed(segment, minuteMs, around)) add(revision, status, 1);
      for (const { revision, status, count } of this.#totals(segment, minuteMs, around)) {
        add(revision, status, count);
      }
    }
    return [...sums.values()];
  }

  /** The 95th percentile of all requests (of one revision) in the minutes from `since` until `until`; undefined without any. */
  latencyP95(key: string, sinceMs: number, untilMs: number, revision: string | undefined): number | undefined {
    const around = this.#around(key);
    const spreads = new Map<string, { spread: Spread; count: number }>();
    const exact: number[] = [];
    for (let minuteMs = sinceMs; minuteMs < untilMs; minuteMs += MINUTE) {
      for (const segment of this.#segments(key, minuteAt(minuteMs))) {
        const { profile } = segment;
        for (const request of this.#placed(segment, minuteMs, around)) {
          if (revision === undefined || request.revision === revision) exact.push(request.latencyMs);
        }
        for (const total of this.#totals(segment, minuteMs, around)) {
          if (revision !== undefined && total.revision !== revision) continue;
          if (total.latencyMs !== undefined) {
            exact.push(...Array.from({ length: total.count }, () => total.latencyMs ?? 0));
          } else {
            const spread = spreadOf(profile, total.revision, around);
            const name = `${spread.p50Ms}/${spread.p95Ms}`;
            spreads.set(name, { spread, count: (spreads.get(name)?.count ?? 0) + total.count });
          }
        }
      }
    }
    return percentileOf(0.95, [...spreads.values()], exact);
  }

  #entriesOf(listed: Listed, minuteMs: number, window: Window): readonly SimulatedEntry[] {
    return this.#segments(listed.place.service.key, window).flatMap((segment) => [
      ...(listed.requests ? this.#requests(listed, segment, minuteMs) : []),
      ...(listed.lines ? this.#application(listed, segment, minuteMs) : []),
    ]);
  }

  #requests({ place, around, onlyFailing }: Listed, segment: Segment, minuteMs: number): readonly SimulatedEntry[] {
    const { profile, fromMs, untilMs } = segment;
    const ordinary = [...slots(profile, minuteMs, { fromMs, untilMs, onlyFailing }, around)].map((slot) =>
      ordinaryRequest(profile, slot, minuteMs, around),
    );
    return [...this.#placed(segment, minuteMs, around), ...ordinary].map((request) => requestEntry(place, request));
  }

  /** A failing request also writes its rule's message; ordinary INFO lines show that the service is alive. */
  #application(listed: Listed, segment: Segment, minuteMs: number): readonly SimulatedEntry[] {
    const { place, around } = listed;
    const { profile, fromMs, untilMs } = segment;
    const failing = [
      ...this.#placed(segment, minuteMs, around),
      ...slots(profile, minuteMs, { fromMs, untilMs, onlyFailing: true }, around),
    ];
    const messages = failing.flatMap(({ id, atMs, revision, message }): Line[] =>
      message === undefined
        ? []
        : [{ id, atMs, revision, rule: { at: instant(atMs), text: message, severity: "ERROR", stream: "stderr" } }],
    );
    const info = listed.ordinaryLines ? ordinaryLines(profile, minuteMs, around) : [];
    return [...messages, ...placedLines(profile, minuteMs, around), ...info]
      .filter(({ atMs }) => atMs >= fromMs && atMs < untilMs)
      .map((line) => appEntry(place, line));
  }

  #placed({ profile, placed, fromMs, untilMs }: Segment, minuteMs: number, around: Surroundings): readonly Placed[] {
    const all = this.#once(placed, minuteMs, () => placedRequests(profile, minuteMs, around));
    return all.length === 0 ? all : all.filter(({ atMs }) => atMs >= fromMs && atMs < untilMs);
  }

  #totals(segment: Segment, minuteMs: number, around: Surroundings): readonly SlotTotal[] {
    return this.#once(segment.totals, minuteMs, () => slotTotals(segment.profile, minuteMs, segment, around));
  }

  /** Kept, because the same past is asked for in turn; a switch reaches back by the time until it is visible. */
  #once<T>(known: Map<number, T>, minuteMs: number, make: () => T): T {
    const before = known.get(minuteMs);
    if (before !== undefined) return before;
    const made = make();
    if (minuteMs + MINUTE + VISIBLE_AFTER_MS <= this.#world.nowMs) {
      if (known.size >= MOST_KEPT) known.clear();
      known.set(minuteMs, made);
    }
    return made;
  }

  #segments(key: string, window: Window): readonly Segment[] {
    const timeline = this.#timelines.get(key) ?? [];
    return timeline.flatMap((part, index) => {
      const fromMs = Math.max(part.fromMs, window.fromMs);
      const untilMs = Math.min(timeline[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY, window.untilMs);
      return fromMs < untilMs ? [{ ...part, fromMs, untilMs }] : [];
    });
  }

  /** The same until traffic moves again: a service's history only grows. */
  #around(key: string): Surroundings {
    const service = this.#cloudRun.service(key);
    const known = this.#surroundings.get(key);
    if (known?.history.length === service.history.length) return known;
    const around: Surroundings = {
      chance: chanceOf(this.#world.seed, key),
      history: service.history.map(({ at, shares }) => ({ fromMs: msOf(at), shares })),
      switchesMs: this.#cloudRun.switches(key).map(msOf),
      isNew: (revision) => (service.revisions.get(revision)?.createdAt ?? "") >= this.#cloudRun.startedAt,
    };
    this.#surroundings.set(key, around);
    return around;
  }
}

function minuteAt(fromMs: number): Window {
  return { fromMs, untilMs: fromMs + MINUTE };
}

function ordinaryRequest(profile: TrafficProfile, slot: Slot, minuteMs: number, around: Surroundings): Placed {
  const minute = minuteMs / MINUTE;
  let left = around.chance("route", minute, slot.id.index);
  const route = profile.routes.find(({ share }) => (left -= share) < 0) ?? profile.routes[0];
  const spread = spreadOf(profile, slot.revision, around);
  return {
    id: slot.id,
    atMs: slot.atMs,
    revision: slot.revision,
    method: route?.method ?? "GET",
    route: route?.path ?? "/",
    status: slot.status,
    latencyMs: slot.latencyMs ?? quantile(spread, around.chance("latency", minute, slot.id.index)),
    ...(slot.message === undefined ? {} : { message: slot.message }),
  };
}

function ordinaryLines(profile: TrafficProfile, minuteMs: number, around: Surroundings): readonly Line[] {
  const count = profile.infoPerMinute ?? 0;
  return Array.from({ length: count }, (_, index) => minuteMs + Math.floor(((index + 0.5) * MINUTE) / count)).flatMap(
    (atMs, index) => {
      const revision = revisionAt(atMs, around, index);
      const text = `${ORDINARY_LINE} (${index})`;
      return revision === undefined
        ? []
        : [
            {
              id: { family: "info", index },
              atMs,
              revision,
              rule: { at: instant(atMs), text, severity: "INFO", stream: "stdout" },
            },
          ];
    },
  );
}

function spreadOf(profile: TrafficProfile, revision: string, around: Surroundings): Spread {
  const { p50Ms, p95Ms } = profile.latency ?? DEFAULT_LATENCY;
  const factor = profile.slow?.find(({ onRevision }) => isAbout(onRevision, revision, around))?.factor ?? 1;
  return { p50Ms: p50Ms * factor, p95Ms: p95Ms * factor };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
