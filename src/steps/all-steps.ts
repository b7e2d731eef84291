/** Every step kind there is: the explicit list. Nothing registers itself, and nothing here imports a cloud's client. */
import { rollback } from "./rollback.ts";
import type { StepKind } from "./step.ts";

/** In the order in which they are listed to people. A kind reads only arguments that its own schema has let through. */
export const allSteps = [rollback] as unknown as readonly StepKind<never>[];
