/** A question to a cloud that may stay without an answer, and why: what is not answered is unknown. */
import { missingCredentialIn } from "../model/credentials.ts";
import { PortFailure } from "../model/error.ts";

export type Asked<T> = { readonly answer: T } | { readonly reason: string; readonly unauthorised: boolean };

/** Throws only what is no PortFailure. */
export async function orReason<T>(read: () => Promise<T>): Promise<Asked<T>> {
  try {
    return { answer: await read() };
  } catch (error) {
    if (!(error instanceof PortFailure)) throw error;
    return { reason: missingCredentialIn(error.message) ?? error.message, unauthorised: error.kind === "unauthorised" };
  }
}
