/** One bucket's objects under a prefix, as a store of small immutable-or-compared values. */

export interface StoredObject {
  readonly bytes: Uint8Array;
  readonly generation: Generation;
}

/** Which writing of a key this is: grows with every write, never used twice. Decimal text, because it exceeds 2^53. */
export type Generation = `${bigint}`;

export interface ObjectPage {
  /** In the order of their bytes. */
  readonly keys: readonly string[];
  /** Whether there may be more after the last key: ask again with `startAfter`. */
  readonly more: boolean;
}

/**
 * Every call is one bounded request against a strongly consistent store (https://cloud.google.com/storage/docs/consistency)
 * and throws PortFailure only. A failure with `applied: "unknown"` may have been carried out.
 */
export interface Objects {
  /** For people: "gs://bucket/prefix". */
  readonly location: string;
  /** Undefined where there is no such object. A missing bucket is a failure `not-found`. */
  get(key: string): Promise<StoredObject | undefined>;
  /**
   * Returns the new generation. `ifGeneration`: written only over exactly this generation, "absent": only where there is
   * nothing; otherwise PortFailure `conflict` and nothing was written. Without it whatever is there is replaced.
   */
  put(key: string, bytes: Uint8Array, ifGeneration?: Generation | "absent"): Promise<Generation>;
  /** One page of the keys that begin with `prefix`, after `startAfter` (exclusive). */
  list(prefix: string, startAfter?: string): Promise<ObjectPage>;
  /** Deleting what is not there is no failure. With `ifGeneration`, a `conflict` when it has moved on. */
  delete(key: string, ifGeneration?: Generation): Promise<void>;
}
