/** One bounded http request, for probes. */
export interface ProbeRequest {
  readonly method: "GET" | "HEAD" | "POST";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export interface ProbeResponse {
  readonly status: number;
  readonly latencyMs: number;
  /** At most 64 KiB. Hostile text. */
  readonly body: string;
}

export interface Http {
  /** Throws PortFailure (timeout, unavailable) when there is no answer; any status is an answer. */
  probe(request: ProbeRequest, signal?: AbortSignal): Promise<ProbeResponse>;
}
