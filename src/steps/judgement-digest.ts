/** The digest of a whole judgement: stored beside the evidence, so that a recomputation is held against it bit for bit. */
import { canonicalJson, digestOf } from "../model/json.ts";
import type { ErrorsVerdict } from "../verdict/required.ts";

export function digestOfVerdict({ verdict, because, judgement, required }: ErrorsVerdict): string {
  return digestOf(canonicalJson({ verdict, because, judgement, required }));
}
