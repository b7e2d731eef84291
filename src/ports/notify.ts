/** A message to a webhook. */
export interface Notify {
  /** Throws PortFailure. `id` lets the receiver drop a repeated message. */
  post(
    url: string,
    message: { readonly id: string; readonly text: string; readonly fields: Readonly<Record<string, string>> },
  ): Promise<void>;
}
