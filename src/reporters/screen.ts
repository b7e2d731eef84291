/** Makes the screen of the kind that is asked for; a kind is loaded only when it is chosen. */
import type { Screen, ScreenOptions } from "./screen-model.ts";

export async function createScreen(options: ScreenOptions): Promise<Screen> {
  switch (options.kind) {
    case "json":
      return (await import("./json.ts")).createJsonScreen(options);
    case "lines":
      return (await import("./lines.ts")).createLinesScreen(options);
    case "actions":
      return (await import("./actions.ts")).createActionsScreen(options);
    case "terminal":
      return (await import("./terminal.ts")).createTerminalScreen(options);
  }
}
