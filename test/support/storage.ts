/** A simulated bucket over a real socket, for one test. */
import { onTestFinished } from "vitest";
import { createObjects } from "../../src/adapters/objects.ts";
import { openObjectState } from "../../src/journal/object-state.ts";
import type { State } from "../../src/journal/state.ts";
import type { Objects } from "../../src/ports/objects.ts";
import { type Fault, Faults } from "../../src/simulator/faults.ts";
import { startStorageServer } from "../../src/simulator/storage-server.ts";
import { World } from "../../src/simulator/world.ts";
import { instant } from "../../src/model/time.ts";
import { StorageState } from "../../src/simulator/storage-state.ts";

export interface TestBucket {
  readonly store: StorageState;
  readonly endpoint: string;
  /** Pauses that were asked for between tries, in milliseconds. */
  readonly paused: readonly number[];
  objects(options?: { bucket?: string; timeoutMs?: number }): Objects;
  open(objects?: Objects): Promise<State>;
  fail(call: "put" | "get" | "list" | "delete", fault: Partial<Omit<Fault, "api" | "call">>): void;
  /** The content of an object as text, or replaced by `text`. */
  text(key: string): string;
  replace(key: string, text: string): void;
  keys(prefix?: string): readonly string[];
}

const BUCKET = "state";
const PREFIX = "team/runbook";

export async function testBucket(): Promise<TestBucket> {
  const store = new StorageState();
  const faults = new Faults();
  const server = await startStorageServer(
    store,
    faults,
    new World({ now: instant("2026-04-12T04:00:00.000Z"), seed: 1 }),
  );
  onTestFinished(() => server.close());
  const paused: number[] = [];
  const objects = (options: { bucket?: string; timeoutMs?: number } = {}): Objects =>
    createObjects({ bucket: BUCKET, prefix: PREFIX, endpoint: server.url, ...options });
  return {
    store,
    endpoint: server.url,
    paused,
    objects,
    open: (over = objects()) =>
      openObjectState(over, {
        pause: async (ms) => {
          paused.push(ms);
        },
      }),
    fail: (call, fault) => faults.add({ api: "storage", call, kind: "status", status: 503, times: 1, ...fault }),
    text: (key) => store.read(BUCKET, `${PREFIX}/${key}`).bytes.toString(),
    replace: (key, text) => {
      const name = `${PREFIX}/${key}`;
      store.write(BUCKET, { name, bytes: Buffer.from(text), contentType: "application/json" }, undefined);
    },
    keys: (prefix = "") =>
      store
        .list(BUCKET, { prefix: `${PREFIX}/${prefix}`, startOffset: "", maxResults: 1_000, pageToken: undefined })
        .objects.map(({ name }) => name.slice(PREFIX.length + 1)),
  };
}
