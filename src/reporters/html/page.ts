/** The shell of a page: one file that asks the network for nothing and runs no script. It knows nothing of runs. */
import { createHash } from "node:crypto";
import { type Html, markup, trusted } from "./template.ts";
import { STYLE } from "./style.ts";

const styleHash = createHash("sha256").update(STYLE).digest("base64");

/** What the page itself may do: its own style sheet and its own icon, and nothing else. */
export const CONTENT_POLICY = `default-src 'none'; style-src 'sha256-${styleHash}'; img-src data:; base-uri 'none'; form-action 'none'`;

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4' fill='%232b50c8'/%3E%3Cpath d='M4 8.5 7 11.5 12 5' fill='none' stroke='%23fff' stroke-width='2'/%3E%3C/svg%3E";

/** Ends with a newline. */
export function page(title: string, body: Html): string {
  return markup`${trusted("<!doctype html>")}
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${trusted(CONTENT_POLICY)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <link rel="icon" href="${trusted(ICON)}" />
        ${trusted(`<style>${STYLE}</style>`)}
      </head>
      <body>
        ${body}
      </body>
    </html>`.source.concat("\n");
}
