/** What a stored message to a run must look like, whatever keeps it. */
import { z } from "zod";

export const messageSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("answer"),
    question: z.string().exactOptional(),
    answer: z.string(),
    by: z.string(),
  }),
  z.strictObject({ kind: z.enum(["pause", "abort", "resume"]), by: z.string() }),
  z.strictObject({
    kind: z.literal("rollback"),
    services: z.array(z.string()).exactOptional(),
    by: z.string(),
    because: z.string(),
  }),
]);
