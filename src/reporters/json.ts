/** Every event of a run as one line of JSON on stdout, and nothing else there: the machine's screen. */
import { jsonLine } from "../model/json.ts";
import type { Screen, ScreenOptions } from "./screen-model.ts";

export function createJsonScreen(options: Pick<ScreenOptions, "stdout">): Screen {
  return {
    begin() {},
    event(event) {
      options.stdout.write(`${jsonLine(event)}\n`);
    },
    waiting() {},
    async close() {},
    async abandon() {},
  };
}
