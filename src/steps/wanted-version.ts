/** Whether a revision or an execution is of the commit or the image that the runbook names: pure. */
import { z } from "zod";

/** The arguments of a step that names what it expects. */
export const wantedVersionArgs = (what: string) =>
  ({
    commit: z
      .string()
      .min(7)
      .exactOptional()
      .describe(`The commit that the ${what} must be of, by its label commit-sha (at least 7 characters).`),
    image: z
      .string()
      .min(1)
      .exactOptional()
      .describe(`The image that the ${what} must run: a reference as it was deployed, or a digest (sha256:...).`),
  }) as const;

export interface WantedVersion {
  readonly commit?: string;
  readonly image?: string;
}

export type Unlike =
  | { readonly kind: "waiting"; readonly text: string }
  /** It will never be known. */
  | { readonly kind: "refused"; readonly text: string; readonly because: string };

/** `what`: "revision backend-00908-abc". Undefined: it is of that commit, or none is wanted. */
export function commitProblem(
  what: string,
  commit: string | undefined,
  { commit: wanted }: WantedVersion,
): Unlike | undefined {
  if (wanted === undefined) return undefined;
  if (commit === undefined) {
    const text = `${what} has no label commit-sha`;
    return { kind: "refused", text, because: `${text}, so it cannot be told whether it is of ${wanted}` };
  }
  if (commit.startsWith(wanted) || wanted.startsWith(commit)) return undefined;
  return { kind: "waiting", text: `the newest ${what} is of ${commit}, not of ${wanted}` };
}

/** Cloud Run tells an image as it was deployed: a digest is seen only where the deploy named one. */
export function imageProblem(
  what: string,
  images: readonly string[],
  { image: wanted }: WantedVersion,
): Unlike | undefined {
  if (wanted === undefined) return undefined;
  const digest = /(?:^|@)(sha256:[0-9a-f]{64})$/.exec(wanted)?.[1];
  const isWanted = (image: string): boolean => image === wanted || (wanted === digest && image.endsWith(`@${digest}`));
  if (images.some(isWanted)) return undefined;
  const runs = `${what} runs ${images.join(", ") || "no image that is told"}`;
  if (digest !== undefined && !images.some((image) => image.includes("@sha256:"))) {
    const because = `${runs}, deployed by tag: it cannot be told whether that is ${digest}`;
    return { kind: "refused", text: because, because: `${because} (deploy the image by its digest)` };
  }
  return { kind: "waiting", text: `the newest ${runs}, not ${wanted}` };
}
