/** `--import` this: every module that the process resolves is listed, one URL a line, in the file RECORD_MODULES. */
import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";

const file = process.env["RECORD_MODULES"];

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    if (file !== undefined) appendFileSync(file, `${resolved.url}\n`);
    return resolved;
  },
});
