/** Workflow commands of a GitHub Actions log, the only lines that its runner is meant to obey; what they hold is data to it. */
import { plainLine, plainLines } from "./escape.ts";

/** "::error title=…::…": escaped as actions/toolkit does (packages/core/src/command.ts). */
export function workflowCommand(
  name: "group" | "endgroup" | "error" | "warning",
  text = "",
  { title }: { readonly title?: string } = {},
): string {
  // What hides from a reader is taken out first: the runner shows annotations as it gets them.
  const properties = title === undefined ? "" : ` title=${property(plainLine(title, 120))}`;
  return `::${name}${properties}::${data(plainLines(text))}\n`;
}

function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
