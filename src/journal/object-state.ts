/** The state in a bucket, for any number of machines: opens it and hands out its parts. */
import type { Objects } from "../ports/objects.ts";
import { ObjectEvidence } from "./object-evidence.ts";
import { ObjectInbox } from "./object-inbox.ts";
import { ObjectJournal } from "./object-journal.ts";
import { ObjectLocks } from "./object-locks.ts";
import { ObjectStore, type ObjectStoreOptions } from "./object-store.ts";
import type { State } from "./state.ts";

/**
 * Every write is conditional on what is there, so nothing is decided twice. Throws JournalError: `newer-schema`,
 * `corrupt`, `unwritable` (missing rights, no such bucket), `busy` (no answer, several times).
 *
 * | key | is |
 * |---|---|
 * | `format.json` | the format of all this |
 * | `log/RUN/00000001.json` … | the run's log: written once each (object-log.ts) |
 * | `runs/TIME~RUN.json`, `finished/TIME~RUN.json` | for listing runs (object-summaries.ts) |
 * | `inbox/RUN/00000001.json`, `….taken` | words to the run |
 * | `evidence/DIGEST.json` | written once each |
 * | `samples/RUN/DIGEST.json` | the last one wins |
 * | `locks.json` | locks, holds and fences of all services |
 */
export async function openObjectState(objects: Objects, options: ObjectStoreOptions): Promise<State> {
  const store = new ObjectStore(objects, options);
  await store.open();
  return {
    journal: new ObjectJournal(store),
    inbox: new ObjectInbox(store),
    evidence: new ObjectEvidence(store),
    locks: new ObjectLocks(store),
    location: store.location,
    async close() {
      // Each request is its own; nothing is held open.
    },
  };
}
