/** Evidence by content and samples by key in a bucket. Never changes evidence, never reads what it means. */
import { z } from "zod";
import { canonicalJson, digestOf, type Json, jsonSchema } from "../model/json.ts";
import type { ObjectStore } from "./object-store.ts";
import type { EvidenceStore } from "./state.ts";

export class ObjectEvidence implements EvidenceStore {
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** The digest is of the canonical JSON, so equal content has one name and one object. */
  async put(content: Json): Promise<string> {
    const digest = digestOf(canonicalJson(content));
    await this.#store.create(`evidence/${digest}.json`, { v: 1, content });
    return digest;
  }

  async get(digest: string): Promise<Json | undefined> {
    const found = await this.#store.read(`evidence/${digest}.json`, contentSchema);
    if (found === undefined) return undefined;
    const { content } = found.value;
    if (digestOf(canonicalJson(content)) === digest) return content;
    throw this.#store.corrupt(`The evidence ${digest}`, "it does not match its name");
  }

  async remove(digest: string): Promise<void> {
    await this.#store.remove(`evidence/${digest}.json`);
  }

  async saveSample(run: string, key: string, sample: Json): Promise<void> {
    await this.#store.overwrite(sampleKey(run, key), { v: 1, content: sample });
  }

  async loadSample(run: string, key: string): Promise<Json | undefined> {
    return (await this.#store.read(sampleKey(run, key), contentSchema))?.value.content;
  }
}

/** A sample's key is any text; a digest of it is a name that every store takes. */
function sampleKey(run: string, key: string): string {
  return `samples/${encodeURIComponent(run)}/${digestOf(key)}.json`;
}

const contentSchema = z.strictObject({ v: z.literal(1), content: jsonSchema });
