/** The summary of a GitHub Actions step, on its job's page: a file that the runner names. It never fails a run. */
import { appendFile, stat } from "node:fs/promises";
import { messageOf } from "../model/error.ts";
import { type Io, printError } from "./io.ts";

/** GitHub refuses the whole summary of a step that is larger. */
const MOST_BYTES = 1_048_576;

export async function summarizeStep(markdown: string, io: Io): Promise<void> {
  const file = io.env["GITHUB_STEP_SUMMARY"];
  if (file === undefined || file === "") return;
  const text = `${markdown}\n`;
  try {
    const size = await stat(file).then(
      (found) => found.size,
      () => 0,
    );
    if (size + Buffer.byteLength(text) > MOST_BYTES) {
      printError(io, "The step's summary is full: what comes now is in the log and on the pull request only.");
      return;
    }
    await appendFile(file, text);
  } catch (error) {
    printError(io, `The step's summary could not be written: ${messageOf(error)}`);
  }
}
