/** The bare REST API of a control plane for tests that play kubelets, people and autoscalers: JSON in, JSON out, no client library. */
import { Agent, request } from "node:https";
import type { ControlPlane } from "./control-plane.ts";

export class ApiError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export class ApiClient {
  readonly #plane: Pick<ControlPlane, "url" | "token" | "ca">;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(plane: Pick<ControlPlane, "url" | "token" | "ca">) {
    this.#plane = plane;
  }

  get<T>(path: string): Promise<T> {
    return this.#call("GET", path);
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.#call("POST", path, body);
  }

  /** A merge patch (RFC 7386). */
  patch<T>(path: string, body: unknown): Promise<T> {
    return this.#call("PATCH", path, body, "application/merge-patch+json");
  }

  delete<T>(path: string): Promise<T> {
    return this.#call("DELETE", path);
  }

  close(): void {
    this.#agent.destroy();
  }

  #call<T>(method: string, path: string, body?: unknown, type = "application/json"): Promise<T> {
    const { url, token, ca } = this.#plane;
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, accept: "application/json", "content-type": type };
      const call = request(`${url}${path}`, { method, ca, agent: this.#agent, headers, timeout: 15_000 });
      call.on("timeout", () => call.destroy(new Error(`${method} ${path}: no answer`)));
      call.on("error", reject);
      call.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const answer = JSON.parse(Buffer.concat(chunks).toString("utf8")) as T & { message?: string };
          const code = response.statusCode ?? 0;
          if (code < 300) resolve(answer);
          else reject(new ApiError(code, `${method} ${path}: ${code} ${answer.message ?? ""}`));
        });
      });
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
