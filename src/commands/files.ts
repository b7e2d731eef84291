/** The commands about runbook files alone: validate, list, plan. Offline; they open neither state nor clouds. */
import { relative } from "node:path";
import { planText } from "../planning/show-plan.ts";
import { planOf } from "./deploy.ts";
import { EXIT } from "./exit-code.ts";
import { findRunbook, InvalidRunbook, loadFile, runbookDirectory, runbookFiles } from "./find-runbook.ts";
import { type Io, print, printJson, printFailure } from "./io.ts";
import { resolve } from "node:path";

export async function validate(
  options: { files: readonly string[]; json?: boolean | undefined },
  io: Io,
): Promise<number> {
  const files = options.files.length > 0 ? options.files.map((file) => resolve(io.cwd, file)) : await runbookFiles(io);
  if (files.length === 0) {
    printFailure(
      io,
      `There are no runbooks in ${relative(io.cwd, runbookDirectory(io)) || "."}.\nNothing was touched.\nName files, or set RUNBOOK_DIR.`,
    );
    return EXIT.usage;
  }
  const checked = await Promise.all(files.map((file) => problemsOf(file, io)));
  if (options.json === true) printJson(io, checked);
  else
    for (const { file, problems, text } of checked)
      print(io, problems.length === 0 ? `${file}: valid` : (text ?? file));
  return checked.some(({ problems }) => problems.length > 0) ? EXIT.usage : EXIT.ok;
}

async function problemsOf(path: string, io: Io): Promise<{ file: string; problems: readonly object[]; text?: string }> {
  const file = relative(io.cwd, path) || path;
  try {
    await loadFile(path, io);
    return { file, problems: [] };
  } catch (error) {
    if (error instanceof InvalidRunbook) return { file, problems: error.problems, text: error.message };
    throw error;
  }
}

export async function list(io: Io): Promise<number> {
  const files = await runbookFiles(io);
  if (files.length === 0) {
    print(
      io,
      `There are no runbooks in ${relative(io.cwd, runbookDirectory(io)) || "."}; RUNBOOK_DIR names another directory.`,
    );
    return EXIT.ok;
  }
  for (const path of files) {
    try {
      const { runbook } = await loadFile(path, io);
      print(io, `${runbook.name}  ${runbook.description ?? ""}`);
    } catch (error) {
      if (!(error instanceof InvalidRunbook)) throw error;
      print(io, `${relative(io.cwd, path)}  invalid: \`runbook validate\` tells why`);
    }
  }
  return EXIT.ok;
}

export async function plan(
  options: { name: string; pr?: number | undefined; input?: readonly string[] | undefined; json?: boolean | undefined },
  io: Io,
): Promise<number> {
  const planned = planOf(await findRunbook(options.name, io), options, io);
  if (options.json === true) printJson(io, planned);
  else print(io, planText(planned, io.columns), planned.runbook.report.redact);
  return EXIT.ok;
}
