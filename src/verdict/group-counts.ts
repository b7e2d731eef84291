/** Errors per group and minute, in bounded memory and independent of the order in which they arrive. Judges nothing. */
import { z } from "zod";
import { digestOf } from "../model/json.ts";
import type { Counts } from "./evidence.ts";

/** Where everything goes that has no place of its own. */
export const OTHER = "(other)";

/** How many groups are told apart. */
const MAX_GROUPS = 200;

const exampleSchema = z.strictObject({ key: z.string(), text: z.string() });
/** The counts as stored between looks. Minutes are indices from the window's start. */
export const groupCountsSchema = z.strictObject({
  maxGroups: z.number(),
  threshold: z.string().optional(),
  groups: z.record(
    z.string(),
    z.strictObject({ errors: z.array(z.tuple([z.number(), z.number()])), example: exampleSchema.optional() }),
  ),
});
export type StoredGroupCounts = z.infer<typeof groupCountsSchema>;

interface Group {
  readonly rank: string;
  readonly minutes: Map<number, number>;
  example?: { readonly key: string; readonly text: string };
}

/**
 * Beyond `maxGroups` the groups with the least ranks (digests of their names) are kept and the rest is counted as `OTHER`:
 * which ones are kept depends on the set of groups alone, never on their order, and two such counts can be brought to the
 * same set (`sharedThreshold`).
 */
export class GroupCounts {
  readonly #maxGroups: number;
  readonly #groups = new Map<string, Group>();
  /** Groups of this rank or above are `OTHER`. */
  #threshold: string | undefined;

  constructor(maxGroups = MAX_GROUPS) {
    this.#maxGroups = maxGroups;
  }

  static from(stored: StoredGroupCounts): GroupCounts {
    const counts = new GroupCounts(stored.maxGroups);
    counts.#threshold = stored.threshold;
    for (const [name, { errors, example }] of Object.entries(stored.groups)) {
      counts.#groups.set(name, {
        rank: rankOf(name),
        minutes: new Map(errors),
        ...(example === undefined ? {} : { example }),
      });
    }
    return counts;
  }

  get threshold(): string | undefined {
    return this.#threshold;
  }

  get names(): string[] {
    return [...this.#groups.keys()].sort();
  }

  /** `example` is made only for the earliest `key`: (timestamp, insertId), so that the order of arrival does not matter. */
  add(name: string, minute: number, count = 1, example?: { readonly key: string; text(): string }): void {
    const group = this.#groups.get(name) ?? this.#admit(name);
    group.minutes.set(minute, (group.minutes.get(minute) ?? 0) + count);
    if (example !== undefined && (group.example === undefined || example.key < group.example.key)) {
      group.example = { key: example.key, text: example.text() };
    }
  }

  /** Ascending by minute. */
  counts(name: string): Counts {
    return [...(this.#groups.get(name)?.minutes ?? [])].sort(([a], [b]) => a - b);
  }

  example(name: string): string | undefined {
    return this.#groups.get(name)?.example?.text;
  }

  /** Counts groups of this rank or above as `OTHER`, as another GroupCounts does. */
  limitTo(threshold: string | undefined): void {
    if (threshold === undefined || (this.#threshold !== undefined && this.#threshold <= threshold)) return;
    this.#threshold = threshold;
    for (const [name, { rank }] of this.#groups) if (name !== OTHER && rank >= threshold) this.#giveUp(name);
  }

  /** Adds everything that the other one counted. */
  addAll(other: GroupCounts): void {
    this.limitTo(other.#threshold);
    for (const [name, { minutes, example }] of other.#groups) {
      for (const [minute, count] of minutes) {
        this.add(name, minute, count, example && { key: example.key, text: () => example.text });
      }
    }
  }

  toJSON(): StoredGroupCounts {
    return {
      maxGroups: this.#maxGroups,
      ...(this.#threshold === undefined ? {} : { threshold: this.#threshold }),
      groups: Object.fromEntries(
        this.names.map((name) => {
          const example = this.#groups.get(name)?.example;
          return [name, { errors: this.counts(name), ...(example === undefined ? {} : { example }) }];
        }),
      ),
    };
  }

  #admit(name: string): Group {
    const rank = rankOf(name);
    if (name !== OTHER && this.#threshold !== undefined && rank >= this.#threshold) return this.#group(OTHER, "");
    const group = this.#group(name, rank);
    const others = this.#groups.has(OTHER) ? 1 : 0;
    if (this.#groups.size - others > this.#maxGroups) {
      const last = [...this.#groups].reduce((most, entry) => (entry[1].rank > most[1].rank ? entry : most));
      this.#threshold = last[1].rank;
      this.#giveUp(last[0]);
      if (last[0] === name) return this.#group(OTHER, "");
    }
    return group;
  }

  #group(name: string, rank: string): Group {
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    const group: Group = { rank, minutes: new Map() };
    this.#groups.set(name, group);
    return group;
  }

  #giveUp(name: string): void {
    const group = this.#groups.get(name);
    this.#groups.delete(name);
    if (group === undefined) return;
    const other = this.#group(OTHER, "");
    for (const [minute, count] of group.minutes) other.minutes.set(minute, (other.minutes.get(minute) ?? 0) + count);
    if (group.example !== undefined && (other.example === undefined || group.example.key < other.example.key)) {
      other.example = group.example;
    }
  }
}

/** Brings two counts to the same set of groups, so that they can be compared. */
export function alignGroups(a: GroupCounts, b: GroupCounts): void {
  a.limitTo(b.threshold);
  b.limitTo(a.threshold);
}

function rankOf(name: string): string {
  return name === OTHER ? "" : digestOf(name).slice(0, 16);
}
