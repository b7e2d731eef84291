/** Counts that grow from look to look, as they were kept: only those of the same rollout count on. Counts nothing. */
import type { z } from "zod";
import type { Instant } from "../model/time.ts";
import { MAX_PAGES } from "./read-entries.ts";
import type { LookContext } from "./step.ts";

/** Undefined: there are none, or they are of another version or another beginning. */
export async function countsSoFar<T extends { readonly to: string; readonly from: Instant }>(
  context: LookContext<unknown>,
  key: string,
  schema: z.ZodType<T>,
  { to, from }: { readonly to: string; readonly from: Instant },
): Promise<T | undefined> {
  const known = schema.safeParse(await context.loadSample(key));
  return known.success && known.data.to === to && known.data.from === from ? known.data : undefined;
}

export function gapsOf(isCut: boolean, readUntil: Instant): readonly string[] {
  return isCut ? [`more than ${MAX_PAGES} pages of entries in one look: read until ${readUntil}`] : [];
}
