/** A Cloud Logging LogEntry in JSON, as exported, as the record that is counted. Believes nothing about its input. */
import type { SampledRecord } from "./sample.ts";

export interface ExportedRecord extends SampledRecord {
  readonly atMs: number;
  /** Cloud Run service, container, or load balancer backend; "" where the entry names none. */
  readonly service: string;
  /** Severity ERROR or above. */
  readonly isSevere: boolean;
}

const SEVERE = new Set(["ERROR", "CRITICAL", "ALERT", "EMERGENCY"]);
type Fields = Readonly<Record<string, unknown>>;

/** Turns entries into records; remembers the last minute, because entries come mostly in order. */
export class EntryDecoder {
  #minute = "";
  #minuteMs = 0;

  /** Undefined for what is no log entry: not an object, or without a moment. */
  decode(raw: unknown): ExportedRecord | undefined {
    if (!isFields(raw)) return undefined;
    const timestamp = raw["timestamp"] ?? raw["receiveTimestamp"];
    if (typeof timestamp !== "string") return undefined;
    const atMs = this.#msOf(timestamp);
    if (Number.isNaN(atMs)) return undefined;
    const resource = fieldsOf(raw["resource"]);
    const labels = fieldsOf(resource["labels"]);
    const logName = textOf(raw["logName"]);
    const request = requestOf(raw["httpRequest"], logName);
    const version = textOf(labels["revision_name"]) || textOf(fieldsOf(raw["labels"])["k8s-pod/pod-template-hash"]);
    const severity = raw["severity"];
    const text = request === undefined ? messageOf(raw) : undefined;
    return {
      atMs,
      service: textOf(labels["service_name"] ?? labels["container_name"] ?? labels["backend_service_name"]),
      isSevere: typeof severity === "string" ? SEVERE.has(severity) : typeof severity === "number" && severity >= 500,
      logName,
      insertId: textOf(raw["insertId"]),
      timestamp,
      severity: typeof severity === "string" ? severity : "DEFAULT",
      ...(version === "" ? {} : { version }),
      ...(text === undefined ? {} : { text }),
      ...(request === undefined ? {} : { request }),
    };
  }

  #msOf(timestamp: string): number {
    // "2026-04-12T04:07:12.123456789Z": anything else goes the slow way.
    if (timestamp.length < 20 || !timestamp.endsWith("Z") || timestamp.charCodeAt(16) !== 0x3a) {
      return Date.parse(timestamp);
    }
    if (this.#minute === "" || !timestamp.startsWith(this.#minute)) {
      this.#minute = timestamp.slice(0, 16);
      this.#minuteMs = Date.parse(`${this.#minute}:00Z`);
    }
    return this.#minuteMs + Math.floor(Number(timestamp.slice(17, -1)) * 1000);
  }
}

/** What containers write may carry a httpRequest too; only the request log counts requests. */
function requestOf(value: unknown, logName: string): SampledRecord["request"] {
  if (!isFields(value) || logName.endsWith("stdout") || logName.endsWith("stderr")) return undefined;
  const status = Number(value["status"]);
  if (!Number.isInteger(status) || status < 100 || status > 599) return undefined;
  const latencyMs = latencyOf(value["latency"]);
  return {
    method: textOf(value["requestMethod"]),
    url: textOf(value["requestUrl"]),
    status,
    ...(latencyMs === undefined ? {} : { latencyMs }),
  };
}

/** "0.123s" in exports; {seconds, nanos} from some clients. */
function latencyOf(value: unknown): number | undefined {
  if (typeof value === "string") {
    const seconds = Number.parseFloat(value);
    return Number.isFinite(seconds) ? seconds * 1000 : undefined;
  }
  if (!isFields(value)) return undefined;
  return Number(value["seconds"] ?? 0) * 1000 + Number(value["nanos"] ?? 0) / 1e6;
}

/** The message with its stack where it is a field of its own. */
function messageOf(raw: Fields): string | undefined {
  const text = raw["textPayload"];
  if (typeof text === "string") return text;
  const payload = raw["jsonPayload"];
  if (!isFields(payload)) return undefined;
  const message = payload["message"] ?? payload["msg"] ?? payload["error"];
  const stack = payload["stack_trace"] ?? payload["stack"] ?? payload["exception"];
  const parts = [message, stack].filter((part) => typeof part === "string");
  return parts.length === 0 ? JSON.stringify(payload).slice(0, 4000) : parts.join("\n");
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : NONE;
}

const NONE: Fields = {};

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
