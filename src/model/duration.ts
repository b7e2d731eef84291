/** Durations as users write them, validated: "90s", "20m", "1h30m". */
import { z } from "zod";
import { parseDuration } from "./time.ts";

/** Input: text with units; output: milliseconds. A number without a unit is refused. */
export const durationSchema = z
  .string({ error: 'expected a duration with a unit, such as "90s", "20m" or "1h30m"' })
  .regex(/^(\d+(\.\d+)?(ms|s|m|h|d))+$/, { error: 'expected a duration with a unit, such as "90s", "20m" or "1h30m"' })
  .transform((text) => parseDuration(text) ?? Number.NaN);
