/** Observable Plot, drawing into a document without a browser. Loaded when a page is made, so that nobody else pays for it. */
import type * as ObservablePlot from "@observablehq/plot";
import { plainLine } from "../escape.ts";
import { type Html, markup, trusted } from "./template.ts";

export interface Plot {
  readonly marks: typeof ObservablePlot;
  /** The drawing as one image with a name; its texts are escaped by the document's own serialiser. */
  readonly draw: (
    named: { readonly label: string; readonly fontSize: number },
    options: ObservablePlot.PlotOptions,
  ) => Html;
}

export async function loadPlot(): Promise<Plot> {
  const [marks, { parseHTML }] = await Promise.all([import("@observablehq/plot"), import("linkedom")]);
  return {
    marks,
    draw: ({ label, fontSize }, options) => {
      const { document } = parseHTML("<html><body></body></html>");
      const svg = marks.plot({ ...options, document });
      // The page has one style sheet, and its policy allows no other.
      for (const style of svg.querySelectorAll("style")) style.remove();
      for (const part of svg.querySelectorAll("[aria-label]")) part.removeAttribute("aria-label");
      for (const part of svg.querySelectorAll("[style]")) part.removeAttribute("style");
      for (const name of ["class", "height", "width", "font-family"]) svg.removeAttribute(name);
      svg.setAttribute("font-size", `${fontSize}`);
      const drawn = svg.outerHTML.replace(/^<svg/, "").replaceAll(/(\d\.\d{2})\d+/g, "$1");
      return markup`<svg role="img" aria-label="${label}"${trusted(drawn)}`;
    },
  };
}

/** Text within a drawing, as visible as anywhere else on the page. */
export function visible(text: string, longest = 200): string {
  return plainLine(text, longest);
}
