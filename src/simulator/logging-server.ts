/** Cloud Logging v2 of the simulated cloud over gRPC: entries.list, as its messages. */
import type { Server } from "@grpc/grpc-js";
import { answering, serviceDefinition } from "./grpc-api.ts";
import type { Listings, ListRequest, LoggingPlace } from "./log-listings.ts";
import type { SimulatedEntry } from "./log-source.ts";

export function addLogging(server: Server, place: LoggingPlace, listings: Listings): void {
  server.addService(serviceDefinition("logging", "google.logging.v2.LoggingServiceV2", place.observe), {
    ListLogEntries: answering<ListRequest>(place, "logging", "list-entries", (request, isHeldBack) => {
      const { entries, nextPageToken } = listings.page(request, isHeldBack);
      return { entries: entries.map(wireEntry), nextPageToken };
    }),
  });
}

function wireEntry(entry: SimulatedEntry): object {
  const { timestamp, receiveTimestamp, jsonPayload, httpRequest, textPayload, ...same } = entry;
  return {
    ...same,
    timestamp: wireNanoseconds(timestamp),
    receiveTimestamp: wireNanoseconds(receiveTimestamp),
    ...(textPayload === undefined ? {} : { textPayload }),
    ...(jsonPayload === undefined ? {} : { jsonPayload: structOf(jsonPayload) }),
    ...(httpRequest === undefined ? {} : { httpRequest: { ...httpRequest, latency: durationOf(httpRequest.latency) } }),
  };
}

function wireNanoseconds(timestamp: string): { seconds: string; nanos: number } {
  const fraction = /\.(\d+)Z$/.exec(timestamp)?.[1] ?? "";
  return { seconds: String(Math.floor(Date.parse(timestamp) / 1_000)), nanos: Number(fraction.padEnd(9, "0")) };
}

function durationOf(text: string): { seconds: string; nanos: number } {
  const value = Number(text.replace("s", ""));
  const seconds = Math.floor(value);
  return { seconds: String(seconds), nanos: Math.round((value - seconds) * 1_000_000_000) };
}

/** JSON as google.protobuf.Struct. */
function structOf(value: Readonly<Record<string, unknown>>): object {
  return { fields: Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, valueOf(inner)])) };
}

function valueOf(value: unknown): object {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "number") return { numberValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (Array.isArray(value)) return { listValue: { values: value.map(valueOf) } };
  if (value === null || value === undefined) return { nullValue: "NULL_VALUE" };
  return { structValue: structOf(value as Record<string, unknown>) };
}
