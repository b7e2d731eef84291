/** The objects of simulated buckets with their generations: strongly consistent, and any bucket that is named exists. */
import { createHash } from "node:crypto";
import { Refusal } from "./control-state.ts";

export interface SimulatedObject {
  readonly name: string;
  readonly bytes: Buffer;
  readonly generation: number;
  readonly contentType: string;
}

export interface Listing {
  readonly objects: readonly SimulatedObject[];
  readonly nextPageToken?: string;
}

/** The API's largest page. */
const MOST_PER_PAGE = 1_000;

export class StorageState {
  readonly #buckets = new Map<string, Map<string, SimulatedObject>>();
  /** Like the real ones, far above what 32 bits hold. */
  #generation = 1_776_000_000_000_000;
  /** Buckets that do not exist, for tests of that. */
  readonly missing = new Set<string>();

  read(bucket: string, name: string): SimulatedObject {
    const found = this.#bucket(bucket).get(name);
    if (found === undefined) throw new Refusal(404, `No such object: ${bucket}/${name}`);
    return found;
  }

  /** `ifGeneration` 0: only where there is nothing. */
  write(
    bucket: string,
    object: { name: string; bytes: Buffer; contentType: string; md5Hash?: string | undefined },
    ifGeneration: number | undefined,
  ): SimulatedObject {
    const { name, bytes, contentType, md5Hash } = object;
    if (name === "" || name.length > 1_024) throw new Refusal(400, `Invalid object name: ${name.slice(0, 40)}`);
    const objects = this.#bucket(bucket);
    requireGeneration(objects.get(name), ifGeneration);
    if (md5Hash !== undefined && createHash("md5").update(bytes).digest("base64") !== md5Hash) {
      throw new Refusal(400, "Provided MD5 hash does not match the content.");
    }
    const written = { name, bytes, contentType, generation: ++this.#generation };
    objects.set(name, written);
    return written;
  }

  delete(bucket: string, name: string, ifGeneration: number | undefined): void {
    const found = this.read(bucket, name);
    requireGeneration(found, ifGeneration);
    this.#bucket(bucket).delete(name);
  }

  /** In the order of the names' bytes, from `startOffset` on (inclusive). */
  list(
    bucket: string,
    query: { prefix: string; startOffset: string; maxResults: number; pageToken: string | undefined },
  ): Listing {
    const after = query.pageToken === undefined ? undefined : Buffer.from(query.pageToken, "base64url").toString();
    const matching = [...this.#bucket(bucket).values()]
      .filter(({ name }) => name.startsWith(query.prefix) && name >= query.startOffset)
      .filter(({ name }) => after === undefined || name > after)
      .sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
    const objects = matching.slice(0, Math.min(MOST_PER_PAGE, query.maxResults));
    const last = objects.at(-1);
    return objects.length === matching.length || last === undefined
      ? { objects }
      : { objects, nextPageToken: Buffer.from(last.name).toString("base64url") };
  }

  #bucket(name: string): Map<string, SimulatedObject> {
    if (this.missing.has(name)) throw new Refusal(404, "The specified bucket does not exist.");
    const found = this.#buckets.get(name) ?? new Map<string, SimulatedObject>();
    this.#buckets.set(name, found);
    return found;
  }
}

function requireGeneration(present: SimulatedObject | undefined, ifGeneration: number | undefined): void {
  if (ifGeneration === undefined || (present?.generation ?? 0) === ifGeneration) return;
  throw new Refusal(412, "At least one of the pre-conditions you specified did not hold.");
}
