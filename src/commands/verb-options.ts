/** Options that several verbs share, and how a verb hands back its exit code. */

export type Settle = (run: () => Promise<number>) => Promise<void>;

export const stateOption = {
  type: "string",
  describe:
    "where runs and locks are kept: a file, or gs://BUCKET/PREFIX (RUNBOOK_STATE; default: the user's state directory)",
} as const;
export const simulatedOption = {
  type: "boolean",
  default: false,
  describe: "the environment points at a simulated cloud (`runbook simulate`)",
} as const;
export const jsonOption = {
  type: "boolean",
  default: false,
  describe: "NDJSON on stdout, everything else on stderr",
} as const;
export const inconclusiveOption = {
  type: "number",
  default: 3,
  describe: "exit code for INCONCLUSIVE; 0 tolerates it",
} as const;
export const nameOption = {
  type: "string",
  demandOption: true,
  describe: "a runbook's name, or a path to its file",
} as const;
